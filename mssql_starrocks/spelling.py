"""Columns that somebody wanted left out, and a typing error that would have them copied."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterator, Sequence

from mssql_starrocks.config import Config, matches
from mssql_starrocks.model import Table, TableId

_ALIKE = 0.8


def almost_left_out(config: Config, tables: Sequence[Table]) -> dict[TableId, str]:
    """Tables with a column that `exclude_columns` would leave out if its entry were spelled right, and what to do."""
    if config.partial:
        return {}
    found = [
        (table, column, reason)
        for pattern, options in config.tables.items()
        for wanted in options.exclude_columns
        for table, column, reason in _nearly(pattern, wanted, tables)
    ]
    return {
        table.id: reason
        for table, column, reason in found
        if column.lower() not in {name.lower() for name in config.options(table.id).exclude_columns}
    }


def _nearly(pattern: str, wanted: str, tables: Sequence[Table]) -> Iterator[tuple[Table, str, str]]:
    """Table, column and reason, where the entry's name is nearly the table's, or the column's nearly a column of it."""
    where = f"tables: {pattern}: exclude_columns: {wanted}"
    meant = [table for table in tables if matches(table.id, (pattern,))]
    if not meant:
        for table in tables:
            column = _spelled(table, wanted)
            if column and _alike(pattern, table.id.plain):
                reason = f"{where}: the entry matches no table; write {table.id} if that is meant, or remove it"
                yield table, column, reason
    elif not any(_spelled(table, wanted) for table in meant):
        names = {column.name.lower() for table in meant for column in table.columns}
        near = difflib.get_close_matches(wanted.lower(), names, 1, _ALIKE)
        for table in meant:
            column = _spelled(table, near[0]) if near else None
            if column:
                yield table, column, f"{where}: no table there has it; write {column} if that is meant, or remove it"


def _spelled(table: Table, name: str) -> str | None:
    return next((column.name for column in table.columns if column.name.lower() == name.lower()), None)


def _alike(pattern: str, name: str) -> bool:
    """Whether schema and table of a pattern are nearly those of a name, or match it."""
    wanted, given = pattern.lower().split("."), name.lower().split(".")
    if len(wanted) == 1:
        given = given[-1:]
    return len(wanted) == len(given) and all(
        fnmatch.fnmatchcase(there, here) or difflib.SequenceMatcher(None, here, there).ratio() >= _ALIKE
        for here, there in zip(wanted, given, strict=True)
    )
