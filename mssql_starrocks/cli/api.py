"""`api`: the REST service."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from mssql_starrocks.cli.shared import ConfigOption, app, errors, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.settings import Settings, load_dotenv


@app.command()
def api(
    host: Annotated[
        str, typer.Option(help="address; others than loopback need MSSQL_STARROCKS_API_TOKEN")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    jobs: Annotated[int, typer.Option(min=1, help="jobs at a time; others are pending")] = 4,
    token: Annotated[bool, typer.Option(help="--no-token: whoever is on this machine may ask; loopback only")] = True,
    config: ConfigOption = Path(DEFAULT_FILE),
) -> None:
    """Serve the REST API; DAGSTER_HOME keeps its jobs (docs/api.md).

    The token is MSSQL_STARROCKS_API_TOKEN; without it one is made and told once, now.

    Example: MSSQL_STARROCKS_API_TOKEN=... mssql-starrocks api --port 8000
    """
    with told():
        load_dotenv()
        home = os.environ.get("DAGSTER_HOME")
        if not home:
            raise ConfigError("DAGSTER_HOME is not set: it is the only store of jobs. Set it to a folder that exists.")
        _serve(host, port, jobs, config, Path(home), with_token=token)


def _token() -> str:
    """The one that is set; else a new one, told when all else is well."""
    from mssql_starrocks.api.security import TOKEN_VARIABLE

    if found := os.environ.get(TOKEN_VARIABLE):
        return found
    found = secrets.token_urlsafe(24)
    errors.print(f"Token, told this once (set {TOKEN_VARIABLE} to choose it): {found}", markup=False, soft_wrap=True)
    return found


def _serve(host: str, port: int, at_once: int, file: Path, home: Path, *, with_token: bool) -> None:
    try:
        import uvicorn

        from mssql_starrocks.api.app import create_app
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed: pip install 'mssql_starrocks[api]'") from None
    from mssql_starrocks.api.jobs import Jobs
    from mssql_starrocks.api.security import TOKEN_VARIABLE, check_token
    from mssql_starrocks.orchestration.address import WebserverAddress
    from mssql_starrocks.orchestration.launch.prepare import Workplace
    from mssql_starrocks.ports import refuse_busy

    check_token(os.environ.get(TOKEN_VARIABLE) or None if with_token else None, host)
    settings = Settings.load()
    refuse_busy(port, host)
    token = _token() if with_token else None
    webserver = os.environ.get("DAGSTER_WEBSERVER_URL") or Config.load(file).webserver
    address = WebserverAddress.parse(webserver) if webserver else None

    class Telling(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                errors.print(
                    f"serving http://{host}:{port}, its documentation is /docs; Ctrl-C ends it", soft_wrap=True
                )

    with Jobs(lambda: Workplace(Config.load(file), file, lambda: settings), settings, home, at_once) as jobs:
        app = create_app(jobs, token, address)
        with suppress(KeyboardInterrupt):  # it has ended in order by then, and raises Ctrl-C again
            Telling(uvicorn.Config(app, host, port, log_level="warning", server_header=False)).run()
