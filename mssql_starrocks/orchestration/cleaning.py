"""The job that removes what old loads have left, over all chains, and its schedule."""

from collections.abc import Sequence
from datetime import datetime, timezone

import dagster as dg

from mssql_starrocks import stages
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own

CLEAN = "clean"
_NIGHTLY = "30 3 * * *"


def clean_job(loaded: Sequence[LoadedChain], own: Own) -> dg.JobDefinition:
    """One op; a table that cannot be cleaned fails the run when the others are done."""

    @dg.op(name=own.named("remove_leftovers"), required_resource_keys=own.keys("lake", "starrocks"))
    def remove_leftovers(context: dg.OpExecutionContext) -> None:
        use = own.connections(context.resources)
        found, failed = [], []
        with one_line_failures(CLEAN):
            for chain in (one.chain for one in loaded):
                now = datetime.now(timezone.utc)
                try:
                    found.append(
                        stages.clean(chain, use.lake.settings(), use.starrocks.settings(), now, context.log.info)
                    )
                except MssqlStarrocksError as error:
                    failed.append(str(error))
                    context.log.error(str(error))
        context.add_output_metadata(
            {
                "branches": sum(len(report.branches) for report in found),
                "tags": sum(len(report.tags) for report in found),
                "snapshots": sum(report.snapshots for report in found),
                "shadow_tables": sum(len(report.shadows) for report in found),
            }
        )
        if failed:
            raise dg.Failure(f"{len(failed)} of {len(loaded)} tables were not cleaned: {failed[0]}")

    @dg.job(
        name=own.named(CLEAN),
        description="Remove branches, tags, snapshots and shadow tables that old loads have left.",
        executor_def=dg.in_process_executor,
    )
    def clean() -> None:
        remove_leftovers()

    return clean


def clean_schedules(jobs: Sequence[dg.JobDefinition]) -> list[dg.ScheduleDefinition]:
    """Every night; it is started by hand in the UI, because it removes things."""
    return [dg.ScheduleDefinition(job=job, cron_schedule=_NIGHTLY) for job in jobs]
