"""Read jobs back from Dagster's run storage, which is the only store of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.job import CHECKS_TAG, JOB_TAG, SCHEMA_TAG, TABLE_TAG
from mssql_starrocks.orchestration.launch.outcome import Outcome
from mssql_starrocks.orchestration.launch.results import STOPPED, CheckResult, TableResult

_EVENTS = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
}


def runs_of_job(instance: dg.DagsterInstance, job_id: str) -> list[dg.RunRecord]:
    """The runs of a job, oldest first; none of an unknown id. Their status is `record.dagster_run.status`."""
    found = instance.get_run_records(dg.RunsFilter(tags={JOB_TAG: job_id}), ascending=True)
    return list(found)


def results_of_job(instance: dg.DagsterInstance, job_id: str) -> list[TableResult]:
    """What is known of each table whose run was launched; a run that is under way is not certified yet."""
    return [table_result(instance, record) for record in runs_of_job(instance, job_id)]


def table_result(instance: dg.DagsterInstance, record: dg.RunRecord) -> TableResult:
    """What a run of ours did, from its tags and events."""
    run = record.dagster_run
    outcome = Outcome()
    for entry in instance.all_logs(run.run_id, of_type=_EVENTS):
        if entry.dagster_event is not None:
            _take(outcome, entry.dagster_event)
    end = record.end_time or time.time()
    success = run.status is dg.DagsterRunStatus.SUCCESS
    if run.status is dg.DagsterRunStatus.CANCELED:
        outcome.errors.insert(0, "the run was cancelled")
    return outcome.result(table_of(run.tags), run.run_id, success=success, wanted=int(run.tags[CHECKS_TAG]),
                          seconds=end - record.start_time if record.start_time else 0.0)  # fmt: skip


def table_of(tags: Mapping[str, str]) -> TableId:
    """The table that a run of ours is about."""
    schema = tags[SCHEMA_TAG]
    return TableId(schema, tags[TABLE_TAG][len(schema) + 1 :])


def _take(outcome: Outcome, event: dg.DagsterEvent) -> None:
    if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
        outcome.materialized(_plain(event.step_materialization_data.materialization.metadata))
    elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        seen = event.asset_check_evaluation_data
        check = CheckResult(seen.asset_key.path[0], seen.check_name, seen.passed, seen.description or "")
        outcome.checked(check, _plain(seen.metadata))
    else:
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            outcome.failed(failure.user_failure_data.description)
        elif failure.error is not None and "failed its blocking" not in failure.error.message:
            interrupted = failure.error.cls_name == DagsterExecutionInterruptedError.__name__
            outcome.failed(STOPPED if interrupted else failure.error.message.strip())


def _plain(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}
