"""Routes that change nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse

from mssql_starrocks import report, stages
from mssql_starrocks.api import answers
from mssql_starrocks.api.jobs import Jobs
from mssql_starrocks.api.requests import Name, quoted
from mssql_starrocks.api.shared import Before, JobId, Limit, Offset, TheJobs, TheViews, found_job, problems
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.errors import KeyRefusedError, TypeRefusedError
from mssql_starrocks.orchestration.launch.job import Job
from mssql_starrocks.orchestration.launch.prepare import Options
from mssql_starrocks.orchestration.measures import recorded
from mssql_starrocks.report.document import to_json
from mssql_starrocks.report.surroundings import shown_settings
from mssql_starrocks.selection import Selection, select
from mssql_starrocks.settings import redacted
from mssql_starrocks.stages.outlook import outlooks

open_router = APIRouter(tags=["service"])
router = APIRouter()
Schema = Annotated[Name, Query(description="SQL Server schema", examples=["sales"])]
AnySchema = Annotated[Name | None, Query(description="only this SQL Server schema", examples=["sales"])]
TableName = Annotated[Name, Query(examples=["orders"])]
AnyTable = Annotated[Name | None, Query(description="only this table", examples=["orders"])]


@open_router.get("/health", responses={503: {"model": answers.Health, "description": "Run storage does not answer"}})
def health(request: Request, response: Response, jobs: TheJobs) -> answers.Health:
    """Whether the service and its store of jobs answer; open to everybody, so it says nothing else."""
    try:
        jobs.store.page(1)
    except Exception:  # whatever a storage raises
        response.status_code = 503
    status: Any = "healthy" if response.status_code is None else "unhealthy"
    return answers.Health(status=status, version=request.app.version)


@router.get("/", tags=["service"], responses=problems())
def root(request: Request) -> answers.Root:
    """What this is."""
    paths = sorted(request.app.openapi()["paths"])
    message = "mssql_starrocks: certified copies of SQL Server tables in StarRocks"
    return answers.Root(message=message, version=request.app.version, docs="/docs", endpoints=paths)


@router.get("/config", tags=["service"], responses=problems(503))
def config(jobs: TheJobs) -> answers.Configuration:
    """What is configured; of secrets only that they are set."""
    place = jobs.place()
    known = place.settings
    sections = {"mssql": known.mssql, "lake": known.lake, "starrocks": known.starrocks, "spark": known.spark}
    settings = {name: redacted(value) for name, value in shown_settings(sections)}
    chosen = place.config.model_dump(mode="json", exclude_defaults=True)
    return answers.Configuration(settings=settings, configuration=_redacted(chosen))


@router.get("/migration/status/{job_id}", tags=["jobs"], responses=problems(404))
def status(job_id: JobId, jobs: TheJobs, views: TheViews, limit: Limit = 100, offset: Offset = 0) -> answers.JobStatus:
    """A job: its status, error and result, and of each table its progress, rows, checks and Dagster run."""
    return views.status(found_job(jobs, job_id), offset, limit)


@router.get("/jobs", tags=["jobs"], responses=problems(404))
def list_jobs(jobs: TheJobs, views: TheViews, limit: Limit = 50, before: Before = None) -> answers.JobPage:
    """Jobs, the newest first."""
    if before is not None:
        found_job(jobs, before)
    found = jobs.store.page(limit + 1, before)
    more = found[limit - 1].number if len(found) > limit else None
    return answers.JobPage(jobs=[views.job(job) for job in found[:limit]], next_before=more)


@router.get("/tables", tags=["tables"], responses=problems(404, 503))
def tables(jobs: TheJobs, source_schema: AnySchema = None, limit: Limit = 100, offset: Offset = 0) -> answers.TablePage:
    """The tables that the configuration selects, and where each goes."""
    place = jobs.place()
    wanted = place.config.select(place.manifest)
    if source_schema is not None:
        chosen = set(select(Selection(schemas=(quoted(source_schema),)), place.manifest, place.config))
        wanted = tuple(table for table in wanted if table.id in chosen)
    page = place.manifest.with_tables(wanted[offset : offset + limit])
    chains, refused = plan_chains(page, place.config.taking_all(), place.settings.starrocks.database)
    planned, reasons = {c.table.id: c for c in chains}, {r.table: r.reason for r in refused}
    found = []
    for table in page.tables:
        chain = planned.get(table.id)
        names = {"table": str(table.id), "source_schema": table.id.schema, "table_name": table.id.name}
        goes = {"lake": ".".join(chain.names.lake), "target": ".".join(chain.names.warehouse),
                "engine": chain.engine} if chain else {"refused": reasons.get(table.id, "")}  # fmt: skip
        found.append(answers.Table.model_validate({**names, "rows": table.rows, "bytes": table.bytes, **goes}))
    until = offset + limit
    return answers.TablePage(tables=found, total=len(wanted), next_offset=until if until < len(wanted) else None)


@router.get("/plan", tags=["tables"], responses=problems(404, 503))
def plan(source_schema: Schema, table_name: TableName, jobs: TheJobs) -> answers.Plan:
    """What a copy of the table would make and change; nothing is copied."""
    settings = jobs.place().settings
    job = _chosen(jobs, source_schema, table_name)
    if job.refused:
        return answers.Plan(table=str(job.refused[0].table), refused=job.refused[0].reason)
    chain = job.chains[0]
    try:
        found = stages.plan(chain, None, settings.starrocks)
    except (TypeRefusedError, KeyRefusedError) as error:
        return answers.Plan(table=str(chain.table.id), refused=str(error))
    seen = next(iter(outlooks(job.chains, settings)))
    return answers.Plan(
        table=str(chain.table.id), plan=jsonable_encoder(asdict(found)), outlook=jsonable_encoder(asdict(seen))
    )


@router.get(
    "/report",
    tags=["tables"],
    responses={**problems(404, 503), 200: {"content": {"text/html": {}}}},
)
def report_of(
    source_schema: Schema, jobs: TheJobs, table_name: AnyTable = None, form: Literal["html", "json"] = "html"
) -> Response:
    """Prove tables again from lake and StarRocks: one page, or its JSON (docs/report.md)."""
    settings = jobs.place().settings
    job = _chosen(jobs, source_schema, table_name)
    words = quoted(source_schema, table_name) if table_name else f"schema {source_schema}"
    asked = report.Asked(words, job.chains, job.refused, job.manifest, job.config)
    made = report.gather(asked, settings.lake, settings.starrocks, recorded(jobs.store.instance))
    if form == "json":
        return Response(to_json(made), media_type="application/json")
    return HTMLResponse(report.render(made))


def _chosen(jobs: Jobs, schema: str, table: str | None) -> Job:
    place = jobs.place()
    selection = Selection((quoted(schema, table),)) if table else Selection(schemas=(quoted(schema),))
    return place.job(selection, Options(), place.settings.starrocks.database)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner) for inner in value]
    return redacted(value) if isinstance(value, str) else value
