"""What the routes share: who answers, pages, and the errors that the OpenAPI document tells of."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError

from mssql_starrocks.api.answers import Problem, WrongFields
from mssql_starrocks.api.jobs import Jobs
from mssql_starrocks.api.store import StoredJob
from mssql_starrocks.api.views import Views
from mssql_starrocks.errors import SelectionError

_MOST = 2**31 - 1
_KNOWN: dict[int, str] = {
    400: "The body is no JSON",
    401: "No token, or a wrong one",
    403: "No token is asked for, and a page of another site asked",
    404: "No such job, table or schema; nothing was launched",
    409: "Another job is in the way, or the job has ended",
    503: "SQL Server, lake, StarRocks or Dagster's storage refuses or does not answer, or the configuration is wrong",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route; 401 and 403 are always there."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": _KNOWN[status]} for status in (401, 403, *statuses)
    }
    return {**found, 422: {"model": WrongFields, "description": "Wrong or unknown fields, named"}}


def _jobs(request: Request) -> Jobs:
    found: Jobs = request.app.state.jobs
    return found


def _views(request: Request) -> Views:
    found: Views = request.app.state.views
    return found


def known_parameters(request: Request) -> None:
    """Refuse what the route does not know: a misspelt parameter would be ignored.

    Raises:
        RequestValidationError: names each.
    """
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    wrong = [{"loc": ("query", name), "msg": f"There is no such parameter; known: {', '.join(sorted(known)) or 'none'}",
              "type": "extra_forbidden"} for name in request.query_params if name not in known]  # fmt: skip
    if wrong:
        raise RequestValidationError(wrong)


TheJobs = Annotated[Jobs, Depends(_jobs)]
TheViews = Annotated[Views, Depends(_views)]
JobId = Annotated[int, Path(ge=1, le=_MOST, examples=[1])]
Limit = Annotated[int, Query(ge=1, le=1000, description="of one page")]
Offset = Annotated[int, Query(ge=0, le=_MOST, description="where the page begins")]
Before = Annotated[int | None, Query(ge=1, le=_MOST, description="only jobs before this one")]


def found_job(jobs: Jobs, number: int) -> StoredJob:
    """The job.

    Raises:
        SelectionError: there is none.
    """
    try:
        return jobs.store.get(number)
    except KeyError:
        raise SelectionError(f"There is no job {number}.") from None
