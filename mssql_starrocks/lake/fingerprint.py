"""The lake's fingerprint by an independent reader: DuckDB over a snapshot's rows, not the engine that wrote them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mssql_starrocks.model import ColumnPrint, Fingerprint, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, FLOAT_SCALE, TEXT, lake_digest
from mssql_starrocks.types.keys import WIDTHS

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table


@dataclass(frozen=True)
class LakePrint:
    """One snapshot, fingerprinted both ways: text as UTF-16 to compare with SQL Server, as UTF-8 with StarRocks.

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
    utf16 = _Utf16([c.name for c in columns if c.kind == TEXT])
    stream = pa.RecordBatchReader.from_batches(reader.schema, utf16.watch(reader))
    with duckdb.connect() as connection:
        connection.register("snapshot", stream)
        items = ["count(*)", _key_bytes([c for c in columns if c.key])]
        items += [item for c in columns for item in _items(c)]
        row = connection.execute(f"SELECT {', '.join(items)} FROM snapshot").fetchall()[0]
    rows, key_bytes, *values = row
    prints = dict(_prints(columns, rows, iter(values)))
    bridged = {
        name: ColumnPrint(p.nulls, digest=str(utf16.digests[name])) if name in utf16.digests else p
        for name, p in prints.items()
    }
    return LakePrint(Fingerprint(rows, bridged), Fingerprint(rows, prints), int(key_bytes or 0))


def _items(column: PlannedColumn) -> list[str]:
    name = _quote(column.name)
    if column.kind == FLOAT:
        number = f"CAST({name} AS DOUBLE)"
        return [f"count({name})", f"min({number})", f"max({number})", f"sum({number} / CAST({FLOAT_SCALE} AS DOUBLE))"]
    return [f"count({name})", lake_digest(column.kind, name)]


def _prints(columns: Sequence[PlannedColumn], rows: int, values: Iterator[Any]) -> Iterator[tuple[str, ColumnPrint]]:
    for column in columns:
        nulls = rows - next(values)
        if column.kind == FLOAT:
            yield column.name, ColumnPrint(nulls, low=next(values), high=next(values), total=next(values))
        else:
            yield column.name, ColumnPrint(nulls, digest=str(int(next(values) or 0)))


class _Utf16:
    """Digests of text columns as SQL Server hashes them, taken from batches on their way to DuckDB."""

    def __init__(self, names: Sequence[str]) -> None:
        self.digests = dict.fromkeys(names, 0)

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for name in self.digests:
                self.digests[name] += _digest(batch.column(name))
            yield batch


def _digest(values: pa.Array) -> int:
    md5 = hashlib.md5
    counts = Counter(v for v in values.to_pylist() if v is not None)
    return sum(
        int.from_bytes(md5(text.encode("utf-16-le"), usedforsecurity=False).digest()[:7], "big") * times
        for text, times in counts.items()
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
