"""Copy a table as it is at one point to an audit branch."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mssql_starrocks.chain import ENGINE_SET, Chain
from mssql_starrocks.changes import definition_of
from mssql_starrocks.engines import Engine
from mssql_starrocks.errors import DISCOVER_AGAIN, SourceError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.checkpoints import checkpoint_of, unwritten
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.model import Checkpoint, CopyResult, Evidence, ExtractionPlan, Grade, SnapshotReport
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, MssqlSettings, SparkSettings
from mssql_starrocks.source.connect import ReaderSession
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.errors import explained as source_explained
from mssql_starrocks.source.fingerprint import SourcePrint, fingerprint
from mssql_starrocks.source.point import Point
from mssql_starrocks.stages import resuming
from mssql_starrocks.stages.evolving import prepared
from mssql_starrocks.stages.planning import refuse_too_long
from mssql_starrocks.stages.reading import Reading, reading
from mssql_starrocks.transport import lake_exposures, source_exposures
from mssql_starrocks.types.ledger import with_measured

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import SparkSession

Log = Callable[[str], None]


class SparkSource(Protocol):
    """Gives a Spark session when one is needed, and not before."""

    @property
    def settings(self) -> SparkSettings: ...

    def session(self, lake: LakeSettings) -> SparkSession: ...

    def missing(self) -> str | None:
        """Why Spark cannot run on this machine; None when it can."""


@retried
def snapshot(chain: Chain, mssql: MssqlSettings, lake: LakeSettings, spark: SparkSource, log: Log) -> SnapshotReport:
    """Copy the table as it is at one point to a new audit branch, with the source's evidence in the last commit.

    A load that did not end is resumed where that is safe (resuming.py), under its own id and point.

    Raises:
        SourceError, LakeError, EngineError: nothing is visible to any reader.
    """
    load_id = new_load_id()
    chain = _with_engine(chain, spark, log)
    with reading(chain, mssql, load_id) as read, source_explained(mssql, chain.table.id):
        session, point = read.point.sessions[0], read.point
        log(f"{chain.table.id}: reading at {point.instant} UTC, grade {point.grade.value}, with {chain.engine} "
            f"({chain.engine_reason}); {len(read.cut.chunks)} chunks: {read.cut.how}")  # fmt: skip
        for exposure in (*source_exposures(mssql), *lake_exposures(lake)):
            log(f"{chain.table.id}: {exposure}")
        table_fingerprint = _described(chain, session)
        table, schema_id = prepared(chain, lake)
        seen = _see(chain, session, table_fingerprint)
        evidence = _evidence(chain, seen, point, load_id)
        engine = _engine(chain, read.mssql, lake, spark, point.sessions, log)
        so_far = resuming.begun(chain, read, evidence, table.schemas()[schema_id], table, log)
        evidence = resuming.continued(evidence, so_far)
        plan = _plan(chain, read, evidence, seen, so_far)
        branch = branches.audit_branch(chain.names.lake, evidence, schema_id, so_far)
        with explained(lake, chain.names.lake):
            copied = _copy(engine, plan, branch, table, log)
            with source_explained(mssql, chain.table.id):  # the lake's words would make it permanent
                now = describe(session, chain.table)
            if now.fingerprint != evidence.table_fingerprint:
                branches.abandon(table.refresh(), branch)
                raise SourceError(f"Table {chain.table.id} was altered while it was copied; copy it again.")
    log(f"{chain.table.id}: {copied.rows:,} rows, {copied.files} files, branch {branch.name}, {copied.seconds:.1f} s")
    return SnapshotReport(
        table=chain.table.id,
        load_id=evidence.load_id,
        branch=branch.name,
        engine=chain.engine,
        evidence=evidence,
        copied=copied,
        location=table.location(),
    )


def _with_engine(chain: Chain, spark: SparkSource, log: Log) -> Chain:
    """Spark that was chosen by size gives way where it cannot run; Spark that was asked for does not."""
    if chain.engine != "spark" or chain.engine_reason == ENGINE_SET:
        return chain
    reason = spark.missing()
    if reason is None:
        return chain
    log(f"{chain.table.id}: the arrow engine takes the place of Spark, which would be faster: {reason}")
    return replace(chain, engine="arrow", engine_reason="Spark cannot run here")


def new_load_id() -> str:
    """Sorts by time; unique without any server."""
    return f"{dt.datetime.now(dt.timezone.utc):%Y%m%dt%H%M%S%f}_{secrets.token_hex(3)}"


@dataclass(frozen=True)
class _Seen:
    """What the source said of the table at the point."""

    table_fingerprint: str
    prints: SourcePrint


def _described(chain: Chain, session: ReaderSession) -> str:
    """The fingerprint of the table as it is defined now."""
    now = describe(session, chain.table)
    if not now.columns:
        raise SourceError(f"Table {chain.table.id} is not in {chain.database} any more: {DISCOVER_AGAIN}")
    gone = {c.source for c in chain.columns} - {c.name for c in now.columns}
    if gone:
        raise SourceError(f"{chain.table.id} has no column {min(gone)} any more: {DISCOVER_AGAIN}")
    return now.fingerprint


def _see(chain: Chain, session: ReaderSession, table_fingerprint: str) -> _Seen:
    seen = fingerprint(session, chain.table.id, chain.columns, chain.level)
    refuse_too_long(chain, seen.measured)
    return _Seen(table_fingerprint, seen)


def _evidence(chain: Chain, seen: _Seen, point: Point, load_id: str) -> Evidence:
    return Evidence(
        load_id=load_id,
        table=chain.table.id,
        database=chain.database,
        grade=point.grade,
        point=point.instant,
        engine=chain.engine,
        table_fingerprint=seen.table_fingerprint,
        fingerprint=seen.prints.fingerprint,
        level=chain.level,
        ledger=with_measured(chain.ledger, seen.prints.measured),
        change_version=point.change_version,
        definition=definition_of(chain),
    )


def _plan(chain: Chain, read: Reading, evidence: Evidence, seen: _Seen, so_far: Checkpoint | None) -> ExtractionPlan:
    """What is left to copy; its estimates shrink with its chunks."""
    chunks = tuple(c for c in read.cut.chunks if so_far is None or c.number not in so_far.chunks)
    left = len(chunks) / len(read.cut.chunks)
    instant = evidence.point[:26]  # a timestamp in Iceberg has six digits
    return ExtractionPlan(
        table=chain.table.id,
        load_id=evidence.load_id,
        columns=chain.columns,
        audit=chain.audit_columns(evidence.load_id, instant),
        chunks=chunks,
        grade=evidence.grade,
        estimated_rows=int(chain.table.rows * left),
        estimated_bytes=int(chain.table.bytes * left),
        snapshot_isolation=read.snapshot_isolation,
        longest_row=2 * sum(seen.prints.measured.values()),  # maxima of text are in code units
    )


def _engine(
    chain: Chain,
    mssql: MssqlSettings,
    lake: LakeSettings,
    spark: SparkSource,
    sessions: Sequence[ReaderSession],
    log: Log,
) -> Engine:
    if chain.engine == "spark":
        from mssql_starrocks.engines.session import ui_url
        from mssql_starrocks.engines.spark import SparkEngine

        running = spark.session(lake)
        if url := ui_url(running):
            log(f"{chain.table.id}: Spark's UI while it runs: {url}")
        return SparkEngine(running, mssql, spark.settings, log)
    from mssql_starrocks.engines.arrow import ArrowEngine

    return ArrowEngine(sessions, open_catalog(lake), mssql, log)


def _copy(engine: Engine, plan: ExtractionPlan, branch: branches.AuditBranch, table: Table, log: Log) -> CopyResult:
    """Copy to a fresh branch, or to one that is resumed; a copy that fails leaves no branch without a checkpoint."""
    if branch.so_far is None or branch.so_far.snapshot_id is None:
        branches.fork(table, branch)
    try:
        return engine.copy(plan, branch)
    except BaseException:
        with suppress(Exception):
            _tidy(plan, branch, table.refresh(), log)
        raise


def _tidy(plan: ExtractionPlan, branch: branches.AuditBranch, table: Table, log: Log) -> None:
    """What has ended in another run's load stays: that run went on with this one."""
    kept = checkpoint_of(table, branch.name)
    if kept is not None:
        log(f"{plan.table}: load {plan.load_id} failed; {len(kept.chunks)} chunks, {kept.rows:,} rows are kept on "
            f"branch {branch.name} for the next run")  # fmt: skip
    elif branch.so_far is None or plan.load_id in unwritten(table):
        branches.abandon(table, branch)
        reason = "grade B reads in one transaction" if plan.grade is Grade.B else "no chunk was committed"
        log(f"{plan.table}: load {plan.load_id} failed; {reason}: the load restarts")
