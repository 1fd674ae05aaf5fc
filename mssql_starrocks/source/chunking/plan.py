"""How many chunks, cut where, found how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from mssql_starrocks.model import Chunk, Sizing, Table
from mssql_starrocks.source.chunking.edges import Asker, Target, histogram, quantiles, sample, walk
from mssql_starrocks.source.chunking.keys import cut_key, size_now
from mssql_starrocks.source.chunking.partitions import along, partitions
from mssql_starrocks.source.chunking.predicates import Edge, ascends, chunks
from mssql_starrocks.source.connect import Session

How = Literal["partitions", "histogram", "sample", "walk", "quantiles", "one stream"]


@dataclass(frozen=True)
class ChunkPlan:
    """Disjoint, exhaustive chunks, and how their edges were found."""

    chunks: tuple[Chunk, ...]
    how: How


ONE_STREAM = ChunkPlan((Chunk(0),), "one stream")


def plan_chunks(session: Session, table: Table, sizing: Sizing) -> ChunkPlan:
    """Chunks by the catalog's estimates of now; one for small tables, for views and heaps, and without a usable key.

    Raises:
        Exception: the driver's, when the session is lost.
    """
    size = size_now(session, table)
    wanted = min(sizing.wanted(size.rows, size.bytes), size.rows) if size else 1
    if size is None or wanted < 2:
        return ONE_STREAM
    key = cut_key(session, table, insist=isinstance(sizing.partitioning, int))
    if key is None:
        return ONE_STREAM
    target = Target(table, key.columns, key.ordered, size.rows, size.bytes, wanted)
    how, edges = _edges(Asker(session, size.depth), target, partitioned=key.partitioned)
    if not edges or not _ascending(session, edges):
        return ONE_STREAM
    return ChunkPlan(chunks(key.columns, edges), how)


def _edges(asker: Asker, target: Target, *, partitioned: bool) -> tuple[How, list[Edge]]:
    parts = partitions(asker, target) if partitioned else []
    if len(parts) > 1:
        return "partitions", along(target, parts, lambda part: _searched(asker, part)[1])
    found = histogram(asker, target)
    return _searched(asker, target) if found is None else ("histogram", found)


def _searched(asker: Asker, target: Target) -> tuple[How, list[Edge]]:
    """Edges from the rows themselves."""
    found = sample(asker, target)
    if found is not None:
        return "sample", found
    found = walk(asker, target)
    return ("walk", found) if found is not None else ("quantiles", quantiles(asker, target))


def _ascending(session: Session, edges: Sequence[Edge]) -> bool:
    """The server's own word on its order: edges out of order would put a row in two chunks."""
    if len(edges) < 2:
        return True
    tests = [f"CASE WHEN {ascends(*pair)} THEN 1 ELSE 0 END AS e{n}" for n, pair in enumerate(pairwise(edges))]
    return all(session.rows(f"SELECT {', '.join(tests)}")[0])
