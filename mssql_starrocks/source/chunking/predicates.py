"""Half-open predicates around edges: every row is in exactly one chunk, also a row that comes later.

The first and the last chunk are unbounded. NULL sorts first in SQL Server, so a NULL is below every edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mssql_starrocks.model import Chunk, Column
from mssql_starrocks.types.dialects import quote_tsql

Names = Sequence[str]


@dataclass(frozen=True)
class Edge:
    """A place between rows in key order: after the rows that start with `values`, or before them when not closed.

    `values` are T-SQL literals of the first key columns.
    """

    values: tuple[str, ...]
    closed: bool = True

    @property
    def rest(self) -> Edge:
        return Edge(self.values[1:], self.closed)


def chunks(columns: Sequence[Column], edges: Sequence[Edge]) -> tuple[Chunk, ...]:
    """The chunks between ascending edges."""
    names = [quote_tsql(c.name) for c in columns]
    nullable = frozenset(quote_tsql(c.name) for c in columns if c.nullable)
    ranges = pairwise([None, *edges, None])
    return tuple(Chunk(i, between(names, low, high, nullable)) for i, (low, high) in enumerate(ranges))


def between(names: Names, low: Edge | None, high: Edge | None, nullable: frozenset[str] = frozenset()) -> str:
    """Rows above one edge and up to the next; an edge that is None does not bound."""
    if low is None or high is None:
        return above(names, low) if low else below(names, high, nullable) if high else ""
    if min(len(low.values), len(high.values)) > 1 and low.values[0] == high.values[0]:
        return f"{names[0]} = {low.values[0]} AND {between(names[1:], low.rest, high.rest, nullable)}"
    return f"{above(names, low)} AND {below(names, high, nullable - {names[0]})}"


def above(names: Names, edge: Edge) -> str:
    """Rows after the edge; the redundant first term is what an index seeks by."""
    name, value = names[0], edge.values[0]
    if len(edge.values) == 1:
        return f"{name} {'>' if edge.closed else '>='} {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {above(names[1:], edge.rest)})"


def below(names: Names, edge: Edge, nullable: frozenset[str] = frozenset()) -> str:
    """Rows up to the edge: what `above` leaves."""
    name, value = names[0], edge.values[0]
    null = f" OR {name} IS NULL" if name in nullable else ""
    if len(edge.values) == 1:
        term = f"{name} {'<=' if edge.closed else '<'} {value}{null}"
        return f"({term})" if null else term
    first = f"({name} <= {value}{null})" if null else f"{name} <= {value}"
    return f"{first} AND ({name} < {value}{null} OR {below(names[1:], edge.rest, nullable)})"


def ascends(one: Edge, two: Edge) -> str:
    """A condition on literals alone: `two` comes after `one`. Of equal beginnings the longer edge is inside."""
    shared = min(len(one.values), len(two.values))
    inside = one.values[shared:] and two.closed
    around = two.values[shared:] and not one.closed
    beside = len(one.values) == len(two.values) and two.closed and not one.closed
    return above(two.values[:shared], Edge(one.values[:shared], closed=not (inside or around or beside)))
