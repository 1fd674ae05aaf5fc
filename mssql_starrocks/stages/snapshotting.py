"""Copy a table as it is at one point to an audit branch."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mssql_starrocks.chain import Chain
from mssql_starrocks.engines import Engine
from mssql_starrocks.errors import SourceError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake.catalog import explained, open_catalog
from mssql_starrocks.lake.tables import ensure_table
from mssql_starrocks.model import CopyResult, Evidence, ExtractionPlan, Grade, SnapshotReport
from mssql_starrocks.settings import LakeSettings, MssqlSettings, SparkSettings
from mssql_starrocks.source.chunking import plan_chunks
from mssql_starrocks.source.connect import ReaderSession, reader_session
from mssql_starrocks.source.discover import describe
from mssql_starrocks.source.errors import explained as source_explained
from mssql_starrocks.source.fingerprint import fingerprint
from mssql_starrocks.source.point import Point, hold_point
from mssql_starrocks.stages.lake_loads import ours
from mssql_starrocks.stages.planning import refuse_too_long
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


def snapshot(chain: Chain, mssql: MssqlSettings, lake: LakeSettings, spark: SparkSource, log: Log) -> SnapshotReport:
    """Copy the table as it is at one point to a new audit branch, with the source's evidence in the same commit.

    Raises:
        SourceError, LakeError, EngineError: nothing is visible to any reader.
    """
    load_id = new_load_id()
    with _point(chain, mssql) as (session, point), source_explained(mssql, chain.table.id):
        log(f"{chain.table.id}: reading at {point.instant} UTC with {chain.engine} ({chain.engine_reason})")
        evidence = _evidence(chain, session, point, load_id)
        plan = _plan(chain, session, evidence, log)
        engine = _engine(chain, mssql, lake, spark, session, log)
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
    seen = fingerprint(session, chain.table.id, chain.columns, chain.level)
    refuse_too_long(chain, seen.measured)
    return Evidence(
        load_id,
        chain.table.id,
        chain.database,
        point.grade,
        point.instant,
        chain.engine,
        now.fingerprint,
        seen.fingerprint,
        chain.level,
        with_measured(chain.ledger, seen.measured),
    )


def _plan(chain: Chain, session: ReaderSession, evidence: Evidence, log: Log) -> ExtractionPlan:
    cut = plan_chunks(session, chain.table, chain.sizing)
    log(f"{chain.table.id}: {len(cut.chunks)} chunks" + (f" by {cut.how}" if len(cut.chunks) > 1 else ", one stream"))
    instant = evidence.point[:26]  # a timestamp in Iceberg has six digits
    return ExtractionPlan(
        chain.table.id,
        evidence.load_id,
        chain.columns,
        chain.audit_columns(evidence.load_id, instant),
        cut.chunks,
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
