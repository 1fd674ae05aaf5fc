"""The job `rollback`: one table back to an earlier certified load, seen in the history of its assets."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from mssql_starrocks import stages
from mssql_starrocks.chain import Refused
from mssql_starrocks.config import Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest, RollbackReport
from mssql_starrocks.orchestration.assets import STARROCKS_POOL
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.selection import select_one

ROLLBACK, TAKE_BACK = "rollback", "take_back"


class RollbackConfig(dg.Config):
    """Which table, and to which load."""

    table: str = Field(description="sales.orders, [sales].[orders], or orders")
    load_id: str | None = Field(None, description="a certified load; without it the one before the current")


def rollback_job(
    loaded: Sequence[LoadedChain], refused: Sequence[Refused], manifest: Manifest, config: Config
) -> dg.JobDefinition:
    """The job over these chains; its one op asks for a table's name, so that there is one job and not one a table."""
    own = Own(config.name)
    chains = {one.chain.table.id: one for one in loaded}
    reasons = {one.table: one.reason for one in refused}

    def meant(name: str) -> LoadedChain:
        table = select_one(name, manifest, config)
        if table in reasons:
            raise SelectionError(f"{table} is not copied: {reasons[table]}")
        return chains[table]

    @dg.op(
        name=own.named(TAKE_BACK),
        pool=STARROCKS_POOL,
        required_resource_keys=own.keys("lake", "starrocks", "spark"),
        description="Takes main and the StarRocks table back to an earlier certified load.",
    )
    def take_back(context: dg.OpExecutionContext, config: RollbackConfig) -> None:
        use = own.connections(context.resources)
        with one_line_failures(config.table):
            one = meant(config.table)
            lake, starrocks, spark = use.lake.settings(), use.starrocks.settings(), use.spark.source()
            report = stages.rollback(one.chain, lake, starrocks, context.log.info, config.load_id, spark)
        for key in one.keys[1:]:
            context.log_event(_event(report, key))
        failed = [check.summary for check in report.checks if not check.passed]
        if failed:
            raise dg.Failure(f"{report.table}: rolled back, and StarRocks' proof fails: {failed[0]}")

    @dg.job(name=own.named(ROLLBACK), executor_def=dg.in_process_executor,
            description="Take one table back to an earlier certified load, in the lake and in StarRocks.")  # fmt: skip
    def job() -> None:
        take_back()

    return job


def asked_table(run: dg.DagsterRun, own: Own) -> str:
    """The table that a run of this job was asked to take back; empty for runs of other jobs."""
    found: Any = run.run_config if run.job_name == own.named(ROLLBACK) else None
    for part in ("ops", own.named(TAKE_BACK), "config", "table"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _event(report: RollbackReport, key: dg.AssetKey) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        key,
        description=f"rolled back from load {report.main_before} to load {report.load_id}",
        metadata={
            "dagster/row_count": report.rows,
            "seconds": round(report.seconds, 3),
            "load_id": report.load_id,
            "rolled_back_from": report.main_before,
            "iceberg/snapshot_id": str(report.snapshot_id),
            "starrocks/table": report.loaded.target,
        },
        tags={"dagster/data_version": str(report.snapshot_id)},
    )
