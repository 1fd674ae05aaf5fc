"""Routes that launch or end something."""

from __future__ import annotations

from fastapi import APIRouter

from mssql_starrocks.api import answers, requests
from mssql_starrocks.api.jobs import Jobs
from mssql_starrocks.api.shared import JobId, TheJobs, TheViews, found_job, problems

router = APIRouter(tags=["jobs"])
_REFUSED = problems(400, 404, 409, 503)


@router.post("/migrate/table", responses=_REFUSED)
def migrate_table(body: requests.MigrateTable, jobs: TheJobs) -> answers.Accepted:
    """Copy one table and prove the copy."""
    return _accepted(jobs, body)


@router.post("/migrate/schema", responses=_REFUSED)
def migrate_schema(body: requests.MigrateSchema, jobs: TheJobs) -> answers.Accepted:
    """Copy a schema, or some of its tables; one that fails does not stop the others."""
    return _accepted(jobs, body)


@router.post("/load/s3-to-starrocks", responses=_REFUSED)
def load(body: requests.LoadFromLake, jobs: TheJobs) -> answers.Accepted:
    """Load published Iceberg tables to StarRocks; SQL Server is not read."""
    return _accepted(jobs, body)


@router.post("/validate", responses=_REFUSED)
def validate(body: requests.Validate, jobs: TheJobs) -> answers.Accepted:
    """Run the checks alone, against lake and StarRocks as they are now."""
    return _accepted(jobs, body)


@router.post("/jobs/{job_id}/cancel", responses=problems(404, 409))
def cancel(job_id: JobId, jobs: TheJobs, views: TheViews) -> answers.Job:
    """End a job: what is pending is not launched, what runs ends within some seconds, what was published stays."""
    found_job(jobs, job_id)
    return views.job(jobs.cancel(job_id))


def _accepted(jobs: Jobs, body: requests.Request) -> answers.Accepted:
    job = jobs.submit(body)
    count = len(job.tables)
    return answers.Accepted(
        job_id=job.number,
        status="pending",
        message=f"{count} table{'s' if count > 1 else ''}",
        tables=count,
        notes=body.notes(),
        status_url=f"/migration/status/{job.number}",
    )
