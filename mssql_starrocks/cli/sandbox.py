"""`sandbox`, `demo`, `ui`: everything on this machine, without accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from mssql_starrocks.cli.shared import app, screen, tell_json, told


@app.command()
def sandbox(
    sample: Annotated[bool, typer.Option(help="fill the sample database")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="the settings as JSON instead of lines for .env")] = False,
) -> None:
    """Run SQL Server, StarRocks, Glue and S3 stand-ins on loopback until Ctrl-C, and print the settings to use.

    Example: mssql-starrocks sandbox > .env
    """
    from mssql_starrocks.sandbox.stack import run_in_foreground

    with told(as_json=as_json):
        run_in_foreground(tell_json if as_json else _as_lines, sample=sample)


def _as_lines(settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        typer.echo(f"{name}={value}")


@app.command()
def demo(
    tables: Annotated[list[str] | None, typer.Argument(help="tables or patterns; all without")] = None,
    report: Annotated[str | None, typer.Option(help="write a report of the copy to this page")] = None,
) -> None:
    """Start the sandbox, copy its sample database through Dagster and show the proof.

    Example: mssql-starrocks demo
    """
    from mssql_starrocks.demo import run_demo

    with told():
        raise typer.Exit(0 if run_demo(tuple(tables or ()), screen, report) else 1)


@app.command()
def ui(port: Annotated[int, typer.Option(help="of the webserver")] = 3000) -> None:
    """Start the sandbox and Dagster's UI on loopback, the sample tables discovered.

    Example: mssql-starrocks ui --port 3000
    """
    from mssql_starrocks.demo import run_ui

    with told():
        raise typer.Exit(run_ui(port, screen))
