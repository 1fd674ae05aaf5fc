"""After a load that died between its take-over and its record: which of two complete snapshots the target holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.model import Level
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import ddl_fingerprint
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks.warehouse.schema import columns_of, schema_differences

if TYPE_CHECKING:
    from pyiceberg.table import Table


def settled(chain: Chain, table: Table, session: WarehouseSession, entry: ledger.LedgerEntry) -> ledger.LedgerEntry:
    """The entry as it must be; writes nothing.

    The pending snapshot is named only when the target is equal to it and not to the one before: where the proof cannot
    tell them apart the older is kept, which costs at most one more load.
    """
    pending = in_lake.load_at(table, entry.pending_snapshot_id)
    found = columns_of(session, chain.names.warehouse) if pending else ()
    if pending is None or not found or schema_differences(chain, found):
        return entry
    level = Level.COLUMNS if pending.evidence.level is Level.COUNTS else pending.evidence.level
    held = warehouse_fingerprint(session, chain.names.warehouse, chain.columns, level)

    def is_held(snapshot_id: int) -> bool:
        if table.snapshot_by_id(snapshot_id) is None:
            return False
        expected = lake_fingerprint(table, snapshot_id, chain.columns, level).warehouse
        return all(r.passed for r in proof.reports("lake", "warehouse", expected, held, (), {}))

    if not is_held(pending.snapshot_id) or is_held(entry.snapshot_id):
        return entry
    return replace(
        entry,
        snapshot_id=pending.snapshot_id,
        load_id=pending.evidence.load_id,
        label="",
        ddl_fingerprint=ddl_fingerprint(chain),
        row_count=pending.evidence.fingerprint.rows,
        pending_snapshot_id=ledger.NOTHING,
    )
