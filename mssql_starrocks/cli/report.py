"""`report`: the page for whoever asks what was copied, and its verification."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.cli.app import ConfigOption, app, screen, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError, SelectionError
from mssql_starrocks.model import Manifest
from mssql_starrocks.selection import Selection, select
from mssql_starrocks.settings import TargetSettings

if TYPE_CHECKING:
    from mssql_starrocks.report import Verification
    from mssql_starrocks.report.gather import Measures


@app.command()
def report(
    tables: Annotated[list[str] | None, typer.Argument(help="tables or patterns, such as sales.*")] = None,
    schema: Annotated[str | None, typer.Option(help="every table of a source schema")] = None,
    everything: Annotated[bool, typer.Option("--all", help="every table that the configuration selects")] = False,
    out: Annotated[str, typer.Option(help="the page: a file, or s3://bucket/key.html")] = "report.html",
    json: Annotated[str | None, typer.Option(help="the JSON; beside the page otherwise")] = None,
    verify: Annotated[Path | None, typer.Option(help="take the evidence of this JSON again and compare")] = None,
    config: ConfigOption = Path(DEFAULT_FILE),
) -> None:
    """Prove tables again from lake and StarRocks, and write one page and one JSON about it.

    SQL Server is not asked. Exit codes: 0 certified (or it still holds), 1 not, 2 wrong use.

    Examples: mssql-starrocks report --all --out report.html; mssql-starrocks report --verify report.json
    """
    with told():
        if verify is not None:
            if tables or schema or everything:
                raise SelectionError("--verify takes the tables from the report; name none.")
            raise typer.Exit(0 if _verified(verify, config) else 1)
        selection = Selection(tuple(tables or ()), (schema,) if schema else (), everything)
        raise typer.Exit(0 if _written(selection, out, json, config) else 1)


def _planned(file: Path, settings: TargetSettings) -> tuple[Config, Manifest, tuple[Chain, ...], tuple[Refused, ...]]:
    from mssql_starrocks.manifest_file import load_manifest, manifest_path

    config = Config.load(file)
    path = manifest_path(config, file)
    manifest = load_manifest(path)
    if manifest is None:
        raise ConfigError(f"{path} is not there: run  mssql-starrocks discover")
    return config, manifest, *plan_chains(manifest, config, settings.starrocks.database)


def _words(selection: Selection) -> str:
    """What was asked for, for the head of the page."""
    named = [*selection.tables, *(f"schema {name}" for name in selection.schemas)]
    return "all tables" if selection.everything else ", ".join(named)


def _written(selection: Selection, out: str, json: str | None, file: Path) -> bool:
    from mssql_starrocks import report as reports

    settings = TargetSettings.load()
    config, manifest, chains, refused = _planned(file, settings)
    wanted = set(select(selection, manifest, config))
    asked = reports.Asked(
        _words(selection),
        tuple(c for c in chains if c.table.id in wanted),
        tuple(r for r in refused if r.table in wanted),
        manifest,
        config,
    )
    with _measures() as measures:
        made = reports.gather(asked, settings.lake, settings.starrocks, measures)
    for what, location, size in reports.write(made, out, json, settings.lake):
        screen.print(f"{what}: {location} ({size / 1024:,.0f} KiB)", markup=False, soft_wrap=True)
    summary = made.summary
    screen.print(f"{summary.certified_tables} of {summary.tables} tables certified, {summary.rows:,} rows",
                 style="green" if made.certified else "red")  # fmt: skip
    return made.certified


@contextmanager
def _measures() -> Iterator[Measures]:
    """From the Dagster instance of DAGSTER_HOME, where there is one."""
    from mssql_starrocks.report.gather import nothing_measured

    if not os.environ.get("DAGSTER_HOME"):
        yield nothing_measured
        return
    import dagster as dg

    from mssql_starrocks.orchestration.measures import recorded

    try:
        instance = dg.DagsterInstance.get()
    except (dg.DagsterError, OSError) as error:
        raise ConfigError(f"DAGSTER_HOME: {' '.join(str(error).split())} Unset it to report without times.") from None
    with instance:
        yield recorded(instance)


def _verified(file: Path, config: Path) -> bool:
    from mssql_starrocks import report as reports
    from mssql_starrocks.report.document import load

    stated, misfits = load(file)
    settings = TargetSettings.load()
    _, _, chains, _ = _planned(config, settings)
    found = reports.verify(stated, misfits, {c.table.id: c for c in chains}, settings.lake, settings.starrocks)
    _show(found, stated.signature)
    return found.holds


def _show(found: Verification, signature: str) -> None:
    for table in found.tables:
        if table.holds:
            screen.print(f"{table.table}: holds", markup=False, soft_wrap=True)
        for reason in table.reasons:
            screen.print(f"{table.table}: {reason}", markup=False, style="red", soft_wrap=True)
    for misfit in found.misfits:
        screen.print(f"the file: {misfit}", markup=False, style="red", soft_wrap=True)
    now = "as in the report" if found.signature == signature else f"now; the report says {signature}"
    screen.print(f"signature {found.signature}, {now}", markup=False, soft_wrap=True)
    good = sum(table.holds for table in found.tables)
    screen.print(f"{good} of {len(found.tables)} tables hold", style="green" if found.holds else "red")
