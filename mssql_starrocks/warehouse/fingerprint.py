"""The fingerprint of a StarRocks table, computed inside StarRocks in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.model import Fingerprint, PlannedColumn
from mssql_starrocks.types.canonical import warehouse_digest
from mssql_starrocks.types.dialects import quote_starrocks
from mssql_starrocks.types.prints import aggregates, read_prints
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name


def fingerprint(session: WarehouseSession, table: tuple[str, str], columns: Sequence[PlannedColumn]) -> Fingerprint:
    items = ["count(*)", *(item for c in columns for item in _items(c))]
    row = session.rows(f"SELECT {', '.join(items)} FROM {table_name(table)}", f"table {'.'.join(table)}")[0]
    rows = int(row[0])
    return Fingerprint(rows, read_prints(columns, rows, iter(row[1:])))


def _items(column: PlannedColumn) -> list[str]:
    name = quote_starrocks(column.name)
    return aggregates(column, name, warehouse_digest(column.kind, column.starrocks, name))
