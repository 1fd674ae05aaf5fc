"""`report`: the page for whoever asks what was copied, and its verification."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.cli.choosing import Everything, Exclude, Include, Schemas, TableList, Tables, Target, chosen
from mssql_starrocks.cli.shared import FAILED, ConfigOption, JsonOption, app, screen, tell_json, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError, HomeError, SelectionError
from mssql_starrocks.manifest_file import needed_manifest
from mssql_starrocks.printable import one_line
from mssql_starrocks.selection import Selection, chains_of, select
from mssql_starrocks.settings import TargetSettings

if TYPE_CHECKING:
    from mssql_starrocks.report import Verification
    from mssql_starrocks.report.gather import Measures


@app.command()
def report(
    tables: Tables = None,
    schema: Schemas = None,
    everything: Everything = False,
    include: Include = None,
    exclude: Exclude = None,
    table_list: TableList = None,
    target: Target = None,
    out: Annotated[str, typer.Option(help="the page: a file, or s3://bucket/key.html")] = "report.html",
    evidence: Annotated[str | None, typer.Option(help="the evidence file; beside the page otherwise")] = None,
    verify: Annotated[Path | None, typer.Option(help="take the evidence of this file again and compare")] = None,
    config: ConfigOption = Path(DEFAULT_FILE),
    as_json: JsonOption = False,
) -> None:
    """Prove tables again from lake and StarRocks, and write a page and an evidence file (JSON).

    SQL Server is not asked. Exit codes: 0 certified (or it still holds), 1 not, 2 wrong use.

    Examples: mssql-starrocks report --all --out report.html; mssql-starrocks report --verify report.json
    """
    with told(as_json=as_json):
        selection = chosen(tables, schema, everything, include, exclude, table_list)
        if verify is not None:
            if selection != Selection():
                raise SelectionError("--verify takes the tables from the report; name none.")
            raise typer.Exit(0 if _verified(verify, target, config, as_json=as_json) else FAILED)
        if out.endswith(".json"):
            raise ConfigError(f"--out {out} is the page: name it .html; --evidence names the JSON")
        raise typer.Exit(0 if _written(selection, target, out, evidence, config, as_json=as_json) else FAILED)


def _words(selection: Selection) -> str:
    """What was asked for, for the head of the page."""
    named = [*selection.tables, *(f"schema {name}" for name in selection.schemas)]
    words = "all tables" if selection.everything or not named else ", ".join(named)
    narrowed = [*(f"only {name}" for name in selection.include), *(f"without {name}" for name in selection.exclude)]
    return ", ".join([words, *narrowed])


def _written(
    selection: Selection, target: str | None, out: str, evidence: str | None, file: Path, *, as_json: bool
) -> bool:
    from mssql_starrocks import report as reports

    settings, config = TargetSettings.load(), Config.load(file)
    manifest = needed_manifest(config, file)
    wanted = select(selection, manifest, config)
    config = config.with_target(wanted, target)
    chains, refused = chains_of(wanted, manifest, config, settings.starrocks.database)
    asked = reports.Asked(_words(selection), chains, refused, manifest, config)
    with _measures() as measures:
        made = reports.gather(asked, settings.lake, settings.starrocks, measures)
    written = reports.write(made, out, evidence, settings.lake)
    if as_json:
        tell_json({"version": 1, "certified": made.certified, "signature": made.signature,
                   **asdict(made.summary), **{what: location for what, location, _ in written}})  # fmt: skip
        return made.certified
    for what, location, size in written:
        screen.print(f"{what}: {location} ({size / 1024:,.0f} KiB)", markup=False, soft_wrap=True)
    summary = made.summary
    screen.print(f"{summary.certified_tables} of {summary.tables} tables certified, {summary.rows:,} rows",
                 style="green" if made.certified else "red")  # fmt: skip
    return made.certified


@contextmanager
def _measures() -> Iterator[Measures]:
    """From the Dagster instance of DAGSTER_HOME, where there is one."""
    from mssql_starrocks.report.gather import nothing_measured

    home = os.environ.get("DAGSTER_HOME")
    if not home:
        yield nothing_measured
        return
    from mssql_starrocks.orchestration.launch.home import explained, opened
    from mssql_starrocks.orchestration.measures import recorded

    with ExitStack() as stack:
        try:
            instance = stack.enter_context(opened(Path(home)))
        except (ConfigError, HomeError) as error:
            raise type(error)(f"{error} Unset it to report without times.") from None
        stack.enter_context(explained(Path(home)))
        yield recorded(instance)


def _verified(file: Path, target: str | None, config: Path, *, as_json: bool) -> bool:
    from mssql_starrocks import report as reports
    from mssql_starrocks.report.document import load

    stated, misfits = load(file)
    settings, options = TargetSettings.load(), Config.load(config)
    manifest = needed_manifest(options, config)
    options = options.with_target((table.table for table in stated.evidence), target)
    planned = plan_chains(manifest, options, settings.starrocks.database)
    found = reports.verify(stated, misfits, planned, settings.lake, settings.starrocks)
    if as_json:
        tables = [{"table": str(one.table), "holds": one.holds, "reasons": list(one.reasons)} for one in found.tables]
        tell_json({"version": 1, "holds": found.holds, "signature": found.signature, "stated": stated.signature,
                   "misfits": list(found.misfits), "tables": tables})  # fmt: skip
    else:
        _show(found, stated.signature)
    return found.holds


def _show(found: Verification, signature: str) -> None:
    for table in found.tables:
        if table.holds:
            screen.print(f"{table.table}: holds", markup=False, soft_wrap=True)
        for reason in table.reasons:
            screen.print(one_line(f"{table.table}: {reason}"), markup=False, style="red", soft_wrap=True)
    for misfit in found.misfits:
        screen.print(one_line(f"the file: {misfit}"), markup=False, style="red", soft_wrap=True)
    now = "as in the report" if found.signature == signature else f"now; the report says {signature}"
    screen.print(f"signature {found.signature}, {now}", markup=False, soft_wrap=True)
    good = sum(table.holds for table in found.tables)
    screen.print(f"{good} of {len(found.tables)} tables hold", style="green" if found.holds else "red")
