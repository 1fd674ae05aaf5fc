"""Rows of a benchmark's table, encoded once and then sent from files, so that the stand-in is not the bottleneck.

Never automatic. After `add` the whole server refuses changes, since a recording knows no version of the data. The
recording of a result is its finished packets; its key is the compiled statement, the packet size and what stands before
it in the message, so that the bytes are those of the live path. Rows do not depend on the version of TDS.
"""

import contextlib
import hashlib
import mmap
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import encode, tokens
from mssql_starrocks.sandbox.sqlserver.errors import unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Rows
from mssql_starrocks.sandbox.sqlserver.wire import Wire

_SLICE = 8 << 20  # bytes between two looks for a cancel
# What gives the same rows whenever it runs; clocks, random numbers and variables are not among them.
_PURE = (
    exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Subquery, exp.Identifier, exp.Column, exp.Star, exp.Alias,
    exp.Where, exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between,
    exp.Is, exp.Null, exp.Literal, exp.National, exp.Neg, exp.Cast, exp.Convert, exp.Lower, exp.DataType,
    exp.DataTypeParam,
)  # fmt: skip


@dataclass(frozen=True)
class _Recording:
    file: Path
    unsent: bytes
    sequence: int
    rows: int


class Replay:
    """The recordings of one server."""

    def __init__(self) -> None:
        self._tables: set[tuple[str, str, str]] = set()
        self._recordings: dict[bytes, _Recording] = {}
        self._locks: defaultdict[bytes, threading.Lock] = defaultdict(threading.Lock)
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def add(self, database: str, table: str) -> None:
        schema, _, name = table.lower().rpartition(".")
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="mssql_starrocks_replay_")
        self._tables.add((database.lower(), schema or "dbo", name))

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def recordings(self) -> int:
        return len(self._recordings)

    def refuse_changes(self) -> None:
        if self._tables:
            raise unsupported("a change while a table is replayed")

    def key(self, node: exp.Expression, database: str, compiled: str) -> bytes:
        """Empty where the statement must run: it reads another table, or is more than columns and conditions."""
        if not self._tables or not all(isinstance(part, _PURE) for part in node.walk()):
            return b""
        tables = {(t.catalog or database, t.db or "dbo", t.name) for t in node.find_all(exp.Table)}
        known = {tuple(part.lower() for part in table) for table in tables} <= self._tables
        return compiled.encode() if tables and known else b""

    def serve(self, wire: Wire, rows: Rows) -> Generator[bytes, None, int]:
        """Send the result; the number of its rows. What is yielded is empty: a chance to cancel."""
        before, sequence = wire.place()
        metadata = tokens.column_metadata(rows.columns)
        parts = (rows.replay_key, metadata, before, b"%d %d" % (wire.packet_size, sequence))
        key = hashlib.sha1(b"\0".join(parts)).digest()
        with self._locks[key]:
            if key not in self._recordings:
                self._recordings[key] = yield from self._record(wire, rows, metadata, key.hex())
        recording = self._recordings[key]
        yield from _send(wire, recording.file)
        wire.go_on(recording.unsent, recording.sequence)
        return recording.rows

    def _record(self, wire: Wire, rows: Rows, metadata: bytes, name: str) -> Generator[bytes, None, _Recording]:
        assert self._folder is not None  # noqa: S101 - narrows the type
        path = Path(self._folder.name) / name
        kinds = [column.type for column in rows.columns]
        count = 0
        with path.open("wb") as file, contextlib.closing(_Recorder(wire, file)) as recorder:
            recorder.put(metadata)
            for batch in rows.batches:
                recorder.put(encode.rows(kinds, batch))
                count += batch.num_rows
                yield b""
            return _Recording(path, *recorder.place(), count)


class _Recorder(Wire):
    """Writes packets to a file, from the same place in the message as another wire."""

    def __init__(self, other: Wire, file: BinaryIO) -> None:
        super().__init__(other.sock)
        self.packet_size, self._file = other.packet_size, file
        self.go_on(*other.place())

    def send(self, data: bytes | memoryview) -> None:
        self._file.write(data)

    def close(self) -> None:
        """The socket is not ours."""


def _send(wire: Wire, path: Path) -> Generator[bytes, None, None]:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            return
        if wire.tls is None:
            at = 0
            while at < size:
                at += os.sendfile(wire.sock.fileno(), file.fileno(), at, min(_SLICE, size - at))
                yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
            for at in range(0, size, _SLICE):
                with view[at : at + _SLICE] as part:
                    wire.send(part)
                yield b""
