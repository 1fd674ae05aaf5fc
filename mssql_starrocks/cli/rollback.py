"""`rollback`: take a table back to an earlier certified load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_jsonable_python

from mssql_starrocks.chain import Chain
from mssql_starrocks.cli import completing
from mssql_starrocks.cli.choosing import Target
from mssql_starrocks.cli.shared import (
    FAILED,
    ConfigOption,
    JsonOption,
    app,
    errors,
    screen,
    show_table,
    tell_json,
    told,
)
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError, MssqlStarrocksError, SelectionError
from mssql_starrocks.manifest_file import needed_manifest
from mssql_starrocks.model import LoadSummary, RollbackReport
from mssql_starrocks.selection import chains_of, select_one
from mssql_starrocks.settings import Settings

if TYPE_CHECKING:
    from mssql_starrocks.stages import SparkSource


@app.command()
def rollback(
    table: Annotated[
        str, typer.Argument(help="sales.orders, [sales].[orders], or orders", autocompletion=completing.tables)
    ],
    to: Annotated[str | None, typer.Option(help="load id; without it the load before the current one")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="show the loads that are there, change nothing")] = False,
    target: Target = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = Path(DEFAULT_FILE),
) -> None:
    """Take a table back to an earlier certified load, in the lake and in StarRocks, proven again on both sides.

    Example: mssql-starrocks rollback sales.orders --list
    """
    from mssql_starrocks import stages

    with told(as_json=as_json):
        if only_list and (to or yes):
            raise ConfigError("--list changes nothing: leave out --to and --yes")
        if as_json and not (yes or only_list):
            raise ConfigError("--json cannot ask: give --yes, too")
        settings = Settings.load()
        chain = _chain(table, target, config, settings)
        if only_list:
            _show(stages.loads(chain, settings.lake, settings.starrocks), as_json=as_json)
            return
        if not yes:
            _ask(chain, to, stages.loads(chain, settings.lake, settings.starrocks))
        with _spark(chain, settings) as spark:
            report = stages.rollback(chain, settings.lake, settings.starrocks, _say, to, spark)
        _tell(report, as_json=as_json)
        raise typer.Exit(0 if report.passed else FAILED)


def _ask(chain: Chain, to: str | None, loads: Sequence[LoadSummary]) -> None:
    """Somebody has to say yes, and to see what they say it to."""
    meant = [load for load in loads if load.load_id == to]
    if to and not meant:
        raise SelectionError(
            f"{chain.table.id} has no load {to}: see  mssql-starrocks rollback {chain.table.id} --list"
        )
    goal = f"load {to} ({meant[0].point}, {meant[0].rows:,} rows)" if meant else "the load before the current one"
    try:
        typer.confirm(f"Take {chain.table.id} back to {goal}, in the lake and in StarRocks?", abort=True)
    except typer.Abort:
        raise ConfigError("Nobody said yes, and nothing was changed; --yes says it in advance.") from None


@contextmanager
def _spark(chain: Chain, settings: Settings) -> Iterator[SparkSource | None]:
    """A session for the one loader that needs it; importing what makes it costs a second."""
    if chain.loader != "spark_jdbc":
        yield None
        return
    from mssql_starrocks.orchestration.resources import LazySpark

    spark = LazySpark(settings.spark)
    try:
        yield spark
    finally:
        spark.stop()


def _chain(name: str, target: str | None, file: Path, settings: Settings) -> Chain:
    config = Config.load(file)
    manifest = needed_manifest(config, file)
    wanted = [select_one(name, manifest, config)]
    config = config.with_target(wanted, target)
    chains, refused = chains_of(wanted, manifest, config, settings.starrocks.database)
    for table in refused:
        raise MssqlStarrocksError(table.reason)
    return chains[0]


def _say(line: str) -> None:
    errors.print(line, markup=False, soft_wrap=True)


def _show(loads: Sequence[LoadSummary], *, as_json: bool) -> None:
    if as_json:
        tell_json({"version": 1, "loads": [_plain(asdict(load)) for load in loads]})
        return
    rows = []
    for load in loads:
        held = [word for word, true in (("main", load.current), ("StarRocks", load.in_starrocks)) if true]
        where = ", ".join([*held, *(["StarRocks perhaps"] if load.in_starrocks is None else [])])
        rows.append((load.load_id, load.point, load.committed, load.grade, f"{load.rows:,}", where))
    show_table(("load", "point (source)", "committed (UTC)", "grade", "rows", ""), rows)


def _tell(report: RollbackReport, *, as_json: bool) -> None:
    if as_json:
        tell_json({"version": 1, "passed": report.passed, **_plain(asdict(report))})
        return
    for check in report.checks:
        screen.print(f"{check.name}: {'passed' if check.passed else 'FAILED'}. {check.summary}", markup=False)
    screen.print(f"{report.table}: load {report.load_id}, {report.rows:,} rows, {report.seconds:.1f} s", markup=False)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Snapshot ids as text: they are above 2^53, which other languages' JSON rounds."""
    found: dict[str, Any] = to_jsonable_python(fields)
    return {
        name: _plain(value) if isinstance(value, dict) else str(value) if name.endswith("snapshot_id") else value
        for name, value in found.items()
    }
