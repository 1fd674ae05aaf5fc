"""The whole product without Dagster: snapshot, publish, load, prove.

Each stage can be run alone, on any machine: what one needs of another is in the Iceberg snapshot summary, never in
this process. Stages hand each other references, never data.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mssql_starrocks import proof
from mssql_starrocks.chain import Chain
from mssql_starrocks.engines import Engine
from mssql_starrocks.errors import LakeError, NotCertifiedError, SourceError, WarehouseError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake.catalog import explained, open_catalog
from mssql_starrocks.lake.fingerprint import LakePrint
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.lake.tables import ensure_table, schema_differences
from mssql_starrocks.model import (
    CheckReport,
    CopyResult,
    Difference,
    Evidence,
    ExtractionPlan,
    Grade,
    LoadReport,
    PublishReport,
    SnapshotReport,
)
from mssql_starrocks.settings import LakeSettings, MssqlSettings, SparkSettings, StarRocksSettings
from mssql_starrocks.source.chunks import plan_chunks
from mssql_starrocks.source.connect import ReaderSession, reader_session
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.errors import explained as source_explained
from mssql_starrocks.source.point import Point, hold_point
from mssql_starrocks.source.select import fingerprint as source_fingerprint
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse import replace as replacing
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.ddl import create_table, ddl_fingerprint
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks.warehouse.loaders import CatalogInsert, LoadOrder
from mssql_starrocks.warehouse.schema import columns_of
from mssql_starrocks.warehouse.schema import schema_differences as warehouse_differences

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import SparkSession

Log = Callable[[str], None]


class SparkSource(Protocol):
    """Gives a Spark session when one is needed, and not before."""

    @property
    def settings(self) -> SparkSettings: ...

    def session(self, lake: LakeSettings) -> SparkSession: ...


def snapshot(chain: Chain, mssql: MssqlSettings, lake: LakeSettings, spark: SparkSource, log: Log) -> SnapshotReport:
    """Copy the table as it is at one point to a new audit branch, with the source's evidence in the same commit.

    Raises:
        SourceError, LakeError, EngineError: nothing is visible to any reader.
    """
    load_id = new_load_id()
    with _point(chain, mssql) as (session, point), source_explained(mssql, chain.table.id):
        log(f"{chain.table.id}: reading at {point.instant} UTC with {chain.engine} ({chain.engine_reason})")
        evidence = _evidence(chain, session, point, load_id)
        plan = _plan(chain, session, evidence)
        engine = _engine(chain, mssql, lake, spark, session, log)
        table = ensure_table(chain, lake)
        _ours(chain, branches.published(table))
        branch = branches.audit_branch(chain.names.lake, evidence)
        with explained(lake, chain.names.lake):
            copied = _copy(engine, plan, branch, table)
            if describe(session, chain.table).fingerprint != evidence.table_fingerprint:
                branches.abandon(table.refresh(), branch)
                raise SourceError(f"Table {chain.table.id} was altered while it was copied; materialise it again.")
    log(f"{chain.table.id}: {copied.rows:,} rows, {copied.files} files, branch {branch.name}, {copied.seconds:.1f} s")
    return SnapshotReport(chain.table.id, load_id, branch.name, chain.engine, evidence, copied, table.location())


def prove_snapshot(chain: Chain, lake: LakeSettings) -> tuple[CheckReport, ...]:
    """Compare the newest load in the lake with the source's evidence; certify its branch when everything is equal.

    Without an unpublished load the published one is proven again.
    """
    with _table(chain, lake) as table:
        load = _ours(chain, branches.newest_audit(table) or branches.published(table))
        if load is None:
            raise LakeError(f"{chain.table.id}: there is no load to check; materialise mssql_snapshot first.")
        reports = _prove_lake(chain, table, load)
        if all(r.passed for r in reports) and not load.certified:
            branches.certify(table, load)
    return reports


def publish(chain: Chain, lake: LakeSettings, log: Log) -> PublishReport:
    """Move `main` to the newest certified load. Metadata only.

    Raises:
        NotCertifiedError: the load's proof fails; main is as it was.
        PublishConflictError: another writer moved main.
    """
    started = time.monotonic()
    with _table(chain, lake) as table:
        load = _ours(chain, branches.newest_audit(table))
        if load is None:
            return _already_published(chain, table, time.monotonic() - started)
        if not load.certified:
            _certify_now(chain, table, load)
        tag = branches.publish(table.refresh(), replace(load, certified=True))
        log(f"{chain.table.id}: main is now snapshot {load.snapshot_id} ({load.evidence.fingerprint.rows:,} rows)")
        return PublishReport(
            chain.table.id,
            load.evidence.load_id,
            load.snapshot_id,
            load.evidence.fingerprint.rows,
            tag,
            table.location(),
            time.monotonic() - started,
        )


def load(chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings, log: Log) -> LoadReport:
    """Load exactly the published snapshot: fill a shadow table, prove it, put it under the target's name.

    Raises:
        WarehouseError: StarRocks refused or the proof failed; the target is as it was.
    """
    started = time.monotonic()
    target = ".".join(chain.names.warehouse)
    with _table(chain, lake) as table, warehouse_session(starrocks) as session:
        current = _published(chain, table)
        seen = lake_fingerprint(table, current.snapshot_id, chain.columns)
        _refuse_foreign_rows(chain, current, seen)
        label = f"mssr_{current.snapshot_id}_{secrets.token_hex(4)}"
        name = replacing.shadow_name(chain)
        before = ledger.claim(session, starrocks, chain, name)
        if before.shadow:
            replacing.drop(session, chain, before.shadow)
        shadow = replacing.make_shadow(session, chain, starrocks, name)
        rows = CatalogInsert(starrocks, lake).load(session, LoadOrder(chain, current.snapshot_id, shadow, label))
        log(f"{chain.table.id}: {rows:,} rows in {'.'.join(shadow)}, proving them")
        _refuse_unproven(chain, _prove_table(chain, session, seen, shadow))
        _refuse_overtaken(chain, table, session, current, name)
        how = replacing.take_over(session, chain, shadow, f"{label}_r")
        _refuse_unproven(chain, _prove_table(chain, session, seen, chain.names.warehouse))
        load_id, ddl = current.evidence.load_id, ddl_fingerprint(chain)
        held = ledger.LedgerEntry(target, before.source, current.snapshot_id, load_id, label, ddl, rows)
        ledger.record(session, starrocks, chain, held)
    log(f"{chain.table.id}: {target} holds snapshot {current.snapshot_id} ({how})")
    return LoadReport(
        chain.table.id,
        current.evidence.load_id,
        current.snapshot_id,
        target,
        rows,
        label,
        how,
        time.monotonic() - started,
        create_table(chain, starrocks),
    )


def prove_warehouse(chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings) -> tuple[CheckReport, ...]:
    """Compare the StarRocks table with the snapshot that the ledger says it holds."""
    target = chain.names.warehouse
    with _table(chain, lake) as table, warehouse_session(starrocks) as session:
        entry = ledger.read(session, chain)
        if entry is None or entry.snapshot_id == ledger.NOTHING:
            raise WarehouseError(f"{'.'.join(target)} was never loaded; materialise starrocks_table first.")
        if table.snapshot_by_id(entry.snapshot_id) is None:
            raise LakeError(f"{chain.table.id}: snapshot {entry.snapshot_id} has expired; materialise the chain again.")
        seen = lake_fingerprint(table, entry.snapshot_id, chain.columns)
        main = _published(chain, table).snapshot_id
        behind = (Difference("snapshot", f"{main}, the published one", str(entry.snapshot_id)),)
        return _prove_table(chain, session, seen, target, () if main == entry.snapshot_id else behind)


def new_load_id() -> str:
    """Sorts by time; unique without any server."""
    return f"{dt.datetime.now(dt.timezone.utc):%Y%m%dt%H%M%S%f}_{secrets.token_hex(3)}"


@contextmanager
def _point(chain: Chain, mssql: MssqlSettings) -> Iterator[tuple[ReaderSession, Point]]:
    """The arrow engine reads through the session that holds the point; Spark's connections cannot share it."""
    with (
        reader_session(mssql) as session,
        source_explained(mssql, chain.table.id),
        hold_point(session, snapshot=not chain.table.memory_optimized) as held,
    ):
        apart = chain.engine == "spark" and held.grade is Grade.B
        yield session, replace(held, grade=Grade.D) if apart else held


