"""VALUES rows. Rows of literals become one Arrow table: ten thousand of them must not become ten thousand SELECTs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.starrocks.compile.casts import NUMBER_TEXT
from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled, OutputColumn
from mssql_starrocks.sandbox.starrocks.compile.typed import common_type, integer_type
from mssql_starrocks.sandbox.starrocks.errors import analyzing, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Column
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.defaults import NOW
from mssql_starrocks.sandbox.starrocks.sql.queries import QueryParser
from mssql_starrocks.sandbox.starrocks.sql.types import BOOLEAN, NULL, VARBINARY, VARCHAR, SqlType

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression

MAX_ROWS = 10_000  # expr_children_limit (facts/starrocks_judged.md A17)
Row = list["Expression"]


def compile_values(session: Session, cursor: Cursor, given: Sequence[Column]) -> Compiled:
    rows = _parse(session, cursor, given)
    if len({len(row) for row in rows}) > 1:
        raise analyzing("Values have unequal number of columns")
    _check_constants(rows, given)
    if all(isinstance(value, nodes.Literal) and value.kind != "date" for row in rows for value in row):
        return _from_literals(session, rows)
    return _from_expressions(session, rows)


def _parse(session: Session, cursor: Cursor, given: Sequence[Column]) -> list[Row]:
    parser = QueryParser(cursor, session.release, session.mode("PIPES_AS_CONCAT"))
    rows: list[Row] = []
    cursor.expect("VALUES")
    while True:
        cursor.expect("(")
        row: Row = []
        while True:
            if cursor.accept("DEFAULT"):
                row.append(_default(given[len(row)]) if len(row) < len(given) else nodes.Literal("null", ""))
            else:
                row.append(_folded(parser.expressions.parse()))
            if not cursor.accept(","):
                break
        cursor.expect(")")
        rows.append(row)
        if not cursor.accept(","):
            break
    cursor.end()
    if len(rows) > MAX_ROWS:
        raise syntax_error("values", detail=f"The inserted rows are {len(rows)} exceeded the maximum limit {MAX_ROWS}")
    return rows


def _folded(value: Expression) -> Expression:
    """A negative number is a literal too."""
    if isinstance(value, nodes.Unary) and value.op == "-" and isinstance(value.arg, nodes.Literal):
        number = value.arg
        return replace(number, value=f"-{number.value}") if number.kind in ("integer", "decimal") else value
    return value


def _default(column: Column) -> Expression:
    if column.default.text is not None:
        return nodes.Literal("string", column.default.text)
    if column.default.call == NOW:
        return nodes.Call("NOW", ())
    if column.has_default or column.default.null:
        raise unsupported("DEFAULT in VALUES for AUTO_INCREMENT columns and functions")
    raise analyzing(f"Column has no default value, column={column.name}")


def _check_constants(rows: Sequence[Row], given: Sequence[Column]) -> None:
    """A text constant for a number is checked before anything runs (truth insert-015)."""
    for at, column in enumerate(given):
        if column.sequence and any(_is_null(row[at]) for row in rows if at < len(row)):
            raise analyzing(
                f" `NULL` value is not supported for an AUTO_INCREMENT column: {column.name} You can use `default` "
                "for an AUTO INCREMENT column"
            )
        if not column.type.is_numeric or column.type == BOOLEAN:
            continue
        for row in rows:
            value = row[at] if at < len(row) else None
            if isinstance(value, nodes.Literal) and value.kind == "string" and not re.match(NUMBER_TEXT, value.value):
                raise analyzing(f"Invalid number format: {value.value}")


def _is_null(value: Expression) -> bool:
    return isinstance(value, nodes.Literal) and value.kind == "null"


def _from_literals(session: Session, rows: Sequence[Row]) -> Compiled:
    import pyarrow as pa

    arrays, columns, items = [], [], []
    for at in range(len(rows[0])):
        values = [row[at] for row in rows]
        kind, column = _column([value for value in values if isinstance(value, nodes.Literal)])
        arrays.append(pa.array(column, pa.binary() if kind == VARBINARY else pa.string()))
        columns.append(OutputColumn(f"c{at}", kind))
        items.append(f"CAST(v{at} AS {kind.duck}) AS c{at}")
    name = session.register_rows(pa.table(arrays, names=[f"v{at}" for at in range(len(arrays))]))
    return Compiled(f"SELECT {', '.join(items)} FROM {name}", tuple(columns))


def _column(values: Sequence[nodes.Literal]) -> tuple[SqlType, list[Any]]:
    """The type all literals of a column meet in, and their texts."""
    kinds = {value.kind for value in values} - {"null"}
    if "binary" in kinds:
        if not kinds <= {"binary", "string"}:
            raise unsupported("x'..' and numbers in one column of VALUES")
        return VARBINARY, [_raw(value) for value in values]
    if kinds == {"boolean"}:
        return BOOLEAN, [None if v.kind == "null" else v.value for v in values]
    texts = [None if v.kind == "null" else {"true": "1", "false": "0"}.get(v.value, v.value)
             if v.kind == "boolean" else v.value for v in values]  # fmt: skip
    if "string" in kinds:
        return VARCHAR, texts
    if not kinds:
        return NULL, texts
    kind: SqlType = NULL
    for text in texts:
        kind = kind if text is None else common_type(kind, _number_type(text))
    return kind, [None if text is None else f"{Decimal(text):f}" for text in texts]


def _raw(value: nodes.Literal) -> bytes | None:
    if value.kind == "null":
        return None
    return bytes.fromhex(value.value) if value.kind == "binary" else value.value.encode()


def _number_type(text: str) -> SqlType:
    if text.lstrip("-").isdigit():
        return integer_type(int(text))
    _, digits, exponent = Decimal(text).as_tuple()
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    whole = max(len(digits) + (exponent if isinstance(exponent, int) else 0), 1)
    if whole + places > 38:
        raise unsupported(f"literal {text}: more than 38 digits")
    return SqlType("DECIMAL", whole + places, places)


def _from_expressions(session: Session, rows: Sequence[Row]) -> Compiled:
    query: nodes.Query | None = None
    if len(rows) > 200:
        raise unsupported("VALUES with more than 200 rows that hold expressions")
    for row in rows:
        select = nodes.Query(nodes.Select(tuple(nodes.Item(value, f"c{at}") for at, value in enumerate(row))))
        query = select if query is None else nodes.Query(nodes.SetOperation("UNION ALL", query, select))
    assert query is not None  # noqa: S101 - VALUES has at least one row
    return session.compile(query)
