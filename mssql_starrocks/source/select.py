"""The statements over one table: extraction by chunk, and the fingerprint in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.model import Chunk, ColumnPrint, Fingerprint, PlannedColumn, TableId
from mssql_starrocks.source.connect import Session
from mssql_starrocks.types.canonical import FLOAT, FLOAT_SCALE, source_digest
from mssql_starrocks.types.dialects import quote_tsql


def from_table(table: TableId) -> str:
    return f"{quote_tsql(table.schema)}.{quote_tsql(table.name)}"


def extraction(table: TableId, columns: Sequence[PlannedColumn], chunk: Chunk) -> str:
    """SELECT with one expression per planned column, named as in the lake."""
    items = ", ".join(f"{c.select} AS {quote_tsql(c.name)}" for c in columns)
    where = f" WHERE {chunk.predicate}" if chunk.predicate else ""
    return f"SELECT {items} FROM {from_table(table)}{where}"


def fingerprint(session: Session, table: TableId, columns: Sequence[PlannedColumn]) -> Fingerprint:
    """Count, null counts and digests, computed inside SQL Server in one statement."""
    items = [item for c in columns for item in _items(c)]
    row = session.rows(f"SELECT COUNT_BIG(*), {', '.join(items)} FROM {from_table(table)}")[0]
    values = iter(row)
    rows = int(next(values))
    prints = {}
    for column in columns:
        filled, *rest = [next(values) for _ in _items(column)]
        prints[column.name] = _print(rows - int(filled), rest)
    return Fingerprint(rows, prints)


def _items(column: PlannedColumn) -> list[str]:
    items = [f"COUNT_BIG({column.select})", source_digest(column.canonical)]
    if column.kind == FLOAT:
        number = f"CAST({column.select} AS float)"
        items += [f"MIN({number})", f"MAX({number})", f"SUM({number} / CAST({FLOAT_SCALE} AS float))"]
    return items


def _print(nulls: int, values: list[object]) -> ColumnPrint:
    digest, *numbers = values
    low, high, total = (None if v is None else float(str(v)) for v in numbers or (None, None, None))
    return ColumnPrint(nulls, str(int(str(digest or 0))), low, high, total)
