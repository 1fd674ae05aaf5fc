"""Expressions: a precedence parser for the part of StarRocks' grammar that the sandbox answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.starrocks.errors import analyzing, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import MAX_NESTING, Cursor
from mssql_starrocks.sandbox.starrocks.sql.lexer import unquote_string
from mssql_starrocks.sandbox.starrocks.sql.type_parser import parse_type
from mssql_starrocks.sandbox.starrocks.sql.types import check_limits

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query

COMPARISONS = ("=", "<=>", "<>", "!=", "<=", ">=", "<", ">")
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


class ExpressionParser:
    """`query` parses a sub-query at the cursor; `pipes_concat` is sql_mode PIPES_AS_CONCAT."""

    def __init__(
        self, cursor: Cursor, version: tuple[int, int], query: Callable[[], Query], pipes_concat: bool
    ) -> None:
        self.cursor, self.version, self.query, self.pipes_concat = cursor, version, query, pipes_concat

    def _text(self, start: int) -> str:
        return self.cursor.sql[start : self.cursor.last_end()]

    def parse(self) -> Expression:
        cursor = self.cursor
        cursor.depth += 1
        if cursor.depth > MAX_NESTING:
            raise unsupported("an expression nested this deeply")
        found = self._or()
        cursor.depth -= 1
        return found

    def _or(self) -> Expression:
        start, left = self.cursor.start(), self._and()
        while True:
            if self.cursor.accept("OR") or (not self.pipes_concat and self.cursor.accept("||")):
                right = self._and()
                left = nodes.Binary("OR", left, right, self._text(start))
            else:
                return left

    def _and(self) -> Expression:
        start, left = self.cursor.start(), self._not()
        while self.cursor.accept("AND") or self.cursor.accept("&&"):
            right = self._not()
            left = nodes.Binary("AND", left, right, self._text(start))
        return left

    def _not(self) -> Expression:
        start = self.cursor.start()
        if self.cursor.accept("NOT"):
            return nodes.Unary("NOT", self._not(), self._text(start))
        return self._comparison()

    def _comparison(self) -> Expression:
        start, left = self.cursor.start(), self._predicate()
        while True:
            op = self.cursor.accept_any(*COMPARISONS)
            if op:
                right = self._predicate()
                left = nodes.Binary("<>" if op == "!=" else op, left, right, self._text(start))
            elif self.cursor.accept("IS"):
                negated = self.cursor.accept("NOT")
                if self.cursor.peek() in ("TRUE", "FALSE"):
                    raise unsupported("IS TRUE / IS FALSE")
                self.cursor.expect("NULL")
                left = nodes.IsNull(left, negated, self._text(start))
            else:
                return left

    def _predicate(self) -> Expression:
        start, arg = self.cursor.start(), self._bits()
        negated = self.cursor.at("NOT") and self.cursor.peek(1) in ("IN", "BETWEEN", "LIKE", "REGEXP", "RLIKE")
        if negated:
            self.cursor.take()
        if self.cursor.accept("BETWEEN"):
            low = self._bits()
            self.cursor.expect("AND")
            return nodes.Between(arg, low, self._predicate(), negated, self._text(start))
        if self.cursor.accept("LIKE"):
            return nodes.Like(arg, self._bits(), negated, self._text(start))
        if self.cursor.peek() in ("REGEXP", "RLIKE"):
            raise unsupported("REGEXP")
        if self.cursor.accept("IN"):
            return self._in(arg, negated, start)
        return arg

    def _in(self, arg: Expression, negated: bool, start: int) -> Expression:
        self.cursor.expect("(")
        if self.cursor.peek() in ("SELECT", "WITH"):
            query = self.query()
            self.cursor.expect(")")
            return nodes.InQuery(arg, query, negated, self._text(start))
        items = self.arguments()
        self.cursor.expect(")")
        # judged A17: expr_children_limit; from 4.1 max_scalar_operator_flat_children stops one earlier
        if len(items) > (9_999 if self.version >= (4, 1) else 10_000):
            raise syntax_error("IN", start, "The number of children in expr exceeds the limit 10000")
        return nodes.InList(arg, items, negated, self._text(start))

    def arguments(self) -> tuple[Expression, ...]:
        found = [self.parse()]
        while self.cursor.accept(","):
            found.append(self.parse())
        return tuple(found)

    def _bits(self) -> Expression:
        start, left = self.cursor.start(), self._sum()
        while True:
            op = self.cursor.accept_any("&", "|")
            if not op:
                return left
            left = nodes.Binary(op, left, self._sum(), self._text(start))

    def _sum(self) -> Expression:
        start, left = self.cursor.start(), self._product()
        while True:
            op = self.cursor.accept_any("+", "-")
            if not op:
                return left
            left = nodes.Binary(op, left, self._product(), self._text(start))

    def _product(self) -> Expression:
        start, left = self.cursor.start(), self._pipes()
        while True:
            op = self.cursor.accept_any("*", "/", "%", "DIV", "MOD")
            if not op:
                return left
            left = nodes.Binary("%" if op == "MOD" else op, left, self._pipes(), self._text(start))

    def _pipes(self) -> Expression:
        start, left = self.cursor.start(), self._unary()
        while self.pipes_concat and self.cursor.accept("||"):
            right = self._unary()
            left = nodes.Call("CONCAT", (left, right), text=self._text(start))
        return left

    def _unary(self) -> Expression:
        start = self.cursor.start()
        op = self.cursor.accept_any("-", "+", "~", "!")
        if op:
            return nodes.Unary(op, self._unary(), self._text(start))
        return self._primary()

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
