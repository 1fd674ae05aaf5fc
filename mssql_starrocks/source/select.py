"""The extraction statement of one chunk."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.model import Chunk, PlannedColumn, TableId
from mssql_starrocks.types.dialects import quote_tsql


def from_table(table: TableId) -> str:
    return f"{quote_tsql(table.schema)}.{quote_tsql(table.name)}"


def extraction(table: TableId, columns: Sequence[PlannedColumn], chunk: Chunk) -> str:
    """SELECT with one expression per planned column, named as in the lake."""
    items = ", ".join(f"{c.select} AS {quote_tsql(c.name)}" for c in columns)
    where = f" WHERE {chunk.predicate}" if chunk.predicate else ""
    return f"SELECT {items} FROM {from_table(table)}{where}"
