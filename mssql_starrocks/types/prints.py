"""The fingerprint query's aggregates and how its row is read: the same in DuckDB and in StarRocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mssql_starrocks.model import ColumnPrint, PlannedColumn
from mssql_starrocks.types.canonical import FLOAT, FLOAT_SCALE


def aggregates(column: PlannedColumn, name: str, digest: str) -> list[str]:
    """Count of values, then the digest; for floats smallest, largest and scaled sum. `name` is quoted already."""
    if column.kind == FLOAT:
        number = f"CAST({name} AS DOUBLE)"
        return [f"count({name})", f"min({number})", f"max({number})", f"sum({number} / CAST({FLOAT_SCALE} AS DOUBLE))"]
    return [f"count({name})", digest]


def read_prints(columns: Sequence[PlannedColumn], rows: int, values: Iterator[Any]) -> dict[str, ColumnPrint]:
    """The prints by column name, from the values of `aggregates` in column order."""
    return {column.name: _read(column, rows, values) for column in columns}


def _read(column: PlannedColumn, rows: int, values: Iterator[Any]) -> ColumnPrint:
    nulls = rows - int(next(values))
    if column.kind == FLOAT:
        low, high, total = (None if v is None else float(v) for v in (next(values), next(values), next(values)))
        return ColumnPrint(nulls, low=low, high=high, total=total)
    return ColumnPrint(nulls, digest=str(int(next(values) or 0)))
