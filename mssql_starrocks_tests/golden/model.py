"""Golden data: a T-SQL literal, and by hand what a client must read of it from Iceberg and from StarRocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SAME = object()


@dataclass(frozen=True)
class Value:
    """One value; `beside` are its companions by suffix, which both systems hold alike."""

    sql: str
    lake: Any
    warehouse: Any
    beside: Mapping[str, Any] = field(default_factory=dict)


def v(sql: str, lake: Any, warehouse: Any = _SAME, **beside: Any) -> Value:
    """A value that StarRocks holds as Iceberg does, unless told otherwise."""
    return Value(sql, lake, lake if warehouse is _SAME else warehouse, beside)


def wide(sql: str, text: str) -> Value:
    """Text copied as the UTF-16 bytes that SQL Server stores."""
    return v(sql, text.encode("utf-16-le", "surrogatepass"))


@dataclass(frozen=True)
class Golden:
    """A column: how it is declared, what it holds, and what is set for it in the configuration."""

    name: str
    type: str
    values: Sequence[Value]
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GoldenTable:
    """A table whose n-th row holds every column's n-th value, and whose last row is all NULL.

    With `key` the golden columns are its primary key: there is no NULL, and every column has as many values.
    """

    name: str
    columns: Sequence[Golden]
    key: bool = False

    @property
    def id(self) -> str:
        return f"dbo.{self.name}"

    @property
    def rows(self) -> int:
        return max(len(c.values) for c in self.columns) + (not self.key)

    def statements(self) -> list[str]:
        """CREATE TABLE and one INSERT a row: rows of one VALUES list would be made to agree on types."""
        nullable = "NOT NULL" if self.key else "NULL"
        columns = [f"[{c.name}] {c.type} {nullable}" for c in self.columns]
        lines = ["id int NOT NULL" + ("" if self.key else " PRIMARY KEY"), *columns]
        if self.key:
            lines.append(f"PRIMARY KEY ({', '.join(f'[{c.name}]' for c in self.columns)})")
        names = ", ".join(["id", *(f"[{c.name}]" for c in self.columns)])
        made = [f"CREATE TABLE {self.id} ({', '.join(lines)})"]
        for row in range(self.rows):
            values = ", ".join([str(row), *(_literal(c, row) for c in self.columns)])
            made.append(f"INSERT INTO {self.id} ({names}) VALUES ({values})")
        return made

    def lake(self) -> list[dict[str, Any]]:
        return [self._row(row, "lake") for row in range(self.rows)]

    def warehouse(self) -> list[dict[str, Any]]:
        return [self._row(row, "warehouse") for row in range(self.rows)]

    def config(self) -> dict[str, Any]:
        return {"columns": {c.name: dict(c.choices) for c in self.columns if c.choices}}

    def _row(self, row: int, side: str) -> dict[str, Any]:
        found: dict[str, Any] = {"id": row}
        for column in self.columns:
            value = column.values[row] if row < len(column.values) else None
            found[column.name] = getattr(value, side) if value else None
            for suffix in column.values[0].beside:
                found[f"{column.name}__{suffix}"] = value.beside[suffix] if value else None
        return found


def _literal(column: Golden, row: int) -> str:
    return column.values[row].sql if row < len(column.values) else "NULL"


def exact(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows as texts that tell 1 from True, 0.0 from -0.0 and one scale of a decimal from another."""
    return [{name: repr(value) for name, value in row.items()} for row in rows]
