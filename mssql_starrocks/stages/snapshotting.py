"""Copy a table as it is at one point to an audit branch."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mssql_starrocks.chain import ENGINE_SET, Chain
from mssql_starrocks.engines import Engine
from mssql_starrocks.errors import SourceError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.lake.tables import ensure_table
from mssql_starrocks.model import CopyResult, Evidence, ExtractionPlan, SnapshotReport
from mssql_starrocks.retries import retried
from mssql_starrocks.settings import LakeSettings, MssqlSettings, SparkSettings
from mssql_starrocks.source.connect import ReaderSession
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.errors import explained as source_explained
from mssql_starrocks.source.fingerprint import SourcePrint, fingerprint
from mssql_starrocks.source.point import Point
from mssql_starrocks.stages.lake_loads import ours
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
    """Copy the table as it is at one point to a new audit branch, with the source's evidence in the same commit.

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
        seen = _see(chain, session)
        evidence = _evidence(chain, seen, point, load_id)
        plan = _plan(chain, read, evidence, seen)
        engine = _engine(chain, read.mssql, lake, spark, point.sessions, log)
        table = ensure_table(chain, lake)
        ours(chain, branches.published(table))
        branch = branches.audit_branch(chain.names.lake, evidence)
        with explained(lake, chain.names.lake):
            copied = _copy(engine, plan, branch, table)
            if describe(session, chain.table).fingerprint != evidence.table_fingerprint:
                branches.abandon(table.refresh(), branch)
                raise SourceError(f"Table {chain.table.id} was altered while it was copied; materialise it again.")
    log(f"{chain.table.id}: {copied.rows:,} rows, {copied.files} files, branch {branch.name}, {copied.seconds:.1f} s")
    return SnapshotReport(chain.table.id, load_id, branch.name, chain.engine, evidence, copied, table.location())


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


def _see(chain: Chain, session: ReaderSession) -> _Seen:
    now = describe(session, chain.table)
    if not now.columns:
        raise SourceError(f"Table {chain.table.id} is not in {chain.database} any more: run  mssql-starrocks discover")
    seen = fingerprint(session, chain.table.id, chain.columns, chain.level)
    refuse_too_long(chain, seen.measured)
    return _Seen(now.fingerprint, seen)


def _evidence(chain: Chain, seen: _Seen, point: Point, load_id: str) -> Evidence:
    return Evidence(
        load_id,
        chain.table.id,
        chain.database,
        point.grade,
        point.instant,
        chain.engine,
        seen.table_fingerprint,
        seen.prints.fingerprint,
        chain.level,
        with_measured(chain.ledger, seen.prints.measured),
        point.change_version,
    )


def _plan(chain: Chain, read: Reading, evidence: Evidence, seen: _Seen) -> ExtractionPlan:
    instant = evidence.point[:26]  # a timestamp in Iceberg has six digits
    return ExtractionPlan(
        chain.table.id,
        evidence.load_id,
        chain.columns,
        chain.audit_columns(evidence.load_id, instant),
        read.cut.chunks,
        evidence.grade,
        chain.table.rows,
        chain.table.bytes,
        read.snapshot_isolation,
        2 * sum(seen.prints.measured.values()),  # maxima of text are in code units
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


def _copy(engine: Engine, plan: ExtractionPlan, branch: branches.AuditBranch, table: Table) -> CopyResult:
    """Copy to a fresh branch; a copy that fails leaves no branch."""
    branches.fork(table, branch)
    try:
        return engine.copy(plan, branch)
    except BaseException:
        with suppress(Exception):
            branches.abandon(table.refresh(), branch)
        raise
