"""The ledger of loads: a small StarRocks table that says which snapshot each target holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.schema import columns_of

TABLE = "mssql_starrocks_loads"
NOTHING = 0  # snapshot id of a target that is claimed and not loaded yet


@dataclass(frozen=True)
class LedgerEntry:
    """What one target holds."""

    target: str
    snapshot_id: int
    load_id: str
    label: str
    ddl_fingerprint: str
    rows: int


def record(session: WarehouseSession, starrocks: StarRocksSettings, database: str, entry: LedgerEntry) -> None:
    """Write or replace the target's entry; written after the rows, so it never promises what is not there."""
    _ensure(session, starrocks, database)
    values = [
        text_starrocks(entry.target),
        str(entry.snapshot_id),
        text_starrocks(entry.load_id),
        text_starrocks(entry.label),
        text_starrocks(entry.ddl_fingerprint),
        str(entry.rows),
    ]
    columns = "target, snapshot_id, load_id, label, ddl_fingerprint, row_count"
    session.run(f"INSERT INTO {table_name((database, TABLE))} ({columns}) VALUES ({', '.join(values)})", "load ledger")


def claim(session: WarehouseSession, starrocks: StarRocksSettings, chain: Chain) -> None:
    """Make the target ours before anything of it exists, so that a crash leaves no table that nobody owns.

    Raises:
        WarehouseError: a table of that name exists and is not ours; it is left alone.
    """
    database, table = chain.names.warehouse
    target = f"{database}.{table}"
    if read(session, database, target) is not None:
        return
    if columns_of(session, (database, table)):
        raise WarehouseError(
            f"StarRocks table {target} exists and was not made by mssql_starrocks: rename or drop it, "
            f"or choose another database for {chain.table.id.schema} under targets: in mssql_starrocks.yaml."
        )
    record(session, starrocks, database, LedgerEntry(target, NOTHING, "", "", "", 0))


def read(session: WarehouseSession, database: str, target: str) -> LedgerEntry | None:
    """The target's entry; creates nothing."""
    if not columns_of(session, (database, TABLE)):
        return None
    rows = session.rows(
        "SELECT target, snapshot_id, load_id, label, ddl_fingerprint, row_count "
        f"FROM {table_name((database, TABLE))} WHERE target = {text_starrocks(target)}",
        "load ledger",
    )
    return _entry(rows[0]) if rows else None


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    name, snapshot_id, load_id, label, ddl, count = row
    return LedgerEntry(name, int(snapshot_id), load_id, label, ddl, int(count))


def _ensure(session: WarehouseSession, starrocks: StarRocksSettings, database: str) -> None:
    session.run(f"CREATE DATABASE IF NOT EXISTS {quote_starrocks(database)}", f"database {database}")
    replicas = f' PROPERTIES ("replication_num" = "{starrocks.replication_num}")' if starrocks.replication_num else ""
    session.run(
        f"CREATE TABLE IF NOT EXISTS {table_name((database, TABLE))} (target VARCHAR(1024) NOT NULL, "
        "snapshot_id BIGINT NOT NULL, load_id VARCHAR(64) NOT NULL, label VARCHAR(128) NOT NULL, "
        "ddl_fingerprint VARCHAR(64) NOT NULL, row_count BIGINT NOT NULL) PRIMARY KEY (target) "
        f"COMMENT 'which Iceberg snapshot each table holds; written by mssql_starrocks'{replicas}",
        "load ledger",
    )
