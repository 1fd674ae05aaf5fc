"""Remove what failed, crashed and superseded loads of a chain have left, when it is old enough."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.lake.maintenance import Keep, Removed, remove_old
from mssql_starrocks.model import CleanReport
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.stages.lake_loads import lake_table, ours
from mssql_starrocks.stages.snapshotting import Log
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse import replace as replacing
from mssql_starrocks.warehouse.connect import warehouse_session

if TYPE_CHECKING:
    from pyiceberg.table import Table


@retried
def clean(chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings, now: dt.datetime, log: Log) -> CleanReport:
    """Remove branches, tags and snapshots that nothing needs, and shadow tables that the ledger does not name.

    What StarRocks holds by its ledger stays, as do the newest `keep_loads` loads and anything that may be under way.

    Raises:
        WarehouseError, LakeError: the ledger or the lake cannot be read; nothing is removed.
    """
    if not _exists(chain, lake):
        return CleanReport(chain.table.id, (), (), 0, ())
    with lake_table(chain, lake) as table, warehouse_session(starrocks) as session:
        ours(chain, in_lake.published(table))
        shadows = replacing.shadows(session, chain)  # before the ledger, which names a shadow before it exists
        entry = ledger.read(session, chain)
        held = frozenset({entry.snapshot_id, entry.pending_snapshot_id}) if entry else frozenset()
        since = now - dt.timedelta(days=chain.keep_failed_days)
        removed = _remove(chain, table, Keep(since, chain.keep_loads, held))
        leftover = _forgotten(chain, entry, shadows)
        for name in leftover:
            replacing.drop(session, chain, name)
    log(f"{chain.table.id}: removed {len(removed.branches)} branches, {len(removed.tags)} tags, {removed.snapshots} "
        f"snapshots, {len(leftover)} shadow tables")  # fmt: skip
    return CleanReport(chain.table.id, removed.branches, removed.tags, removed.snapshots, leftover)


def _remove(chain: Chain, table: Table, keep: Keep) -> Removed:
    from pyiceberg.exceptions import CommitFailedException

    try:
        return remove_old(table, keep)
    except CommitFailedException:
        raise LakeError(f"{chain.table.id}: a load moved while the table was cleaned; clean it again.") from None


def _forgotten(chain: Chain, entry: ledger.LedgerEntry | None, shadows: tuple[str, ...]) -> tuple[str, ...]:
    """Shadows that the chain's own ledger entry does not name."""
    if entry is None or entry.source != ledger.source_name(chain):
        return ()
    return tuple(name for name in shadows if name != entry.shadow)


def _exists(chain: Chain, lake: LakeSettings) -> bool:
    with explained(lake, chain.names.lake):
        return open_catalog(lake).table_exists(chain.names.lake)
