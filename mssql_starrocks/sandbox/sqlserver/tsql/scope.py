"""What names mean at one place of a statement: sources, columns, variables, the database, the user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed


@dataclass(frozen=True)
class SourceColumn:
    name: str
    value: Typed
    identity: bool = False
    hidden: bool = False  # not part of *
    refused: str = ""  # why the sandbox does not read it


@dataclass(frozen=True)
class Source:
    alias: str
    columns: tuple[SourceColumn, ...]
    partial: bool = False  # a system view that may have columns in SQL Server which the sandbox lacks

    def find(self, name: str) -> list[SourceColumn]:
        wanted = name.lower()
        return [column for column in self.columns if column.name.lower() == wanted]


def readable(column: SourceColumn) -> SourceColumn:
    if column.refused:
        raise unsupported(column.refused)
    return column


class Catalog(Protocol):
    """What the compiler asks of the session that runs the statement."""

    def table_source(
        self, parts: tuple[str, ...], alias: str, sql_alias: str, hints: frozenset[str]
    ) -> tuple[str, Source]: ...

    def table_function(
        self, name: str, arguments: list[Any], alias: str, sql_alias: str
    ) -> tuple[str, Source, str]: ...

    def function(self, name: str, arguments: list[Any]) -> Any: ...

    def variable(self, name: str) -> Value | None: ...


@dataclass
class Context:
    """One statement being compiled."""

    catalog: Catalog
    variables: Mapping[str, Value] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    counter: int = 0

    def new_alias(self) -> str:
        self.counter += 1
        return f"s{self.counter}"


@dataclass
class Scope:
    context: Context
    sources: list[Source] = field(default_factory=list)
    parent: "Scope | None" = None
    ctes: dict[str, Any] = field(default_factory=dict)
    group_keys: dict[str, str] = field(default_factory=dict)  # compiled text expression -> what stands for it
    in_aggregate: bool = False

    def cte(self, name: str) -> Any:
        found = self.ctes.get(name.lower())
        if found is None and self.parent is not None:
            return self.parent.cte(name)
        return found

    def column(self, name: str, table: str = "") -> Typed:
        found = [c for source in self._named(table) for c in source.find(name)]
        if len(found) > 1:
            raise SqlError(209, f"Ambiguous column name '{name}'.")
        if found:
            return self._grouped(readable(found[0]).value)
        if any(source.partial for source in self._named(table)):
            raise unsupported(f"column {name} of a system view")
        if table and self._named(table):
            raise SqlError(207, f"Invalid column name '{name}'.")
        if self.parent is not None:
            return self.parent.column(name, table)
        if table:
            raise SqlError(4104, f'The multi-part identifier "{table}.{name}" could not be bound.')
        raise SqlError(207, f"Invalid column name '{name}'.")

    def has_source(self, alias: str) -> bool:
        return bool(self._named(alias)) or (self.parent is not None and self.parent.has_source(alias))

    def _named(self, table: str) -> list[Source]:
        if not table:
            return self.sources
        return [source for source in self.sources if source.alias.lower() == table.lower()]

    def _grouped(self, value: Typed) -> Typed:
        if self.in_aggregate or value.sql not in self.group_keys:
            return value
        return Typed(self.group_keys[value.sql], value.type, value.nullable, value.collation_rank)

    def source(self, alias: str) -> Source:
        for source in self.sources:
            if source.alias.lower() == alias.lower():
                return source
        raise SqlError(
            107, f"The column prefix '{alias}' does not match with a table name or alias name used in the query."
        )
