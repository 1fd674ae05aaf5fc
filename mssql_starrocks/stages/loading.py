"""Load exactly the published snapshot into StarRocks, and prove it there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import LakeError, NotCertifiedError, WarehouseError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.fingerprint import LakePrint, known_fingerprint
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.model import CheckReport, Difference, Level, LoadReport, PlannedColumn
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.stages.choosing import loader_of
from mssql_starrocks.stages.drilling import with_warehouse_rows
from mssql_starrocks.stages.evolving import former_names
from mssql_starrocks.stages.lake_loads import lake_table, published
from mssql_starrocks.stages.settling import settled
from mssql_starrocks.stages.snapshotting import Log, SparkSource
from mssql_starrocks.transport import warehouse_exposures
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse import replace as replacing
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.ddl import create_table, ddl_fingerprint
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks.warehouse.loaders import LoadOrder
from mssql_starrocks.warehouse.schema import columns_of, schema_differences

if TYPE_CHECKING:
    from pyiceberg.table import Table

Columns = Sequence[PlannedColumn]


@retried
def load(
    chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings, log: Log, spark: SparkSource | None = None
) -> LoadReport:
    """Load exactly the published snapshot: fill a shadow table, prove it, put it under the target's name.

    `spark` is asked for a session only by the loader `spark_jdbc`.

    Raises:
        WarehouseError: StarRocks refused or the proof failed; the message says whether the target is as it was.
    """
    started = time.monotonic()
    target = ".".join(chain.names.warehouse)
    for exposure in warehouse_exposures(starrocks):
        log(f"{chain.table.id}: {exposure}")
    with lake_table(chain, lake) as table, warehouse_session(starrocks) as session:
        current = published(chain, table)
        seen = _see(chain, table, current, known_fingerprint)
        _refuse_foreign_rows(chain, current, seen.prints)
        loader = loader_of(chain, lake, starrocks, table, spark)
        label = f"mssr_{current.snapshot_id}_{secrets.token_hex(4)}"
        name = replacing.shadow_name(chain)
        before = ledger.claim(session, starrocks, chain, name)
        if before.shadow:
            replacing.drop(session, chain, before.shadow)
        shadow = replacing.make_shadow(session, chain, starrocks, name)
        entry = settled(chain, table, session, before)
        rows = loader.load(session, LoadOrder(chain, current.snapshot_id, shadow, label))
        log(f"{chain.table.id}: {rows:,} rows in {'.'.join(shadow)} by {loader.name}, proving them")
        _refuse_unproven(chain, _prove_table(chain, session, seen, shadow), "The target is as it was.")
        # from here to the record a crash leaves one of two whole snapshots: the ledger names both
        taking = replace(entry, shadow=name, pending_snapshot_id=current.snapshot_id)
        ledger.record(session, starrocks, chain, taking)
        _refuse_overtaken(chain, table, session, current, name)
        names = former_names(table, before.snapshot_id, current)
        how = replacing.take_over(session, chain, shadow, f"{label}_r", names)
        if how in replacing.COPIED:  # else the proven shadow is the target
            after = f"{target} was replaced by it: load it again, or roll back."
            _refuse_unproven(chain, _prove_table(chain, session, seen, chain.names.warehouse), after)
        load_id, ddl = current.evidence.load_id, ddl_fingerprint(chain)
        held = ledger.LedgerEntry(before.target, before.source, current.snapshot_id, load_id, label, ddl, rows)
        ledger.record(session, starrocks, chain, held)
    log(f"{chain.table.id}: {target} holds snapshot {current.snapshot_id} ({how})")
    return LoadReport(
        table=chain.table.id,
        load_id=current.evidence.load_id,
        snapshot_id=current.snapshot_id,
        target=target,
        rows=rows,
        label=label,
        how=how,
        seconds=time.monotonic() - started,
        ddl=create_table(chain, starrocks),
        loader=loader.name,
    )


@retried
def prove_warehouse(
    chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings, log: Log | None = None
) -> tuple[CheckReport, ...]:
    """Compare the StarRocks table with the snapshot that the ledger says it holds."""
    target = chain.names.warehouse
    with lake_table(chain, lake) as table, warehouse_session(starrocks) as session:
        entry = _mended(chain, table, session, starrocks)
        if entry is None or entry.snapshot_id == ledger.NOTHING:
            raise WarehouseError(f"{'.'.join(target)} was never loaded. {proof.LOAD_AGAIN}")
        held = in_lake.load_at(table, entry.snapshot_id)
        if held is None:
            raise LakeError(f"{chain.table.id}: snapshot {entry.snapshot_id} has expired; copy the table again.")
        seen = _see(chain, table, held, lake_fingerprint)
        main = published(chain, table).snapshot_id
        behind = (Difference("snapshot", f"{main}, the published one", str(entry.snapshot_id)),)
        return _prove_table(chain, session, seen, target, () if main == entry.snapshot_id else behind)


def _mended(
    chain: Chain, table: Table, session: WarehouseSession, starrocks: StarRocksSettings
) -> ledger.LedgerEntry | None:
    """The ledger's entry; what a load left open is settled and recorded, unless a newer load began meanwhile."""
    entry = ledger.read(session, chain)
    if entry is None or entry.pending_snapshot_id == ledger.NOTHING:
        return entry
    now = settled(chain, table, session, entry)
    if now != entry and ledger.read(session, chain) == entry:
        ledger.record(session, starrocks, chain, now)
    return now


