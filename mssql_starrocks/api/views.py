"""A job as it is answered: from run storage, and what running tables are at from this process."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mssql_starrocks.api import answers
from mssql_starrocks.api.jobs import Jobs
from mssql_starrocks.api.store import StoredJob
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.launch.stored import runs_of_job, table_of, table_result
from mssql_starrocks.settings import redacted

_FIELDS = answers.TableProgress.model_fields.keys()


class Views:
    """Of the jobs of one deployment; `webserver` is where Dagster's UI is, if that is known."""

    def __init__(self, jobs: Jobs, webserver: WebserverAddress | None) -> None:
        self._jobs = jobs
        self._ui = webserver

    def job(self, job: StoredJob) -> answers.Job:
        return answers.Job.model_validate(self._job(job))

    def status(self, job: StoredJob, offset: int, limit: int) -> answers.JobStatus:
        done = self._jobs.store.results(job)
        under_way = {} if len(done) == len(job.tables) else self._under_way(job, done)
        states = [self._state(table, done, under_way) for table in job.tables]
        progress = _progress(states)
        until = offset + limit
        return answers.JobStatus.model_validate({
            **self._job(job),
            "error": redacted(self._jobs.store.error(job)) if job.status == "failed" else None,
            "result": _result(job, progress),
            "progress": progress,
            "tables": [self._table(table, state) for table, state in
                       zip(job.tables[offset:until], states[offset:until], strict=True)],
            "next_offset": until if until < len(states) else None,
        })  # fmt: skip

    def _job(self, job: StoredJob) -> dict[str, Any]:
        return {
            "job_id": job.number,
            "status": job.status,
            "kind": job.kind,
            "cancelled": job.cancelled,
            "request": dict(job.request),
            "created_at": _moment(job.created),
            "started_at": _moment(job.started),
            "ended_at": _moment(job.ended),
            "run_id": job.run.run_id,
            "run_url": self._url(job.run.run_id),
        }

    def _under_way(self, job: StoredJob, done: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Tables whose run was launched and that are not done: what their run has told until now."""
        found = {}
        moments = self._jobs.moments(job.number)
        instance = self._jobs.store.instance
        for record in runs_of_job(instance, job.run.run_id):
            name = str(table_of(record.dagster_run.tags))
            if name not in done:
                told = table_result(instance, record).to_dict()
                found[name] = {**told, "status": "running", "stage": moments.get(name), "error": ""}
        return found

    def _state(
        self, table: TableId, done: Mapping[str, Mapping[str, Any]], under_way: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        return done.get(str(table)) or under_way.get(str(table)) or {"status": "pending"}

    def _table(self, table: TableId, state: Mapping[str, Any]) -> dict[str, Any]:
        told = {name: value for name, value in state.items() if name in _FIELDS}
        names = {"table": str(table), "source_schema": table.schema, "table_name": table.name}
        return {**told, **names, "error": redacted(state.get("error", "")), "run_url": self._url(state.get("run_id"))}

    def _url(self, run_id: str | None) -> str | None:
        return self._ui.run(run_id) if self._ui and run_id else None


def _progress(states: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    count = Counter(state["status"] for state in states)
    return {
        "tables": len(states),
        "pending": count["pending"],
        "running": count["running"],
        "certified": count["certified"] + count["current"],
        "failed": count["failed"],
        "rows": sum(state.get("rows") or 0 for state in states),
    }


def _result(job: StoredJob, progress: Mapping[str, int]) -> dict[str, Any] | None:
    if job.status not in ("completed", "failed"):
        return None
    return {
        "status": job.status,
        "certified": job.status == "completed",
        "rows": progress["rows"],
        "tables": progress["tables"],
        "certified_tables": progress["certified"],
        "failed_tables": progress["failed"],
        "duration_seconds": round((job.ended or 0) - (job.started or job.ended or 0), 3),
    }


def _moment(seconds: float | None) -> str | None:
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat() if seconds else None
