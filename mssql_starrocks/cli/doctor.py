"""`doctor`: look at everything that a copy needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mssql_starrocks.cli.shared import FAILED, ConfigOption, JsonOption, app, screen, tell_json, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.settings import Settings

if TYPE_CHECKING:
    from mssql_starrocks.doctor import Finding

_STYLE = {"ok": "green", "warning": "yellow", "failed": "red"}


@app.command()
def doctor(
    config: ConfigOption = Path(DEFAULT_FILE),
    spark: Annotated[bool, typer.Option(help="also start a Spark session, which takes seconds")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check this machine, the configuration and every connection, and say what to do. Exit code 1 when one failed.

    Example: mssql-starrocks doctor
    """
    from mssql_starrocks.doctor import State, diagnose
    from mssql_starrocks.orchestration.resources import LazySpark
    from mssql_starrocks.orchestration.schedules import check_schedule

    with told(as_json=as_json):
        options, settings = Config.load(config), Settings.load()
        session = LazySpark(settings.spark) if spark else None
        found = []
        try:
            for finding in diagnose(settings, options, config, session, check_schedule):
                found.append(finding)
                if not as_json:
                    _show(finding)
        finally:
            if session:
                session.stop()
        if as_json:
            tell_json({"version": 1, "findings": [asdict(one) for one in found]})
        raise typer.Exit(FAILED if any(one.state is State.FAILED for one in found) else 0)


def _show(finding: Finding) -> None:
    state = finding.state.value
    screen.print(f"{state:8}", style=_STYLE[state], end="", highlight=False)
    screen.print(f"{finding.what}: {finding.text}", markup=False, highlight=False, soft_wrap=True)
    if finding.advice:
        screen.print(f"        {finding.advice}", markup=False, highlight=False, soft_wrap=True)
