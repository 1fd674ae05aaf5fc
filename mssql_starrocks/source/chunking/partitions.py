"""Edges of a table that is partitioned on its leading key column: small partitions together, large ones cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mssql_starrocks.source.chunking.edges import Asker, Target
from mssql_starrocks.source.chunking.literals import declared, literal, text_of
from mssql_starrocks.source.chunking.predicates import Edge, between

Cut = Callable[[Target], list[Edge]]


@dataclass(frozen=True)
class Partition:
    """`upper` bounds it; None for the last one, and where the boundary is NULL."""

    rows: int
    upper: Edge | None


def partitions(asker: Asker, target: Target) -> list[Partition]:
    """The partitions in key order; empty where the server does not tell."""
    column = target.columns[0]
    upper = text_of(column, f"CAST(v.value AS {declared(column)})")  # sql_variant: facts/sqlserver_judged.md 1.1
    rows = asker.attempt(
        f"SELECT p.rows, pf.boundary_value_on_right, {upper} AS upper_bound FROM sys.indexes i "
        "JOIN sys.partition_schemes ps ON ps.data_space_id = i.data_space_id "
        "JOIN sys.partition_functions pf ON pf.function_id = ps.function_id "
        "JOIN sys.partitions p ON p.object_id = i.object_id AND p.index_id = i.index_id "
        "LEFT JOIN sys.partition_range_values v "
        "ON v.function_id = pf.function_id AND v.boundary_id = p.partition_number "
        f"WHERE i.object_id = {target.table.object_id:d} AND i.index_id IN (0, 1) ORDER BY p.partition_number"
    )
    return [Partition(int(count or 0), _upper(target, text, bool(right))) for count, right, text in rows or []]


def _upper(target: Target, text: str | None, right: bool) -> Edge | None:
    """RANGE RIGHT: the boundary value belongs to the partition on its right."""
    value = None if text is None else literal(target.columns[0], text)
    return Edge((value,), closed=not right) if value else None


def along(target: Target, parts: list[Partition], cut: Cut) -> list[Edge]:
    """Edges at the bounds of partitions, and inside partitions of more than a share by `cut`."""
    share = max(target.rows / target.wanted, 1)
    found: list[Edge] = []
    held, lower = 0.0, None
    for part in parts:
        pieces = round(part.rows / share)
        if lower and held > share / 3 and (pieces > 1 or held + part.rows > share * 1.5):
            found.append(lower)
            held = 0
        if pieces > 1:
            found += cut(_inside(target, part, pieces, lower))
            held = part.rows / pieces
        else:
            held += part.rows
        lower = part.upper
    return found


def _inside(target: Target, part: Partition, pieces: int, lower: Edge | None) -> Target:
    within = between(target.names, lower, part.upper)
    size = target.bytes * part.rows // max(target.rows, 1)
    return replace(target, rows=part.rows, bytes=size, wanted=pieces, within=within)
