"""Which tables a command means: names, patterns, a schema, or all; an empty selection is refused."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import typer

from mssql_starrocks.cli.app import errors
from mssql_starrocks.config import Config
from mssql_starrocks.model import TableId


def choose(known: Sequence[TableId], names: Sequence[str], schema: str | None, everything: bool) -> frozenset[TableId]:
    """The tables of `known` that are meant; case is ignored, `*` and `?` are patterns.

    Raises:
        typer.Exit: with 2, after a message: nothing is named, or something that is no table.
    """
    patterns = [*names, *([f"{schema}.*"] if schema else []), *(["*"] if everything else [])]
    if not patterns:
        raise _wrong("name tables, or a schema with --schema, or take all that is configured with --all")
    lost = Config(include=tuple(patterns)).unmatched(known)
    if lost:
        tables = {str(table).lower(): str(table) for table in known}
        near = [tables[name] for name in difflib.get_close_matches(lost[0].lower(), tables, 3, 0.5)]
        hint = f"; did you mean {', '.join(near)}?" if near else f"; there are {len(known)} tables"
        raise _wrong(f"no table matches {lost[0]}{hint}")
    chosen = frozenset(table for table in known if Config(include=tuple(patterns)).selects(table))
    if not chosen:
        raise _wrong("the configuration leaves no table to copy")
    return chosen


def _wrong(text: str) -> typer.Exit:
    errors.print(f"error: {text}", markup=False, style="red", soft_wrap=True)
    return typer.Exit(2)
