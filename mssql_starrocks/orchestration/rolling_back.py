"""The job `rollback`: one table back to an earlier certified load, seen in the history of its assets."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from mssql_starrocks import stages
from mssql_starrocks.model import RollbackReport
from mssql_starrocks.orchestration.assets import STARROCKS_POOL
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.resources import GlueCatalogResource, SparkResource, StarRocksResource

ROLLBACK = "rollback"


class RollbackConfig(dg.Config):
    """Which table, and to which load."""

    table: str = Field(description="schema.table, as SQL Server spells it")
    load_id: str | None = Field(None, description="a certified load; without it the one before the current")


def rollback_job(loaded: Sequence[LoadedChain]) -> dg.JobDefinition:
    """The job over these chains; its one op asks for a table's name, so that there is one job and not one a table."""
    chains = {str(one.chain.table.id).lower(): one for one in loaded}

    @dg.op(pool=STARROCKS_POOL, description="Takes main and the StarRocks table back to an earlier certified load.")
    def take_back(
        context: dg.OpExecutionContext,
        config: RollbackConfig,
        lake: GlueCatalogResource,
        starrocks: StarRocksResource,
        spark: SparkResource,
    ) -> None:
        one = chains.get(config.table.lower())
        if one is None:
            raise dg.Failure(f"{config.table} is no table of this location", allow_retries=False)
        with one_line_failures(config.table):
            report = stages.rollback(
                one.chain, lake.settings(), starrocks.settings(), context.log.info, config.load_id, spark.source()
            )
        for key in one.keys[1:]:
            context.log_event(_event(report, key))
        failed = [check.summary for check in report.checks if not check.passed]
        if failed:
            raise dg.Failure(f"{config.table}: rolled back, and StarRocks' proof fails: {failed[0]}")

    @dg.job(name=ROLLBACK, executor_def=dg.in_process_executor,
            description="Take one table back to an earlier certified load, in the lake and in StarRocks.")  # fmt: skip
    def job() -> None:
        take_back()

    return job


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