def _evidence(chain: Chain, session: ReaderSession, point: Point, load_id: str) -> Evidence:
    now = describe(session, chain.table)
    if not now.columns:
        raise SourceError(f"Table {chain.table.id} is not in {chain.database} any more: run  mssql-starrocks discover")
    seen = source_fingerprint(session, chain.table.id, chain.columns)
    return Evidence(
        load_id, chain.table.id, chain.database, point.grade, point.instant, chain.engine, now.fingerprint, seen
    )


def _plan(chain: Chain, session: ReaderSession, evidence: Evidence) -> ExtractionPlan:
    chunks = plan_chunks(session, chain.table, chain.chunk_bytes)
    instant = evidence.point[:26]  # a timestamp in Iceberg has six digits
    return ExtractionPlan(
        chain.table.id,
        evidence.load_id,
        chain.columns,
        chain.audit_columns(evidence.load_id, instant),
        chunks,
        evidence.grade,
        chain.table.rows,
        chain.table.bytes,
    )


def _engine(
    chain: Chain, mssql: MssqlSettings, lake: LakeSettings, spark: SparkSource, session: ReaderSession, log: Log
) -> Engine:
    if chain.engine == "spark":
        from mssql_starrocks.engines.spark import SparkEngine

        return SparkEngine(spark.session(lake), mssql, spark.settings, log)
    from mssql_starrocks.engines.arrow import ArrowEngine

    return ArrowEngine(session, open_catalog(lake), log)


