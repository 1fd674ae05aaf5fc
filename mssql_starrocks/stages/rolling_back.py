"""Take a table back to an earlier certified load, in the lake and in StarRocks.

Main moves first, then StarRocks loads what main holds: a crash in between leaves StarRocks behind main, as a crash
between publish and load does, and either a second rollback or the load alone finishes it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import LakeError, MssqlStarrocksError, NotCertifiedError, PublishConflictError
from mssql_starrocks.lake import history
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.lake.loads import LoadSnapshot
from mssql_starrocks.model import LoadReport, LoadSummary, RollbackReport
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.stages.lake_loads import lake_table, ours, published
from mssql_starrocks.stages.loading import load, prove_warehouse
from mssql_starrocks.stages.snapshotting import Log, SparkSource
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.connect import warehouse_session

if TYPE_CHECKING:
    from pyiceberg.table import Table


def loads(chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings | None = None) -> tuple[LoadSummary, ...]:
    """The certified loads that are still in the lake, newest first; with `starrocks` also which one that holds."""
    entry = _entry(chain, starrocks) if starrocks else None
    with lake_table(chain, lake) as table:
        main = table.current_snapshot()
        return tuple(
            LoadSummary(
                load_id=one.evidence.load_id,
                point=one.evidence.point,
                grade=one.evidence.grade.value,
                rows=one.evidence.fingerprint.rows,
                snapshot_id=one.snapshot_id,
                committed=history.committed_at(table, one.snapshot_id),
                current=main is not None and main.snapshot_id == one.snapshot_id,
                in_starrocks=_holds(entry, one.snapshot_id) if starrocks else None,
            )
            for one in history.certified_loads(table)
            if ours(chain, one)
        )


def rollback(
    chain: Chain,
    lake: LakeSettings,
    starrocks: StarRocksSettings,
    log: Log,
    to: str | None = None,
    spark: SparkSource | None = None,
) -> RollbackReport:
    """Take the table back (or forward again) to a certified load.

    Args:
        chain: the table's copy as planned now; its columns must be those of the load.
        lake: where the loads are.
        starrocks: where the load goes.
        log: gets a line for each step.
        to: the load id; without one the load before the one that main holds, or what an interrupted rollback began.
        spark: is asked for a session only by the loader `spark_jdbc`.

    Raises:
        LakeError, NotCertifiedError: there is no such load, or its files are not what was certified; nothing moved.
        PublishConflictError: another writer moved main.
        WarehouseError: StarRocks refused; its table is as it was, main is moved.
    """
    started = time.monotonic()
    with lake_table(chain, lake) as table:
        current = published(chain, table)
        wanted = _wanted(chain, table, current, to, _entry(chain, starrocks))
        _refuse_other_columns(chain, table, wanted)
        _refuse_changed_files(chain, table, wanted)
        if wanted.snapshot_id != current.snapshot_id:
            history.take_back(table, wanted)
            log(f"{chain.table.id}: main is load {wanted.evidence.load_id} again, was {current.evidence.load_id}")
    loaded = _load(chain, lake, starrocks, log, spark, wanted)
    return RollbackReport(
        table=chain.table.id,
        load_id=wanted.evidence.load_id,
        snapshot_id=wanted.snapshot_id,
        rows=wanted.evidence.fingerprint.rows,
        main_before=current.evidence.load_id,
        loaded=loaded,
        checks=prove_warehouse(chain, lake, starrocks),
        seconds=time.monotonic() - started,
    )


def _entry(chain: Chain, starrocks: StarRocksSettings) -> ledger.LedgerEntry | None:
    with warehouse_session(starrocks) as session:
        return ledger.read(session, chain)


def _holds(entry: ledger.LedgerEntry | None, snapshot_id: int) -> bool | None:
    if entry is None:
        return False
    if entry.pending_snapshot_id != ledger.NOTHING and snapshot_id in (entry.snapshot_id, entry.pending_snapshot_id):
        return None
    return entry.snapshot_id == snapshot_id


def _wanted(
    chain: Chain, table: Table, current: LoadSnapshot, to: str | None, entry: ledger.LedgerEntry | None
) -> LoadSnapshot:
    there = {one.evidence.load_id: one for one in history.certified_loads(table)}
    if to is not None:
        if to not in there:
            known = ", ".join(list(there)[:5]) or "none"
            raise LakeError(f"{chain.table.id}: load {to} is not in the lake (any more). There are: {known}.")
        return there[to]
    if entry and history.age(table, entry.snapshot_id) > history.age(table, current.snapshot_id):
        return current  # StarRocks is ahead of main: a rollback ended between the two
    before = in_lake.load_before(table, current)
    if before is None or before.evidence.load_id not in there:
        raise LakeError(f"{chain.table.id}: there is no load before {current.evidence.load_id} in the lake any more.")
    return before


def _refuse_other_columns(chain: Chain, table: Table, load: LoadSnapshot) -> None:
    other = history.first_other_column(chain, table, load.snapshot_id)
    if other is None:
        return
    name, then, now = other
    column = next((c.source for c in chain.columns if c.name == name), name)
    if then is None:
        audit = name in dict(chain.audit).values()
        how = f"Take {name} out of audit_columns" if audit else f"Set exclude_columns: [{column}] for {chain.table.id}"
        what = f"has no column {column} ({now} as planned now). {how}"
    elif now is None:
        what = (
            f"has column {column} ({then}), which is not copied now. If exclude_columns of {chain.table.id} names it, "
            "take it out; a column that SQL Server has no more cannot come back"
        )
    else:
        what = f"has column {column} as {then}, planned now as {now}. Set the options it was copied with, if there were"
    raise LakeError(f"{chain.table.id}: load {load.evidence.load_id} {what}, or choose a newer load. Nothing moved.")


def _refuse_changed_files(chain: Chain, table: Table, load: LoadSnapshot) -> None:
    """Before anything moves, the files are read again: they may be gone, or another program's."""
    name, evidence = f"{chain.table.id}: load {load.evidence.load_id}", load.evidence
    gone = history.missing_files(table, load.snapshot_id)
    if gone:
        raise LakeError(f"{name} cannot be read any more: {gone[0]} is gone ({len(gone)} files are). Nothing moved.")
    seen = fingerprint(table, load.snapshot_id, chain.columns, evidence.level)
    unfit = proof.unfit_differences(chain, seen.unfit) + proof.key_differences(chain, seen.key_bytes)
    reports = proof.reports("source", "lake", evidence.fingerprint, seen.source, unfit, {})
    failed = [report for report in reports if not report.passed]
    if failed:
        raise NotCertifiedError(f"{name} is not what was certified: {failed[0].summary}. Nothing moved.")


def _load(
    chain: Chain,
    lake: LakeSettings,
    starrocks: StarRocksSettings,
    log: Log,
    spark: SparkSource | None,
    wanted: LoadSnapshot,
) -> LoadReport:
    try:
        loaded = load(chain, lake, starrocks, log, spark)
    except MssqlStarrocksError as error:
        again = f"main holds load {wanted.evidence.load_id}, StarRocks not yet: run the rollback again to finish it."
        raise type(error)(f"{error} {again}") from error
    if loaded.snapshot_id != wanted.snapshot_id:
        raise PublishConflictError(f"{chain.table.id}: load {loaded.load_id} was published meanwhile and is loaded.")
    return loaded
