"""What a query is made of after parsing. Every expression knows the `text` it came from: it names result columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mssql_starrocks.sandbox.starrocks.sql.types import SqlType


@dataclass(frozen=True)
class Literal:
    """`kind`: null, boolean, integer, decimal, string, binary, date."""

    kind: str
    value: str
    text: str = ""


@dataclass(frozen=True)
class Name:
    parts: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class Star:
    qualifier: tuple[str, ...] = ()
    text: str = "*"


@dataclass(frozen=True)
class Variable:
    name: str
    user: bool
    text: str = ""


@dataclass(frozen=True)
class Window:
    partition: tuple[Expression, ...]
    order: tuple[OrderItem, ...]


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Expression, ...]
    distinct: bool = False
    star: bool = False
    window: Window | None = None
    text: str = ""


@dataclass(frozen=True)
class Cast:
    arg: Expression
    to: SqlType
    text: str = ""


@dataclass(frozen=True)
class Unary:
    op: str
    arg: Expression
    text: str = ""


@dataclass(frozen=True)
class Binary:
    op: str
    left: Expression
    right: Expression
    text: str = ""


@dataclass(frozen=True)
class IsNull:
    arg: Expression
    negated: bool
    text: str = ""


@dataclass(frozen=True)
class InList:
    arg: Expression
    items: tuple[Expression, ...]
    negated: bool
    text: str = ""


@dataclass(frozen=True)
class InQuery:
    arg: Expression
    query: Query
    negated: bool
    text: str = ""


@dataclass(frozen=True)
class Between:
    arg: Expression
    low: Expression
    high: Expression
    negated: bool
    text: str = ""


@dataclass(frozen=True)
class Like:
    arg: Expression
    pattern: Expression
    negated: bool
    text: str = ""


@dataclass(frozen=True)
class Case:
    operand: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    default: Expression | None
    text: str = ""


@dataclass(frozen=True)
class Exists:
    query: Query
    text: str = ""


@dataclass(frozen=True)
class Scalar:
    query: Query
    text: str = ""


Expression: TypeAlias = (
    Literal
    | Name
    | Star
    | Variable
    | Call
    | Cast
    | Unary
    | Binary
    | IsNull
    | InList
    | InQuery
    | Between
    | Like
    | Case
    | Exists
    | Scalar
)


@dataclass(frozen=True)
class OrderItem:
    value: Expression
    descending: bool = False
    nulls: str = ""


@dataclass(frozen=True)
class Version:
    """Time travel. `kind`: snapshot (an id), reference (a branch or tag) or moment ("" = now)."""

    value: str
    kind: str


@dataclass(frozen=True)
class TableRef:
    path: tuple[str, ...]
    version: Version | None = None
    alias: str = ""


@dataclass(frozen=True)
class Derived:
    query: Query
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Join:
    kind: str
    left: Relation
    right: Relation
    on: Expression | None = None
    using: tuple[str, ...] = ()


Relation: TypeAlias = TableRef | Derived | Join


@dataclass(frozen=True)
class Item:
    value: Expression
    alias: str = ""


@dataclass(frozen=True)
class Select:
    items: tuple[Item, ...]
    source: Relation | None = None
    where: Expression | None = None
    group: tuple[Expression, ...] = ()
    having: Expression | None = None
    distinct: bool = False


@dataclass(frozen=True)
class Values:
    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class SetOperation:
    op: str
    left: Query
    right: Query


@dataclass(frozen=True)
class With:
    name: str
    columns: tuple[str, ...]
    query: Query


@dataclass(frozen=True)
class Query:
    """A body with what may stand around it."""

    body: Select | SetOperation | Values
    ctes: tuple[With, ...] = ()
    order: tuple[OrderItem, ...] = ()
    limit: int | None = None
    offset: int = 0
