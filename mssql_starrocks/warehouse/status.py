"""What StarRocks says of itself: its version, and how big a table is."""

from __future__ import annotations

from mssql_starrocks.types.dialects import text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession


def version(session: WarehouseSession) -> str:
    return str(session.rows("SELECT @@version_comment")[0][0])


def stored_bytes(session: WarehouseSession, table: tuple[str, str]) -> int | None:
    """The table's bytes over all replicas, as back ends last reported them; None before they did."""
    rows = session.rows(
        "SELECT DATA_LENGTH FROM information_schema.tables "
        f"WHERE TABLE_SCHEMA = {text_starrocks(table[0])} AND TABLE_NAME = {text_starrocks(table[1])}"
    )
    return int(rows[0][0] or 0) or None if rows else None
