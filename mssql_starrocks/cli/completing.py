"""What the shell offers at the tabulator: tables and schemas of the manifest, engines. Asks no server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import typer

from mssql_starrocks.config import DEFAULT_FILE, Config, EngineName
from mssql_starrocks.manifest_file import manifest_path
from mssql_starrocks.model import TableId

_WHOLE = re.compile(r"[\w.]+")  # to a shell; any other name would have to be quoted


def tables(ctx: typer.Context, incomplete: str) -> list[str]:
    """The tables to copy whose names begin so."""
    return _beginning(incomplete, [str(table) for table in _known(ctx)])


def schemas(ctx: typer.Context, incomplete: str) -> list[str]:
    """Their schemas."""
    return _beginning(incomplete, [table.schema for table in _known(ctx)])


def engines(incomplete: str) -> list[str]:
    return _beginning(incomplete, get_args(EngineName))


def _beginning(incomplete: str, names: list[str] | tuple[str, ...]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete) and _WHOLE.fullmatch(name)]


def _known(ctx: typer.Context) -> tuple[TableId, ...]:
    """What the configuration selects of the manifest; its columns are not looked at, there may be many."""
    try:
        file = Path(ctx.params.get("config") or DEFAULT_FILE)
        config = Config.load(file)
        found = json.loads(manifest_path(config, file).read_text(encoding="utf-8"))["tables"]
        return config.selected([TableId(table["id"]["schema"], table["id"]["name"]) for table in found])
    except Exception:  # a file is not there or damaged: the command itself says so
        return ()
