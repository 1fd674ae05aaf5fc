"""`discover`: read the source's catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.cli.choosing import tell_unmatched
from mssql_starrocks.cli.shared import ConfigOption, JsonOption, app, screen, show_table, tell_json, told
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.settings import Settings


@app.command()
def discover(config: ConfigOption = Path(DEFAULT_FILE), as_json: JsonOption = False) -> None:
    """Read the source's catalog and write the manifest.

    Example: mssql-starrocks discover
    """
    from mssql_starrocks.manifest_file import manifest_path, save_manifest
    from mssql_starrocks.source.discover import discover as read_catalog

    with told(as_json=as_json):
        options = Config.load(config)
        settings = Settings.load()
        manifest = read_catalog(settings.mssql)
        chains, refused = plan_chains(manifest, options, settings.starrocks.database)
        if not chains and not refused:
            raise SelectionError(f"{manifest.database}: include and exclude in {config} leave none of "
                                 f"{len(manifest.tables)} tables.")  # fmt: skip
        tell_unmatched(options, config, manifest)
        file = manifest_path(options, config)
        save_manifest(manifest, file)
        if as_json:
            tell_json(_document(manifest.database, file, chains, refused))
            return
        _show_discovered(chains, refused)
        left = len(manifest.tables) - len(chains) - len(refused)
        counted = f"{len(chains)} to copy, {len(refused)} refused" + (f", {left} left out by {config}" if left else "")
        screen.print(f"{file}: {len(manifest.tables)} tables of {manifest.database}, {counted}.",
                     "Next: mssql-starrocks migrate, or dagster dev", markup=False, soft_wrap=True)  # fmt: skip


def _document(database: str, file: Path, chains: Sequence[Chain], refused: Sequence[Refused]) -> dict[str, Any]:
    tables = [
        {
            "table": str(chain.table.id),
            "rows": chain.table.rows,
            "bytes": chain.table.bytes,
            "engine": chain.engine,
            "lake": ".".join(chain.names.lake),
            "target": ".".join(chain.names.warehouse),
            "notes": list(chain.key_notes),
        }
        for chain in chains
    ]
    left = [{"table": str(one.table), "reason": one.reason} for one in refused]
    return {"version": 1, "database": database, "manifest": str(file), "tables": tables, "refused": left}


def _show_discovered(chains: Sequence[Chain], refused: Sequence[Refused]) -> None:
    copied = [(str(c.table.id), f"{c.table.rows:,}", c.engine, ".".join(c.names.warehouse)) for c in chains]
    left = [(str(table.table), "", "refused", "") for table in refused]
    show_table(("table", "rows (estimate)", "engine", "target"), [*copied, *left])
    for chain in chains:
        for note in chain.key_notes:
            screen.print(f"{chain.table.id}: {note}", markup=False, highlight=False, soft_wrap=True)
    for table in refused:
        screen.print(f"{table.table}: refused: {table.reason}", markup=False, style="red", soft_wrap=True)
