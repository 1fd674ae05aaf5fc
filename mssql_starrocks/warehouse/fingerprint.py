"""The fingerprint of a StarRocks table, computed inside StarRocks in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.model import Fingerprint, Level, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, warehouse_text
from mssql_starrocks.types.dialects import quote_starrocks
from mssql_starrocks.types.hashing import STARROCKS, Hashed, HashedTable
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name


def fingerprint(
    session: WarehouseSession, table: tuple[str, str], columns: Sequence[PlannedColumn], level: Level
) -> Fingerprint:
    """`columns` are those of the table that are there, perhaps none."""
    if not columns:
        return Fingerprint(int(session.rows(f"SELECT count(*) FROM {table_name(table)}")[0][0]), {})
    hashed = warehouse_hashed(columns)
    outer, inner = ", ".join([STARROCKS.count_rows, *hashed.items(level)]), ", ".join(hashed.hashes(level))
    sql = f"SELECT {outer} FROM (SELECT {inner} FROM {table_name(table)}) q"
    return hashed.read(level, session.rows(sql, f"table {'.'.join(table)}")[0])


def warehouse_hashed(columns: Sequence[PlannedColumn]) -> HashedTable:
    names = [quote_starrocks(c.name) for c in columns]
    found = [Hashed(c.name, n, warehouse_text(c, n), _shown(c, n)) for c, n in zip(columns, names, strict=True)]
    return HashedTable(STARROCKS, found)


def _shown(column: PlannedColumn, name: str) -> str:
    text = None if column.arrives_kind == FLOAT else warehouse_text(column, name)
    return text or f"CAST({name} AS VARCHAR)"
