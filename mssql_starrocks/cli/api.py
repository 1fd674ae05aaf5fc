"""`api`: the REST service."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from mssql_starrocks.cli.shared import ConfigOption, JsonOption, app, errors, tell_json, told
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
    as_json: JsonOption = False,
) -> None:
    """Serve the REST API; DAGSTER_HOME keeps its jobs (docs/api.md).

    The token is MSSQL_STARROCKS_API_TOKEN; without it one is made and told once, now. With --json the document comes
    when it serves, with a token that was made.

    Example: MSSQL_STARROCKS_API_TOKEN=... mssql-starrocks api --port 8000
    """
    with told(as_json=as_json):
        load_dotenv()
        home = os.environ.get("DAGSTER_HOME")
        if not home:
            raise ConfigError("DAGSTER_HOME is not set: it is the only store of jobs. Set it to a folder that exists.")
        _serve(host, port, jobs, config, Path(home), with_token=token, as_json=as_json)


def _serve(host: str, port: int, at_once: int, file: Path, home: Path, *, with_token: bool, as_json: bool) -> None:
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

    given = os.environ.get(TOKEN_VARIABLE) or None if with_token else None
    check_token(given, host)
    settings = Settings.load()
    refuse_busy(port, host)
    made = secrets.token_urlsafe(24) if with_token and not given else None
    if made and not as_json:
        errors.print(f"Token, told this once (set {TOKEN_VARIABLE} to choose it): {made}", markup=False, soft_wrap=True)
    webserver = os.environ.get("DAGSTER_WEBSERVER_URL") or Config.load(file).webserver
    address = WebserverAddress.parse(webserver) if webserver else None

    class Telling(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                _tell_serving(f"http://{f'[{host}]' if ':' in host else host}:{port}", made, as_json=as_json)

    with Jobs(lambda: Workplace(Config.load(file), file, lambda: settings), settings, home, at_once) as jobs:
        app = create_app(jobs, given or made, address)
        with suppress(KeyboardInterrupt):  # it has ended in order by then, and raises Ctrl-C again
            Telling(uvicorn.Config(app, host, port, log_level="warning", server_header=False)).run()


def _tell_serving(url: str, made: str | None, *, as_json: bool) -> None:
    if as_json:
        tell_json({"version": 1, "url": url, "docs": f"{url}/docs", **({"token": made} if made else {})})
    else:
        errors.print(f"serving {url}, its documentation is /docs; Ctrl-C ends it", soft_wrap=True)
