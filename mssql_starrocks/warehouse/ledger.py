"""The ledger of loads: a small StarRocks table that says whose each target is and which snapshot it holds."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, fields, replace

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.naming import LEDGER
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.types.keys import KEY_LIMIT
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.schema import columns_of

NOTHING = 0  # snapshot id of a target that is claimed and not loaded yet


@dataclass(frozen=True)
class LedgerEntry:
    """One target; the fields are the ledger's columns.

    Attributes:
        source: database, schema and table in SQL Server.
        shadow: the table that a load is filling right now, or that a dead load left behind.
        pending_snapshot_id: what a load puts under the target's name right now. Where one died, the target holds this
            snapshot or `snapshot_id`, whole in both cases; stages/settling.py finds out which.
    """

    target: str
    source: str
    snapshot_id: int = NOTHING
    load_id: str = ""
    label: str = ""
    ddl_fingerprint: str = ""
    row_count: int = 0
    shadow: str = ""
    pending_snapshot_id: int = NOTHING


def claim(session: WarehouseSession, starrocks: StarRocksSettings, chain: Chain, shadow: str) -> LedgerEntry:
    """Say that a load of the target begins and which shadow it fills, before anything of it exists.

    Returns the entry as it was before: its shadow, if any, is a leftover.

    Raises:
        WarehouseError: the target exists and is not ours, or belongs to another source; it is left alone.
    """
    target, source = ".".join(chain.names.warehouse), source_name(chain)
    before = read(session, chain)
    if before is None and columns_of(session, chain.names.warehouse):
        raise WarehouseError(
            f"StarRocks table {target} exists and was not made by mssql_starrocks: rename or drop it, or "
            f"choose another database for {chain.table.id.schema} under targets: (mssql_starrocks.yaml, defs.yaml)."
        )
    if before is not None and before.source != source:
        raise WarehouseError(
            f"StarRocks table {target} holds {before.source}, not {source}: choose another database "
            f"for {chain.table.id.schema} under targets: in mssql_starrocks.yaml or defs.yaml."
        )
    before = before or LedgerEntry(target_key(chain), source)
    record(session, starrocks, chain, replace(before, shadow=shadow))
    return before


def record(session: WarehouseSession, starrocks: StarRocksSettings, chain: Chain, entry: LedgerEntry) -> None:
    """Write or replace the target's entry; written after the rows, so it never promises what is not there."""
    _ensure(session, starrocks, chain.names.warehouse_database)
    values = [text_starrocks(value) if isinstance(value, str) else str(value) for value in astuple(entry)]
    session.run(f"INSERT INTO {_name(chain)} ({_COLUMNS}) VALUES ({', '.join(values)})", "load ledger")


def read(session: WarehouseSession, chain: Chain) -> LedgerEntry | None:
    """The target's entry; creates nothing."""
    if not columns_of(session, (chain.names.warehouse_database, LEDGER)):
        return None
    target = text_starrocks(target_key(chain))
    rows = session.rows(f"SELECT {_COLUMNS} FROM {_name(chain)} WHERE target = {target}", "load ledger")
    return LedgerEntry(*rows[0]) if rows else None


def target_key(chain: Chain) -> str:
    """The target's database and table; with a hash at the end where StarRocks' key could not hold it whole."""
    text = ".".join(chain.names.warehouse)
    if len(text) <= KEY_LIMIT:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: KEY_LIMIT - len(mark) - 1]}_{mark}"


def source_name(chain: Chain) -> str:
    return f"{chain.database}.{chain.table.id.plain}"


_COLUMNS = ", ".join(field.name for field in fields(LedgerEntry))


def _name(chain: Chain) -> str:
    return table_name((chain.names.warehouse_database, LEDGER))


def _ensure(session: WarehouseSession, starrocks: StarRocksSettings, database: str) -> None:
    if (database,) not in session.rows("SHOW DATABASES"):  # even IF NOT EXISTS needs the privilege to create one
        session.run(f"CREATE DATABASE IF NOT EXISTS {quote_starrocks(database)}", f"database {database}")
    replicas = f' PROPERTIES ("replication_num" = "{starrocks.replication_num}")' if starrocks.replication_num else ""
    session.run(
        f"CREATE TABLE IF NOT EXISTS {table_name((database, LEDGER))} (target VARCHAR(1024) NOT NULL, "
        "source VARCHAR(1200) NOT NULL, snapshot_id BIGINT NOT NULL, load_id VARCHAR(64) NOT NULL, "
        "label VARCHAR(128) NOT NULL, ddl_fingerprint VARCHAR(64) NOT NULL, row_count BIGINT NOT NULL, "
        "shadow VARCHAR(1024) NOT NULL, pending_snapshot_id BIGINT NOT NULL) PRIMARY KEY (target) "
        f"COMMENT 'which Iceberg snapshot each table holds; written by mssql_starrocks'{replicas}",
        "load ledger",
    )