def _copy(engine: Engine, plan: ExtractionPlan, branch: branches.AuditBranch, table: Table) -> CopyResult:
    """Copy to a fresh branch; a copy that fails leaves no branch."""
    branches.fork(table, branch)
    try:
        return engine.copy(plan, branch)
    except BaseException:
        with suppress(Exception):
            branches.abandon(table.refresh(), branch)
        raise


@contextmanager
def _table(chain: Chain, lake: LakeSettings) -> Iterator[Table]:
    from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

    with explained(lake, chain.names.lake):
        try:
            table = open_catalog(lake).load_table(chain.names.lake)
        except (NoSuchTableError, NoSuchNamespaceError):
            raise LakeError(
                f"{chain.table.id}: Iceberg table {'.'.join(chain.names.lake)} does not exist yet; "
                "materialise mssql_snapshot first."
            ) from None
        yield table


def _ours(chain: Chain, load: branches.LoadSnapshot | None) -> branches.LoadSnapshot | None:
    """Two databases that share names would share a lake table: the second one is refused."""
    if load and (load.evidence.database, load.evidence.table) != (chain.database, chain.table.id):
        raise LakeError(
            f"Iceberg table {'.'.join(chain.names.lake)} holds {load.evidence.database}.{load.evidence.table}, not "
            f"{chain.database}.{chain.table.id}: set lake_prefix: in mssql_starrocks.yaml."
        )
    return load


def _published(chain: Chain, table: Table) -> branches.LoadSnapshot:
    current = _ours(chain, branches.published(table))
    if current is None:
        raise LakeError(
            f"{chain.table.id}: nothing of ours is published in {'.'.join(chain.names.lake)}; "
            "materialise iceberg_table first."
        )
    return current


def _already_published(chain: Chain, table: Table, seconds: float) -> PublishReport:
    current = _published(chain, table)
    evidence = current.evidence
    return PublishReport(
        chain.table.id,
        evidence.load_id,
        current.snapshot_id,
        evidence.fingerprint.rows,
        f"load_{evidence.load_id}",
        table.location(),
        seconds,
    )


def _prove_lake(chain: Chain, table: Table, load: branches.LoadSnapshot) -> tuple[CheckReport, ...]:
    seen: LakePrint = lake_fingerprint(table, load.snapshot_id, chain.columns)
    facts = {
        "load_id": load.evidence.load_id,
        "snapshot_id": str(load.snapshot_id),
        "point": load.evidence.point,
        "grade": load.evidence.grade.value,
    }
    differences = (
        *schema_differences(chain, table),
        *proof.definition_differences(chain, load.evidence),
        *proof.key_differences(chain, seen.key_bytes),
    )
    return proof.reports("source", "lake", load.evidence.fingerprint, seen.source, differences, facts)


def _prove_table(
    chain: Chain,
    session: WarehouseSession,
    seen: LakePrint,
    table: tuple[str, str],
    behind: tuple[Difference, ...] = (),
) -> tuple[CheckReport, ...]:
    found = columns_of(session, table)
    if not found:
        raise WarehouseError(f"{'.'.join(table)} is not in StarRocks; materialise starrocks_table again.")
    differences = (*behind, *warehouse_differences(chain, found))
    actual = warehouse_fingerprint(session, table, chain.columns)
    return proof.reports("lake", "warehouse", seen.warehouse, actual, differences, {"table": ".".join(table)})


def _certify_now(chain: Chain, table: Table, load: branches.LoadSnapshot) -> None:
    failed = [r for r in _prove_lake(chain, table, load) if not r.passed]
    if failed:
        raise NotCertifiedError(f"{chain.table.id}: load {load.evidence.load_id} is not published: {failed[0].summary}")
    branches.certify(table, load)


def _refuse_foreign_rows(chain: Chain, current: branches.LoadSnapshot, seen: LakePrint) -> None:
    """Whoever moved `main`: what it holds must be what its evidence says."""
    reports = proof.reports("source", "lake", current.evidence.fingerprint, seen.source, (), {})
    failed = [r for r in reports if not r.passed]
    if failed:
        raise NotCertifiedError(f"{chain.table.id}: main is not what was certified: {failed[0].summary}. Not loaded.")


def _refuse_overtaken(
    chain: Chain, table: Table, session: WarehouseSession, current: branches.LoadSnapshot, shadow: str
) -> None:
    """An older load must not put the target back: the newest publish and the last load that began win."""
    entry = ledger.read(session, chain)
    now = table.refresh().current_snapshot()
    if entry is None or entry.shadow != shadow or now is None or now.snapshot_id != current.snapshot_id:
        replacing.drop(session, chain, shadow)
        raise WarehouseError(f"{chain.table.id}: a newer load began meanwhile; this one stops and changes nothing.")


def _refuse_unproven(chain: Chain, reports: tuple[CheckReport, ...]) -> None:
    failed = [r for r in reports if not r.passed]
    if failed:
        raise WarehouseError(
            f"{chain.table.id}: what StarRocks loaded is not the snapshot: {failed[0].summary}. "
            "The target is as it was."
        )
