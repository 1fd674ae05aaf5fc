"""What SQL Server says about a table's rows, computed inside it in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mssql_starrocks.model import Fingerprint, Level, PlannedColumn, TableId
from mssql_starrocks.source.connect import Session
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.canonical import FLOAT
from mssql_starrocks.types.hashing import TSQL, Hashed, HashedTable


@dataclass(frozen=True)
class SourcePrint:
    """The fingerprint, and the maxima that type rules asked for, by target column name."""

    fingerprint: Fingerprint
    measured: Mapping[str, int]


def fingerprint(session: Session, table: TableId, columns: Sequence[PlannedColumn], level: Level) -> SourcePrint:
    """Count, NULLs, digests and maxima, in one statement."""
    hashed = source_hashed(columns)
    measured = [c for c in columns if c.measure]
    inner = hashed.hashes(level) + [f"{c.measure} AS m{i}" for i, c in enumerate(measured)]
    outer = [TSQL.count_rows, *hashed.items(level), *(f"MAX(q.m{i})" for i in range(len(measured)))]
    row = session.rows(f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {from_table(table)}) q")[0]
    split = len(row) - len(measured)
    return SourcePrint(hashed.read(level, row[:split]), _maxima(measured, row[split:]))


def measure(session: Session, table: TableId, columns: Sequence[PlannedColumn]) -> Mapping[str, int]:
    """Only the maxima that type rules asked for; reads the columns concerned and nothing else."""
    measured = [c for c in columns if c.measure]
    if not measured:
        return {}
    maxima = ", ".join(f"MAX({c.measure})" for c in measured)
    return _maxima(measured, session.rows(f"SELECT {maxima} FROM {from_table(table)}")[0])


def _maxima(columns: Sequence[PlannedColumn], values: Sequence[Any]) -> dict[str, int]:
    return {column.name: int(value or 0) for column, value in zip(columns, values, strict=True)}


def source_hashed(columns: Sequence[PlannedColumn]) -> HashedTable:
    """The columns as SQL Server hashes them."""
    return HashedTable(TSQL, [Hashed(c.name, c.select, c.canonical, _shown(c)) for c in columns])


def _shown(column: PlannedColumn) -> str:
    return f"CONVERT(varchar(40), CAST({column.select} AS float), 3)" if column.kind == FLOAT else column.canonical