@dataclass(frozen=True)
class _Seen:
    """A snapshot and what the independent reader saw in it."""

    table: Table
    snapshot_id: int
    level: Level
    prints: LakePrint


def _see(
    chain: Chain, table: Table, load: in_lake.LoadSnapshot, look: Callable[[Table, int, Columns, Level], LakePrint]
) -> _Seen:
    level = load.evidence.level
    return _Seen(table, load.snapshot_id, level, look(table, load.snapshot_id, chain.columns, level))


def _prove_table(
    chain: Chain,
    session: WarehouseSession,
    seen: _Seen,
    table: tuple[str, str],
    behind: tuple[Difference, ...] = (),
) -> tuple[CheckReport, ...]:
    found = columns_of(session, table)
    if not found:
        raise WarehouseError(f"{'.'.join(table)} is not in StarRocks. {proof.LOAD_AGAIN}")
    differences = (*behind, *schema_differences(chain, found))
    there = [c for c in chain.columns if c.name in {f.name for f in found}]  # the schema check names the others
    actual = warehouse_fingerprint(session, table, there, seen.level)
    facts = {"table": ".".join(table), "level": seen.level.value}
    reports = proof.reports("lake", "warehouse", seen.prints.warehouse, actual, differences, facts)
    checked = with_warehouse_rows(chain, reports, seen.level, (seen.table, seen.snapshot_id), session, table)
    return proof.advised(checked, proof.LOAD_AGAIN)


def _refuse_foreign_rows(chain: Chain, current: in_lake.LoadSnapshot, seen: LakePrint) -> None:
    """Whoever moved `main`: what it holds must be what its evidence says."""
    reports = proof.reports("source", "lake", current.evidence.fingerprint, seen.source, (), {})
    failed = [r for r in reports if not r.passed]
    if failed:
        raise NotCertifiedError(f"{chain.table.id}: main is not what was certified: {failed[0].summary}. Not loaded.")


def _refuse_overtaken(
    chain: Chain, table: Table, session: WarehouseSession, current: in_lake.LoadSnapshot, shadow: str
) -> None:
    """An older load must not put the target back: the newest publish and the last load that began win."""
    entry = ledger.read(session, chain)
    now = table.refresh().current_snapshot()
    if entry is None or entry.shadow != shadow or now is None or now.snapshot_id != current.snapshot_id:
        replacing.drop(session, chain, shadow)
        raise WarehouseError(f"{chain.table.id}: a newer load began meanwhile; this one stops and changes nothing.")


def _refuse_unproven(chain: Chain, reports: tuple[CheckReport, ...], state: str) -> None:
    failed = [r for r in reports if not r.passed]
    if failed:
        said = f"{chain.table.id}: what StarRocks loaded is not the snapshot: {failed[0].summary} {state}"
        raise WarehouseError(said)
