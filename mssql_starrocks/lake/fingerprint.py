"""The lake's fingerprint by an independent reader: DuckDB over a snapshot's rows, not the engine that wrote them."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mssql_starrocks.model import Fingerprint, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, TEXT, lake_digest
from mssql_starrocks.types.keys import WIDTHS
from mssql_starrocks.types.prints import aggregates, read_prints

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table


@dataclass(frozen=True)
class LakePrint:
    """One snapshot, fingerprinted as SQL Server hashes it (text in UTF-16, floats by bytes), and as StarRocks.

    `key_bytes` is the longest encoded StarRocks primary key among the rows.
    """

    source: Fingerprint
    warehouse: Fingerprint
    key_bytes: int


def fingerprint(table: Table, snapshot_id: int, columns: Sequence[PlannedColumn]) -> LakePrint:
    """Read the snapshot once, in a stream."""
    import duckdb
    import pyarrow as pa

    reader = table.scan(snapshot_id=snapshot_id, selected_fields=tuple(c.name for c in columns)).to_arrow_batch_reader()
    hashed = _AsSourceHashes(columns)
    stream = pa.RecordBatchReader.from_batches(reader.schema, hashed.watch(reader))
    with duckdb.connect() as connection:
        connection.register("snapshot", stream)
        items = ["count(*)", _key_bytes([c for c in columns if c.key])]
        items += [item for c in columns for item in _items(c)]
        row = connection.execute(f"SELECT {', '.join(items)} FROM snapshot").fetchall()[0]
    rows, key_bytes, *values = row
    prints = read_prints(columns, rows, iter(values))
    bridged = {name: replace(p, digest=hashed.digest(name) or p.digest) for name, p in prints.items()}
    return LakePrint(Fingerprint(rows, bridged), Fingerprint(rows, prints), int(key_bytes or 0))


def _items(column: PlannedColumn) -> list[str]:
    name = _quote(column.name)
    return aggregates(column, name, lake_digest(column.kind, name))


class _AsSourceHashes:
    """Digests of what SQL Server hashes differently, text and floats, taken from batches on their way to DuckDB."""

    def __init__(self, columns: Sequence[PlannedColumn]) -> None:
        self._bytes = {c.name: _SOURCE_BYTES[c.kind] for c in columns if c.kind in _SOURCE_BYTES}
        self._sums = dict.fromkeys(self._bytes, 0)

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for name, to_bytes in self._bytes.items():
                self._sums[name] += _digest(batch.column(name), to_bytes)
            yield batch

    def digest(self, name: str) -> str | None:
        return str(self._sums[name]) if name in self._sums else None


_SOURCE_BYTES: dict[str, Callable[[Any], bytes]] = {
    TEXT: lambda text: bytes(text.encode("utf-16-le")),
    FLOAT: struct.Struct(">d").pack,
}


def _digest(values: pa.Array, to_bytes: Callable[[Any], bytes]) -> int:
    counts = Counter(to_bytes(v) for v in values.to_pylist() if v is not None)
    md5 = hashlib.md5
    return sum(
        int.from_bytes(md5(raw, usedforsecurity=False).digest()[:7], "big") * times for raw, times in counts.items()
    )


def _key_bytes(key: Sequence[PlannedColumn]) -> str:
    """DuckDB expression for the longest encoded key: the formula of types/keys.py on the rows themselves."""
    if not key or (len(key) == 1 and not key[0].starrocks.startswith("VARCHAR")):
        return "0"
    parts = []
    for i, column in enumerate(key):
        if column.starrocks in WIDTHS:
            parts.append(str(WIDTHS[column.starrocks]))
            continue
        text = f"hex({_quote(column.name)})" if column.kind == "binary" else f"CAST({_quote(column.name)} AS VARCHAR)"
        inner = f" + 2 + length({text}) - length(replace({text}, chr(0), ''))" if i + 1 < len(key) else ""
        parts.append(f"strlen({text}){inner}")
    return f"max({' + '.join(parts)})"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
