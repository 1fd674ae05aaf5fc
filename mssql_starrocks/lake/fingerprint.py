"""The lake's fingerprint: DuckDB over the snapshot's files, read again from the store."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from cachetools import LRUCache

from mssql_starrocks.lake.encoded import ENCODED, encoded
from mssql_starrocks.lake.rows import snapshot_batches
from mssql_starrocks.model import Fingerprint, Level, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, arrived_text, lake_text
from mssql_starrocks.types.hashing import DUCKDB, Hashed, HashedTable
from mssql_starrocks.types.keys import WIDTHS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyiceberg.table import Table

_ENCODED = "encoded "  # columns that hold a column's bytes as SQL Server hashes them; no name of ours has a blank


@dataclass(frozen=True)
class LakePrint:
    """One snapshot, fingerprinted as SQL Server sees it (text in UTF-16, floats by bytes), and as StarRocks must.

    `key_bytes` is the longest encoded StarRocks primary key; `unfit` counts, by column, values that do not fit.
    """

    source: Fingerprint
    warehouse: Fingerprint
    key_bytes: int
    unfit: Mapping[str, int]


_known: LRUCache[Hashable, LakePrint] = LRUCache(maxsize=64)
_lock = threading.Lock()


def fingerprint(table: Table, snapshot_id: int, columns: Sequence[PlannedColumn], level: Level) -> LakePrint:
    """Read the snapshot once, in a stream."""
    found = _read(table, snapshot_id, columns, level)
    with _lock:
        _known[_key_of(table, snapshot_id, columns, level)] = found
    return found


def known_fingerprint(table: Table, snapshot_id: int, columns: Sequence[PlannedColumn], level: Level) -> LakePrint:
    """What this process has read of the snapshot already, else `fingerprint`: files of a snapshot never change.

    For a load, whose rows StarRocks reads by itself; a check reads again.
    """
    with _lock:
        found = _known.get(_key_of(table, snapshot_id, columns, level))
    return found or fingerprint(table, snapshot_id, columns, level)


def _read(table: Table, snapshot_id: int, columns: Sequence[PlannedColumn], level: Level) -> LakePrint:
    fitting = [c for c in columns if c.fits]
    source = source_hashed(columns)
    arrived = replace(arrived_hashed(columns), beside=source)
    inner = [*source.hashes(level), *arrived.hashes(level)]
    inner += [f"NOT ({c.fits.format(c=quote(c.name))}) AS u{i}" for i, c in enumerate(fitting)]
    inner.append(f"{_key_bytes([c for c in columns if c.key])} AS k")
    one, other = source.items(level), arrived.items(level)
    outer = ["count(*)", *one, *other, "max(k)", *(f"count(*) FILTER (WHERE u{i})" for i in range(len(fitting)))]
    with snapshot_rows(table, snapshot_id, columns, level) as connection:
        row = connection.execute(
            f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM snapshot) q"
        ).fetchall()[0]
    rows, *values = row
    split, end = len(one), len(one) + len(other)
    key_bytes, *unfit = values[end:]
    return LakePrint(
        source.read(level, [rows, *values[:split]]),
        arrived.read(level, [rows, *values[split:end]]),
        int(key_bytes or 0),
        {c.name: count for c, count in zip(fitting, unfit, strict=True) if count},
    )


def _key_of(table: Table, snapshot_id: int, columns: Sequence[PlannedColumn], level: Level) -> Hashable:
    return str(table.metadata.table_uuid), snapshot_id, repr(columns), level


@contextmanager
def snapshot_rows(
    table: Table, snapshot_id: int, columns: Sequence[PlannedColumn], level: Level = Level.ROWS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in which `snapshot` is the snapshot's rows; they can be read once."""
    reader = snapshot_batches(table, snapshot_id, [c.name for c in columns])
    with _database().cursor() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("snapshot", reader if level is Level.COUNTS else _with_encoded(reader, columns))
        yield connection


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database a process, because a new one costs 15 ms; what a cursor registers is its own."""
    import duckdb

    return duckdb.connect()


def source_hashed(columns: Sequence[PlannedColumn]) -> HashedTable:
    """The columns as SQL Server hashes them."""
    return HashedTable(DUCKDB, [Hashed(c.name, quote(c.name), _source_text(c), _shown(c)) for c in columns], "s")


def arrived_hashed(columns: Sequence[PlannedColumn]) -> HashedTable:
    """The columns as StarRocks must hold and hash them."""
    found = []
    for column in columns:
        name = quote(column.name)
        shown = f"CAST({name} AS VARCHAR)" if column.arrives_kind == FLOAT else ""
        found.append(Hashed(column.name, column.arrives.format(c=name), arrived_text(column, name), shown))
    return HashedTable(DUCKDB, found, "w")


def _shown(column: PlannedColumn) -> str:
    name = quote(column.name)
    return f"CAST({name} AS VARCHAR)" if column.kind == FLOAT else lake_text(column.kind, name)


def _source_text(column: PlannedColumn) -> str:
    if column.kind in ENCODED:
        return quote(_ENCODED + column.name)
    return lake_text(column.kind, quote(column.name))


def quote(name: str) -> str:
    """A DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def _with_encoded(reader: pa.RecordBatchReader, columns: Sequence[PlannedColumn]) -> pa.RecordBatchReader:
    import pyarrow as pa

    kinds = {c.name: c.kind for c in columns if c.kind in ENCODED}

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            extra = [encoded(kind, batch.column(name)) for name, kind in kinds.items()]
            yield pa.RecordBatch.from_arrays([*batch.columns, *extra], schema=schema)

    added = [(_ENCODED + n, pa.large_binary() if k == "text" else pa.binary(8)) for n, k in kinds.items()]
    schema = pa.schema([*reader.schema, *(pa.field(n, t) for n, t in added)])
    return pa.RecordBatchReader.from_batches(schema, batches())


def _key_bytes(key: Sequence[PlannedColumn]) -> str:
    """DuckDB expression for the bytes of the encoded key: the formula of types/keys.py on the rows themselves."""
    if not key or (len(key) == 1 and not key[0].starrocks.startswith("VARCHAR")):
        return "0"
    parts = []
    for i, column in enumerate(key):
        if column.starrocks in WIDTHS:
            parts.append(str(WIDTHS[column.starrocks]))
            continue
        text = arrived_text(column, quote(column.name))
        inner = f" + 2 + length({text}) - length(replace({text}, chr(0), ''))" if i + 1 < len(key) else ""
        parts.append(f"strlen({text}){inner}")
    return " + ".join(parts)
