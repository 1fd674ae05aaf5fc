"""The fingerprint of a StarRocks table, computed inside StarRocks in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mssql_starrocks.model import ColumnPrint, Fingerprint, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, FLOAT_SCALE, warehouse_digest
from mssql_starrocks.types.dialects import quote_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name


def fingerprint(session: WarehouseSession, table: tuple[str, str], columns: Sequence[PlannedColumn]) -> Fingerprint:
    items = ["count(*)", *(item for c in columns for item in _items(c))]
    row = session.rows(f"SELECT {', '.join(items)} FROM {table_name(table)}", f"table {'.'.join(table)}")[0]
    rows = int(row[0])
    return Fingerprint(rows, dict(_prints(columns, rows, iter(row[1:]))))


def _items(column: PlannedColumn) -> list[str]:
    name = quote_starrocks(column.name)
    if column.kind == FLOAT:
        number = f"CAST({name} AS DOUBLE)"
        return [f"count({name})", f"min({number})", f"max({number})", f"sum({number} / CAST({FLOAT_SCALE} AS DOUBLE))"]
    return [f"count({name})", warehouse_digest(column.kind, column.starrocks, name)]


def _prints(columns: Sequence[PlannedColumn], rows: int, values: Iterator[Any]) -> Iterator[tuple[str, ColumnPrint]]:
    for column in columns:
        nulls = rows - int(next(values))
        if column.kind == FLOAT:
            low, high, total = (None if v is None else float(v) for v in (next(values), next(values), next(values)))
            yield column.name, ColumnPrint(nulls, low=low, high=high, total=total)
        else:
            yield column.name, ColumnPrint(nulls, digest=str(int(next(values) or 0)))
