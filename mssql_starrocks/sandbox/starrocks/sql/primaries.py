"""What an expression is built from: literals, names, calls, CASE, CAST, parentheses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.starrocks.errors import analyzing, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.lexer import unquote_string
from mssql_starrocks.sandbox.starrocks.sql.type_parser import parse_type
from mssql_starrocks.sandbox.starrocks.sql.types import check_limits

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query

# Reserved words that the grammar lets stand before "(" as a function.
FUNCTION_WORDS = frozenset(
    [
        "LEFT",
        "RIGHT",
        "IF",
        "REPLACE",
        "MOD",
        "DATABASE",
        "SCHEMA",
        "CURRENT_USER",
        "CURRENT_ROLE",
        "CURRENT_DATE",
        "CURRENT_TIMESTAMP",
        "CURRENT_TIME",
        "ROW_NUMBER",
        "RANK",
        "DENSE_RANK",
        "NTILE",
        "LAG",
        "LEAD",
        "FIRST_VALUE",
        "LAST_VALUE",
        "LIKE",
        "REGEXP",
        "CHAR",
        "LOCALTIME",
        "LOCALTIMESTAMP",
    ]
) - {"LIKE", "REGEXP"}
BARE_FUNCTIONS = frozenset({"CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_USER"})
REFUSED_CALLS = {"EXTRACT", "INTERVAL", "POSITION"}


class PrimaryParser(ABC):
    def __init__(self, cursor: Cursor, version: tuple[int, int], query: Callable[[], Query]) -> None:
        self.cursor, self.version, self.query = cursor, version, query

    @abstractmethod
    def parse(self) -> Expression: ...

    def _text(self, start: int) -> str:
        return self.cursor.sql[start : self.cursor.last_end()]

    def arguments(self) -> tuple[Expression, ...]:
        found = [self.parse()]
        while self.cursor.accept(","):
            found.append(self.parse())
        return tuple(found)

    def _primary(self) -> Expression:
        cursor, start = self.cursor, self.cursor.start()
        kind = cursor.kind()
        if kind == "number":
            return self._number()
        if kind == "string":
            return nodes.Literal("string", cursor.string(), self._text(start))
        if cursor.peek() == "(":
            return self._parenthesis(start)
        if cursor.peek() in ("@", "@@"):
            return self._variable(start)
        if kind == "word":
            special = self._keyword(start)
            if special is not None:
                return special
        if kind == "word" and cursor.peek(1) == "(":
            return self._call(start)
        if cursor.peek() in ("[", "{", "?"):
            raise unsupported("ARRAY, MAP and STRUCT values, parameters")
        parts = [cursor.name()]
        while cursor.peek() == ".":
            cursor.take()
            parts.append(cursor.name())
        return nodes.Name(tuple(parts), self._text(start))

    def _number(self) -> Expression:
        start = self.cursor.start()
        text = self.cursor.take().text
        kind = "integer" if text.isdigit() else "decimal"
        if kind == "integer" and int(text) >= 2**127:
            if self.version >= (4, 0):
                raise unsupported(f"literal {text}: more than 38 digits")
            raise syntax_error(text, start, f"Numeric overflow {text}")
        return nodes.Literal(kind, text, self._text(start))

    def _parenthesis(self, start: int) -> Expression:
        cursor = self.cursor
        cursor.expect("(")
        if cursor.peek() in ("SELECT", "WITH"):
            query = self.query()
            cursor.expect(")")
            return nodes.Scalar(query, self._text(start))
        inner = self.parse()
        if cursor.peek() == ",":
            raise unsupported("row values")
        cursor.expect(")")
        return inner

    def _variable(self, start: int) -> Expression:
        cursor = self.cursor
        user = not cursor.accept("@@")
        if user:
            cursor.expect("@")
        else:
            cursor.accept_any("GLOBAL .", "SESSION .")
        name = cursor.name() if cursor.at_name() else cursor.take().text
        return nodes.Variable(name, user, self._text(start))

    def _keyword(self, start: int) -> Expression | None:
        cursor, word = self.cursor, self.cursor.peek()
        if word in ("NULL", "TRUE", "FALSE"):
            cursor.take()
            kind = "null" if word == "NULL" else "boolean"
            return nodes.Literal(kind, word.lower(), self._text(start))
        if word == "CASE":
            return self._case(start)
        if word == "EXISTS":
            cursor.take()
            cursor.expect("(")
            query = self.query()
            cursor.expect(")")
            return nodes.Exists(query, self._text(start))
        if word == "INTERVAL" or (word in ("MAP", "STRUCT") and cursor.peek(1) == "{"):
            raise unsupported(f"{word} values")
        if word in ("X", "DATE") and cursor.kind(1) == "string":
            return self._typed_literal(word, start)
        if word in BARE_FUNCTIONS and cursor.peek(1) != "(":
            cursor.take()
            return nodes.Call(word, (), text=self._text(start))
        return None

    def _typed_literal(self, word: str, start: int) -> Expression | None:
        here, following = self.cursor.tokens[self.cursor.position : self.cursor.position + 2]
        if word == "X" and following.start != here.end:
            return None
        self.cursor.take()
        value = unquote_string(self.cursor.take().text)
        if word == "DATE":
            return nodes.Literal("date", value, self._text(start))
        try:
            bytes.fromhex(value)
        except ValueError:
            raise syntax_error(value, start, "Binary literal must contain hex digits in pairs") from None
        return nodes.Literal("binary", value, self._text(start))

    def _case(self, start: int) -> Expression:
        cursor = self.cursor
        cursor.expect("CASE")
        operand = None if cursor.peek() == "WHEN" else self.parse()
        branches: list[tuple[Expression, Expression]] = []
        while cursor.accept("WHEN"):
            condition = self.parse()
            cursor.expect("THEN")
            branches.append((condition, self.parse()))
        if not branches:
            raise cursor.fail()
        default = self.parse() if cursor.accept("ELSE") else None
        cursor.expect("END")
        return nodes.Case(operand, tuple(branches), default, self._text(start))

    def _call(self, start: int) -> Expression:
        cursor, name = self.cursor, self.cursor.peek()
        if name in cursor.reserved and name not in FUNCTION_WORDS | {"CAST", "CONVERT"}:
            raise cursor.fail()
        if name in REFUSED_CALLS:
            raise unsupported(f"{name.lower()}()")
        cursor.take()
        cursor.expect("(")
        if name in ("CAST", "CONVERT"):
            return self._cast(name, start)
        if cursor.accept("*"):
            cursor.expect(")")
            if name != "COUNT":
                raise analyzing(f"Only support count(*), not {name.lower()}(*)")
            return self._windowed(nodes.Call(name, (), star=True, text=self._text(start)), start)
        distinct = cursor.accept("DISTINCT")
        args = () if cursor.peek() == ")" else self.arguments()
        if cursor.peek() in ("ORDER", "SEPARATOR"):
            raise unsupported(f"{name.lower()}(.. ORDER BY ..)")
        cursor.expect(")")
        return self._windowed(nodes.Call(name, args, distinct, text=self._text(start)), start)

    def _cast(self, name: str, start: int) -> Expression:
        cursor = self.cursor
        arg = self.parse()
        cursor.expect("AS" if name == "CAST" else ",")
        # an unbounded VARCHAR in a CAST keeps the whole text (truth function-072, 093)
        to = parse_type(cursor, self.version)
        check_limits(to)
        cursor.expect(")")
        return nodes.Cast(arg, to, self._text(start))

    def _windowed(self, call: nodes.Call, start: int) -> Expression:
        cursor = self.cursor
        if not cursor.accept("OVER"):
            return call
        cursor.expect("(")
        partition: tuple[Expression, ...] = ()
        if cursor.accept("PARTITION BY"):
            partition = self.arguments()
        order = self.order_items() if cursor.accept("ORDER BY") else ()
        if cursor.peek() in ("ROWS", "RANGE"):
            raise unsupported("window frames")
        cursor.expect(")")
        window = nodes.Window(partition, order)
        return nodes.Call(call.name, call.args, call.distinct, call.star, window, self._text(start))

    def order_items(self) -> tuple[nodes.OrderItem, ...]:
        found: list[nodes.OrderItem] = []
        while True:
            value = self.parse()
            descending = self.cursor.accept_any("ASC", "DESC") == "DESC"
            nulls = ""
            if self.cursor.accept("NULLS"):
                nulls = self.cursor.accept_any("FIRST", "LAST")
                if not nulls:
                    raise self.cursor.fail()
            found.append(nodes.OrderItem(value, descending, nulls))
            if not self.cursor.accept(","):
                return tuple(found)
