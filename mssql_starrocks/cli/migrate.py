"""`migrate` and `validate`: launch the chains' Dagster assets, or their checks alone."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mssql_starrocks.cli import completing
from mssql_starrocks.cli.choosing import (
    Engine,
    Everything,
    Exclude,
    Include,
    Schemas,
    TableList,
    Tables,
    Target,
    chosen,
    tell_unmatched,
)
from mssql_starrocks.cli.dry_run import show_plan
from mssql_starrocks.cli.shared import (
    FAILED,
    ConfigOption,
    JsonOption,
    app,
    errors,
    screen,
    tell_json,
    told,
)
from mssql_starrocks.cli.stopping import INTERRUPTED
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError, SelectionError
from mssql_starrocks.settings import load_dotenv

if TYPE_CHECKING:
    from mssql_starrocks.orchestration.launch.prepare import Options
    from mssql_starrocks.orchestration.launch.results import MigrationResult
    from mssql_starrocks.selection import Selection

ResumeFrom = Annotated[
    str | None,
    typer.Option(
        metavar="TABLE", help="begin with this table, in the manifest's order", autocompletion=completing.tables
    ),
]
SkipUntil = Annotated[
    str | None,
    typer.Option(metavar="TABLE", help="begin with the table after this one", autocompletion=completing.tables),
]
OnlyLake = Annotated[bool, typer.Option("--only-lake", help="up to the published Iceberg table")]
OnlyWarehouse = Annotated[bool, typer.Option("--only-warehouse", help="from the published Iceberg table to StarRocks")]
Parallel = Annotated[int, typer.Option(min=1, help="tables at a time")]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="the tables of this plan, if it still holds; no others")
]
WebserverUrl = Annotated[
    str | None, typer.Option("--webserver", metavar="URL", help="launch there; DAGSTER_WEBSERVER_URL otherwise")
]


@app.command()
def migrate(
    tables: Tables = None,
    schema: Schemas = None,
    everything: Everything = False,
    include: Include = None,
    exclude: Exclude = None,
    table_list: TableList = None,
    plan: PlanFile = None,
    resume: Annotated[bool, typer.Option("--resume", help="skip tables whose copy is what the source holds")] = False,
    resume_from: ResumeFrom = None,
    skip_until: SkipUntil = None,
    only_lake: OnlyLake = False,
    only_warehouse: OnlyWarehouse = False,
    engine: Engine = None,
    target: Target = None,
    parallel: Parallel = 4,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be done; launch nothing")] = False,
    webserver: WebserverUrl = None,
    config: ConfigOption = Path(DEFAULT_FILE),
    as_json: JsonOption = False,
) -> None:
    """Copy tables and prove the copies: one Dagster run per table, here or through a running webserver.

    Exit code 0 when every table is certified, 1 when one is not, 2 for wrong use.

    Example: mssql-starrocks migrate --schema sales --exclude "*.tmp_*" --resume --parallel 4
    """
    with told(as_json=as_json):
        selection = chosen(tables, schema, everything, include, exclude, table_list, resume_from, skip_until)
        options = _options(only_lake, only_warehouse, parallel, resume=resume, engine=engine, target=target)
        _launch(selection, options, config, webserver, as_json=as_json, dry_run=dry_run, plan=plan)


@app.command()
def validate(
    tables: Tables = None,
    schema: Schemas = None,
    everything: Everything = False,
    include: Include = None,
    exclude: Exclude = None,
    table_list: TableList = None,
    only_lake: OnlyLake = False,
    only_warehouse: OnlyWarehouse = False,
    target: Target = None,
    parallel: Parallel = 4,
    webserver: WebserverUrl = None,
    config: ConfigOption = Path(DEFAULT_FILE),
    as_json: JsonOption = False,
) -> None:
    """Run the checks of tables that were copied, against lake and StarRocks as they are now; nothing is copied.

    Exit code 0 when every check passed, 1 when one did not, 2 for wrong use.

    Example: mssql-starrocks validate sales.orders "hr.*"
    """
    with told(as_json=as_json):
        selection = chosen(tables, schema, everything, include, exclude, table_list)
        options = _options(only_lake, only_warehouse, parallel, proofs_only=True, target=target)
        _launch(selection, options, config, webserver, as_json=as_json)


def _options(only_lake: bool, only_warehouse: bool, parallel: int, **more: Any) -> Options:
    from mssql_starrocks.orchestration.launch.prepare import Options

    if only_lake and only_warehouse:
        raise ConfigError("--only-lake and --only-warehouse exclude each other; without both the whole chain runs")
    part: Any = "lake" if only_lake else "warehouse" if only_warehouse else "all"
    return Options(part, parallel=parallel, **more)


def _launch(
    selection: Selection,
    options: Options,
    file: Path,
    webserver: str | None,
    *,
    as_json: bool,
    dry_run: bool = False,
    plan: Path | None = None,
) -> None:
    from mssql_starrocks.orchestration.launch.prepare import Workplace
    from mssql_starrocks.terminal import live_tables

    load_dotenv()
    place, said = Workplace(Config.load(file), file), errors if as_json else screen
    webserver, home = webserver or os.environ.get("DAGSTER_WEBSERVER_URL"), os.environ.get("DAGSTER_HOME")
    database = os.environ.get("STARROCKS_DATABASE")
    if plan:
        selection = _of_plan(plan, selection, webserver, lambda: place.planned(plan, options, database))
    elif place.discovered:
        said.print("no manifest yet: reading the source's catalog (mssql-starrocks discover keeps it)", markup=False)
    tell_unmatched(place.config, file, place.manifest)
    job = place.job(selection, options, database, webserver)
    if dry_run:
        raise typer.Exit(0 if show_plan(place, job, as_json=as_json) else FAILED)
    with live_tables(said, len(job.chains) + len(job.refused)) as watch:
        result = place.run(job, watch, webserver=webserver, home=Path(home) if home else None)
    if as_json:
        tell_json(result.to_dict())
    _summary(said, result)
    _end(result)


def _of_plan(
    file: Path, selection: Selection, webserver: str | None, planned: Callable[[], tuple[str, ...]]
) -> Selection:
    """The plan's tables, in the place of names; include, exclude and where to begin still narrow them down."""
    if selection.tables or selection.schemas or selection.everything:
        raise SelectionError(f"--plan takes the tables from {file}: name none, or narrow them by --include, --exclude.")
    if webserver:
        raise ConfigError("--plan cannot be kept through a webserver: its code location has a configuration and a "
                          "manifest of its own.")  # fmt: skip
    return replace(selection, tables=planned())


def _summary(said: Console, result: MigrationResult) -> None:
    """The number of tables, and on a terminal again those that failed: their lines may have scrolled away."""
    from mssql_starrocks.terminal import result_line

    if said.is_terminal and len(result.tables) > len(result.failed) > 0:
        for table in result.failed:
            said.print(result_line(table), soft_wrap=True, highlight=False)
    good, current = len(result.tables) - len(result.failed), sum(bool(t.skipped) for t in result.tables)
    text = f"{good} of {len(result.tables)} tables certified" + (
        f", {current} of them current before" if current else ""
    )
    said.print(f"{text}; {result.rows:,} rows, {result.seconds:.1f} s", style="green" if result.certified else "red")


def _end(result: MigrationResult) -> None:
    from mssql_starrocks.orchestration.launch.launch import THREAD

    if result.stopped:
        errors.print("stopped")
        if any(thread.name == THREAD for thread in threading.enumerate()):  # in a driver's call that does not end
            sys.stdout.flush()
            os._exit(INTERRUPTED)
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if result.certified else FAILED)
