"""`plan`: what a copy would be and what it would change, before any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mssql_starrocks.chain import Chain, Refused
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
from mssql_starrocks.cli.shared import ConfigOption, JsonOption, app, screen, show_table, tell_json, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import ConfigError, KeyRefusedError, TypeRefusedError
from mssql_starrocks.manifest_file import needed_manifest
from mssql_starrocks.model import Manifest, TablePlan
from mssql_starrocks.printable import one_line
from mssql_starrocks.selection import chains_of, select
from mssql_starrocks.settings import MssqlSettings, Settings

if TYPE_CHECKING:
    from mssql_starrocks.stages.outlook import Outlook


@app.command()
def plan(
    tables: Tables = None,
    schema: Schemas = None,
    everything: Everything = False,
    include: Include = None,
    exclude: Exclude = None,
    table_list: TableList = None,
    engine: Engine = None,
    target: Target = None,
    config: ConfigOption = Path(DEFAULT_FILE),
    offline: Annotated[bool, typer.Option(help="ask no server; the manifest says what the source is")] = False,
    measure: Annotated[bool, typer.Option(help="also read the maxima that rules need: a scan of each table")] = False,
    out: Annotated[Path | None, typer.Option(help="write the plan to this file, for review and migrate --plan")] = None,
    estimates: Annotated[bool, typer.Option(help="with --out: also rows, bytes, chunks and seconds")] = False,
    as_json: JsonOption = False,
    diff: Annotated[tuple[Path, Path] | None, typer.Option(help="compare two plans; 1 when they differ")] = None,
) -> None:
    """Show what copying tables would make and change: DDL, type ledger, chunks, estimates, grants. Writes nothing.

    Exit code 1 when a table cannot be copied.

    Example: mssql-starrocks plan 'sales.*' --out plan.json
    """
    from mssql_starrocks import plan_file

    with told(as_json=as_json):
        if measure and offline:
            raise ConfigError("--measure reads the tables and --offline asks no server: leave one out")
        if diff:
            raise typer.Exit(_show_diff(*diff, as_json=as_json))
        options, settings = Config.load(config), Settings.load()
        selection = chosen(tables, schema, everything, include, exclude, table_list)
        manifest = _manifest(options, config, settings, offline)
        tell_unmatched(options, config, manifest)
        wanted = select(selection, manifest, options)
        options = options.with_engine(engine).with_target(wanted, target)
        chains, refused = chains_of(wanted, manifest, options, settings.starrocks.database)
        plans, more = _plans(chains, settings, settings.mssql if measure and not offline else None)
        refused += more
        chains = tuple(c for c in chains if c.table.id in {one.table for one in plans})
        outlooks = _outlooks(chains, settings, offline)
        if out:
            said = {} if offline else outlooks
            plan_file.save(plan_file.document(chains, refused, said, estimates=estimates), out)
        grants = _grants(chains, settings)
        if as_json:
            tell_json(_as_json(plans, outlooks, refused, grants))
        else:
            _show(plans, outlooks, refused, grants)
            if out:
                screen.print(f"{out}: {len(plans)} tables", markup=False, soft_wrap=True)
        stopped = any(found.lake.refused or found.warehouse.refused for found in outlooks.values())
        raise typer.Exit(1 if refused or stopped else 0)


def _manifest(options: Config, config: Path, settings: Settings, offline: bool) -> Manifest:
    from mssql_starrocks.source.discover import discover

    if offline:
        return needed_manifest(options, config, ", or plan without --offline")
    return discover(settings.mssql)


def _plans(
    chains: Sequence[Chain], settings: Settings, mssql: MssqlSettings | None
) -> tuple[list[TablePlan], tuple[Refused, ...]]:
    """What is refused only now (values that are too long, no column that may lead) does not hide the others."""
    from mssql_starrocks import stages

    plans, refused = [], []
    for chain in chains:
        try:
            plans.append(stages.plan(chain, mssql, settings.starrocks))
        except (TypeRefusedError, KeyRefusedError) as error:
            refused.append(Refused(chain.table.id, str(error)))
    return plans, tuple(refused)


def _outlooks(chains: Sequence[Chain], settings: Settings, offline: bool) -> dict[str, Outlook]:
    from mssql_starrocks.stages import outlook

    seen = map(outlook.offline, chains) if offline else outlook.outlooks(chains, settings)
    return {str(chain.table.id): found for chain, found in zip(chains, seen, strict=True)}


def _grants(chains: Sequence[Chain], settings: Settings) -> dict[str, str]:
    from mssql_starrocks import permissions

    if not chains:
        return {}
    found = {
        "SQL Server": permissions.source_grants(settings.mssql, chains),
        "StarRocks": permissions.warehouse_grants(settings.starrocks, chains),
    }
    if settings.lake.catalog == "glue" and settings.lake.bucket:
        found["IAM policy of the copy"] = permissions.lake_policy(settings.lake, chains)
        found["IAM policy of StarRocks"] = permissions.reader_policy(settings.lake, chains)
    return found


def _as_json(
    plans: Sequence[TablePlan], outlooks: Mapping[str, Outlook], refused: Sequence[Refused], grants: Mapping[str, str]
) -> dict[str, Any]:
    tables = {
        str(one.table): asdict(one) | {"table": str(one.table), "outlook": asdict(outlooks[str(one.table)])}
        for one in plans
    }
    return {
        "version": 1,
        "tables": tables,
        "refused": {str(r.table): r.reason for r in refused},
        "grants": dict(grants),
    }


def _show(
    plans: Sequence[TablePlan], outlooks: Mapping[str, Outlook], refused: Sequence[Refused], grants: Mapping[str, str]
) -> None:
    for one in plans:
        _show_table(one, outlooks[str(one.table)])
    for table in refused:
        _say(f"{table.table}: refused: {table.reason}\n", style="red")
    for system, text in grants.items():
        _say(f"Needed: {system}", style="bold")
        _say(text)


def _show_table(one: TablePlan, found: Outlook) -> None:
    _say(f"{one.table} -> Iceberg {one.lake} -> StarRocks {one.warehouse}", style="bold")
    chunks = {None: "chunks unknown", 1: "1 chunk"}.get(found.chunks, f"{found.chunks} chunks")
    _say(
        f"  read by {one.engine} ({one.engine_reason}), {chunks} ({found.cut}){_graded(found)}; loaded by {one.loader}"
    )
    _say(f"  {one.rows:,} rows, {one.bytes / (1 << 20):.1f} MiB by the source's catalog")
    _say(f"  about {found.seconds:.0f} s, {found.basis}")
    _say(f"  Iceberg table: {found.lake}\n  StarRocks table: {found.warehouse}")
    for note in (*one.key_notes, *(f"type: {change}" for change in found.types)):
        _say(f"  {note}")
    for line in one.undeclared:
        _say(f"  blocked: {line.column}: {line.undeclared}", style="red")
    ledger = [(line.name or line.column, line.source, line.iceberg, line.starrocks, line.rule, line.loss.value)
              for line in one.ledger]  # fmt: skip
    show_table(("column", "SQL Server", "Iceberg", "StarRocks", "rule", "loss"), ledger)
    for line in one.ledger:
        longest = f" (longest {line.measured:,})" if line.measured is not None else ""
        if line.sentence or longest:
            _say(f"  {line.name or line.column}: {line.sentence}{longest}")
    _say(f"{one.lake_ddl};\n\n{one.ddl};\n")


def _graded(found: Outlook) -> str:
    return f", grade {found.grade}" if found.grade else ""


def _say(text: str, style: str | None = None) -> None:
    screen.print(text, markup=False, highlight=False, soft_wrap=True, style=style)


def _show_diff(old: Path, new: Path, *, as_json: bool) -> int:
    from mssql_starrocks import plan_file

    found = plan_file.differences(plan_file.load(old), plan_file.load(new))
    if as_json:
        changed = [{"what": one.what, "old": one.expected, "new": one.found} for one in found]
        tell_json({"version": 1, "differences": changed})
        return 1 if found else 0
    for one in found:
        _say(one_line(one.what), style="bold")
        _say(one_line(f"  - {one.expected}"), style="red")
        _say(one_line(f"  + {one.found}"), style="green")
    return 1 if found else 0
