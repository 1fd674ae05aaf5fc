"""Jobs in Dagster's run storage, which is the only store of them.

A job is a run of no code location: its number is a tag, what was asked for its run configuration, its status the run's,
and what became of each table an event of its log. A tag would be too short for many tables (PostgreSQL indexes them).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData
from dagster._core.utils import make_new_run_id

from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.job import NO_RETRIES
from mssql_starrocks.orchestration.launch.results import TableResult

API_JOB = "mssql_starrocks_api"
NUMBER_TAG = "mssql_starrocks/job_number"
_RESULT = "result"
_STATUS = {
    dg.DagsterRunStatus.NOT_STARTED: "pending",
    dg.DagsterRunStatus.STARTED: "running",
    dg.DagsterRunStatus.SUCCESS: "completed",
}


@dataclass(frozen=True)
class StoredJob:
    """A job as run storage has it; `result` of a table is `TableResult.to_dict`."""

    number: int
    run: dg.DagsterRun
    created: float
    started: float | None = None
    ended: float | None = None

    @property
    def status(self) -> str:
        """One of the original's four (facts/peers.md 1.1): a cancelled job has failed."""
        return _STATUS.get(self.run.status, "failed")

    @property
    def cancelled(self) -> bool:
        return self.run.status is dg.DagsterRunStatus.CANCELED

    @property
    def kind(self) -> str:
        return str(self._asked["kind"])

    @property
    def request(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._asked["request"]
        return found

    @property
    def tables(self) -> tuple[TableId, ...]:
        return tuple(TableId(schema, name) for schema, name in self._asked["tables"])

    @property
    def _asked(self) -> Mapping[str, Any]:
        return self.run.run_config


class JobStore:
    """Writes and reads jobs. Numbers are given by one process at a time: jobs.py holds a lock on DAGSTER_HOME."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self._lock = threading.Lock()

    def add(self, kind: str, request: Mapping[str, Any], tables: tuple[TableId, ...]) -> StoredJob:
        """Keep a job that is to be launched, under the next number."""
        with self._lock:
            newest = self.page(1)
            number = newest[0].number + 1 if newest else 1
            asked = {"kind": kind, "request": dict(request), "tables": [[t.schema, t.name] for t in tables]}
            tags = {NUMBER_TAG: str(number), **NO_RETRIES}
            run_id = make_new_run_id()
            self.instance.add_run(dg.DagsterRun(job_name=API_JOB, run_id=run_id, run_config=asked, tags=tags))
        return self.get(number)

    def get(self, number: int) -> StoredJob:
        """The job as it is now.

        Raises:
            KeyError: there is none.
        """
        found = self._records({NUMBER_TAG: str(number)}, 1)
        if not found:
            raise KeyError(number)
        return found[0]

    def page(self, limit: int, before: int | None = None) -> list[StoredJob]:
        """Jobs from the newest on, or from the one before `before`."""
        cursor = None if before is None else self.get(before).run.run_id
        return self._records({}, limit, cursor)

    def unfinished(self) -> list[StoredJob]:
        """Those that an earlier process left, oldest first."""
        statuses = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED]
        filters = dg.RunsFilter(job_name=API_JOB, statuses=statuses)
        return [_job(record) for record in self.instance.get_run_records(filters, ascending=True)]

    def begin(self, job: StoredJob) -> None:
        self._event(job, DagsterEventType.RUN_START, "The job began.")

    def tell(self, job: StoredJob, result: TableResult) -> None:
        """Keep what became of a table."""
        data = EngineEventData({_RESULT: dg.MetadataValue.json(result.to_dict())})
        with self._lock:
            self.instance.report_engine_event(f"{result.table}: {result.status} {result.error}", job.run, data)

    def succeed(self, job: StoredJob) -> None:
        self._event(job, DagsterEventType.RUN_SUCCESS, "Every table is certified.")

    def fail(self, job: StoredJob, error: str) -> None:
        with self._lock:
            self.instance.report_run_failed(job.run, error)

    def cancel(self, job: StoredJob) -> None:
        with self._lock:
            self.instance.report_run_canceled(job.run, "Cancelled through the API.")

    def results(self, job: StoredJob) -> dict[str, Mapping[str, Any]]:
        """What became of each table that is done, by its full name."""
        entries = self.instance.all_logs(job.run.run_id, of_type=DagsterEventType.ENGINE_EVENT)
        events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
        told: list[Any] = [event.engine_event_data.metadata.get(_RESULT) for event in events]
        return {found.value["table"]: found.value for found in told if found is not None}

    def error(self, job: StoredJob) -> str:
        """Why it failed; empty if it did not."""
        kinds = {DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED}
        entries = self.instance.all_logs(job.run.run_id, of_type=kinds)
        return next((e.dagster_event.message or "" for e in reversed(entries) if e.dagster_event), "")

    def _records(self, tags: Mapping[str, str], limit: int, cursor: str | None = None) -> list[StoredJob]:
        filters = dg.RunsFilter(job_name=API_JOB, tags=dict(tags))
        return [_job(record) for record in self.instance.get_run_records(filters, limit=limit, cursor=cursor)]

    def _event(self, job: StoredJob, kind: DagsterEventType, message: str) -> None:
        event = DagsterEvent(event_type_value=kind.value, job_name=API_JOB, message=message)
        with self._lock:
            self.instance.report_dagster_event(event, job.run.run_id)


def _job(record: dg.RunRecord) -> StoredJob:
    run = record.dagster_run
    number = int(run.tags[NUMBER_TAG])
    return StoredJob(number, run, record.create_timestamp.timestamp(), record.start_time, record.end_time)
