"""Column definitions as the grammar has them: type, character set, KEY, aggregation, NULL, default, comment."""

from __future__ import annotations

from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.defaults import EMPTY_ARRAY, NO_DEFAULT, NOW, Default
from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression
from mssql_starrocks.sandbox.starrocks.sql.queries import QueryParser
from mssql_starrocks.sandbox.starrocks.sql.type_parser import parse_type
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType

AGGREGATIONS = (
    "SUM", "MIN", "MAX", "REPLACE", "REPLACE_IF_NOT_NULL", "HLL_UNION", "BITMAP_UNION", "PERCENTILE_UNION",
)  # fmt: skip
DEFAULT_CALLS = ("NOW", "CURRENT_TIMESTAMP", "UUID", "UUID_NUMERIC")


@dataclass(frozen=True)
class ColumnDefinition:
    """`nullable` None: not said."""

    name: str
    type: SqlType
    nullable: bool | None = None
    default: Default = NO_DEFAULT
    comment: str | None = None
    aggregation: str = ""
    auto_increment: bool = False
    generated: Expression | None = None
    key: bool = False


def parse_column(cursor: Cursor, version: tuple[int, int]) -> ColumnDefinition:
    start, name = cursor.start(), cursor.name()
    kind = parse_type(cursor, version)
    if cursor.accept_any("CHARACTER SET", "CHAR SET", "CHARSET"):
        cursor.name()
    key = cursor.accept("KEY")
    aggregation = cursor.accept_any(*AGGREGATIONS)
    nullable = {"NOT NULL": False, "NULL": True}.get(cursor.accept_any("NOT NULL", "NULL"))
    default, counted, generated = NO_DEFAULT, False, None
    if cursor.accept("AUTO_INCREMENT"):
        counted = True
        if nullable:
            raise syntax_error(name, start, f"AUTO_INCREMENT column {name} must be NOT NULL")
        nullable = False
    elif cursor.accept("AS"):
        if nullable is False:
            raise syntax_error(name, start, "Generated Column must be nullable column")
        generated = QueryParser(cursor, version).expressions.parse()
    elif cursor.accept("DEFAULT"):
        default = _default(cursor, version)
    comment = cursor.string() if cursor.accept("COMMENT") else None
    return ColumnDefinition(name, kind, nullable, default, comment, aggregation, counted, generated, key)


def _default(cursor: Cursor, version: tuple[int, int]) -> Default:
    if cursor.accept("NULL"):
        return Default(null=True)
    if cursor.accept("CURRENT_TIMESTAMP"):
        precision = cursor.peek() == "(" and cursor.peek(1) != ")"
        cursor.accept("( )")
        return Default(call=f"now({_precision(cursor)})" if precision else NOW)
    if cursor.accept("("):
        found = _call(cursor)
        cursor.expect(")")
        return found
    if version >= (4, 1) and cursor.peek(1) == "(":
        return _call(cursor)
    if version >= (4, 1) and cursor.accept("[ ]"):
        return Default(call=EMPTY_ARRAY)
    if version >= (4, 1) and cursor.peek() in ("[", "MAP", "ROW"):
        raise unsupported("a default of type ARRAY, MAP or STRUCT")
    return Default(cursor.string())


def _precision(cursor: Cursor) -> int:
    cursor.expect("(")
    found = cursor.integer()
    cursor.expect(")")
    if not 0 <= found <= 6:
        raise unsupported(f"CURRENT_TIMESTAMP({found})")
    return found


def _call(cursor: Cursor) -> Default:
    name = cursor.take().upper
    if name not in DEFAULT_CALLS:
        raise unsupported(f"the default {name.lower()}()")
    if cursor.peek(1) != ")":
        return Default(call=f"now({_precision(cursor)})") if name != "UUID" else Default(call=name)
    cursor.expect("(")
    cursor.expect(")")
    return Default(call=NOW if name in ("NOW", "CURRENT_TIMESTAMP") else f"{name.lower()}()")
