"""The application: routes, who may ask, and how errors are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.trustedhost import TrustedHostMiddleware

from mssql_starrocks.api import changing, looking
from mssql_starrocks.api.jobs import ConflictError, Jobs
from mssql_starrocks.api.security import OtherSitesRefused, TokenRequired
from mssql_starrocks.api.shared import known_parameters
from mssql_starrocks.api.views import Views
from mssql_starrocks.errors import MssqlStarrocksError, SelectionError
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.launch.home import unusable
from mssql_starrocks.settings import redacted

_ASKED = [
    Depends(HTTPBearer(auto_error=False, description="checked before any route (security.py)")),
    Depends(known_parameters),
]
_DESCRIPTION = "Copies SQL Server tables through Iceberg to StarRocks and proves the copies. A job is a Dagster run."


def create_app(jobs: Jobs, token: str | None, webserver: WebserverAddress | None = None) -> FastAPI:
    """The application over jobs that are open.

    Args:
        jobs: as `with Jobs(...) as jobs` gives them.
        token: what callers must show; None for a loopback address that everybody on the machine may use.
        webserver: where Dagster's UI is, for links.
    """
    app = FastAPI(title="mssql-starrocks", version=version("mssql_starrocks"), description=_DESCRIPTION, redoc_url=None)
    app.state.jobs, app.state.views = jobs, Views(jobs, webserver)
    app.include_router(looking.open_router)
    app.include_router(looking.router, dependencies=_ASKED)
    app.include_router(changing.router, dependencies=_ASKED)
    for error, answer in _ERRORS.items():
        app.add_exception_handler(error, answer)
    if token is None:  # else a script of another site may call us, also by a name of its own (DNS rebinding)
        app.add_middleware(OtherSitesRefused)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    else:
        app.add_middleware(TokenRequired, token=token)
    return app


def _not_found(_: Request, error: Exception) -> JSONResponse:
    return _problem(404, error)


def _conflict(_: Request, error: Exception) -> JSONResponse:
    return _problem(409, error)


def _behind(_: Request, error: Exception) -> JSONResponse:
    """SQL Server, lake or StarRocks refused, or the configuration is wrong."""
    return _problem(503, error)


def _storage(request: Request, error: Exception) -> JSONResponse:
    """Dagster's storage does not answer, or its disk is full."""
    return _problem(503, unusable(request.app.state.jobs.home, error))


def _wrong(_: Request, error: Exception) -> JSONResponse:
    """FastAPI's own answer repeats the input, which need not be Unicode."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    wrong = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in found]
    if any(e["type"] == "json_invalid" for e in wrong):
        return JSONResponse({"detail": "The body is no JSON"}, 400)
    return JSONResponse({"detail": wrong}, 422)


def _problem(status: int, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": redacted(str(error))}, status)


_ERRORS: Mapping[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
    SelectionError: _not_found,
    ConflictError: _conflict,
    MssqlStarrocksError: _behind,
    SQLAlchemyError: _storage,
    RequestValidationError: _wrong,
}
