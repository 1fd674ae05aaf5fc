"""Which columns a query can see, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mssql_starrocks.sandbox.starrocks.compile.functions import Context
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed, quote
from mssql_starrocks.sandbox.starrocks.errors import analyzing, unresolved_column
from mssql_starrocks.sandbox.starrocks.sql.nodes import Version
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType


@dataclass(frozen=True)
class OutputColumn:
    name: str
    type: SqlType
    nullable: bool = True


@dataclass
class Source:
    """One table of a query: `relation` is its name in DuckDB; `used` collects the columns that are read, so that an
    external table is scanned for no more than these.
    """

    relation: str
    path: tuple[str, ...]
    columns: Sequence[OutputColumn]
    fill: Callable[[Source], None] | None = None
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Compiled:
    sql: str
    columns: tuple[OutputColumn, ...]


@dataclass(frozen=True)
class Environment:
    """What a query may know about its session."""

    version: tuple[int, int]
    mode: CastMode
    full_group_by: bool
    pipes_concat: bool
    time_zone: str
    resolve: Callable[[tuple[str, ...], Version | None], Source]
    variable: Callable[[str, bool], Typed]
    session: Callable[[str], Typed | None]

    @property
    def context(self) -> Context:
        return Context(self.mode, self.time_zone)


@dataclass
class Visible:
    """A relation in FROM: `alias` as written, `reference` in DuckDB; `names` are its columns there."""

    alias: str
    reference: str
    columns: Sequence[OutputColumn]
    names: Sequence[str]
    source: Source | None = None

    def matches(self, qualifier: tuple[str, ...]) -> bool:
        if not qualifier or qualifier == (self.alias,):
            return True
        path = self.source.path if self.source and self.source.path[-1] == self.alias else ()
        return len(qualifier) > 1 and path[-len(qualifier) :] == qualifier

    def column(self, at: int) -> Typed:
        found = self.columns[at]
        if found.type.name == "UNKNOWN_TYPE":
            raise analyzing(f"Datatype of external table column [{found.name}] is not supported!")
        if self.source is not None:
            self.source.used.add(found.name)
        return Typed(f"{self.reference}.{quote(self.names[at])}", found.type, nullable=found.nullable)


@dataclass
class Scope:
    relations: list[Visible] = field(default_factory=list)
    parent: Scope | None = None

    def find(self, parts: tuple[str, ...]) -> Typed | None:
        """Column names compare without case, table names with (facts/starrocks_judged.md D3)."""
        wanted, qualifier = parts[-1].lower(), parts[:-1]
        found = [
            (relation, at)
            for relation in self.relations
            if relation.matches(qualifier)
            for at, column in enumerate(relation.columns)
            if column.name.lower() == wanted
        ]
        if len(found) > 1:
            raise analyzing(f"Column '{'.'.join(parts)}' is ambiguous")
        if found:
            return found[0][0].column(found[0][1])
        return self.parent.find(parts) if self.parent else None

    def column(self, parts: tuple[str, ...]) -> Typed:
        found = self.find(parts)
        if found is None:
            raise unresolved_column(parts[0] if len(parts) == 1 else ".".join(f"`{part}`" for part in parts))
        return found
