"""Expressions: a precedence parser for the part of StarRocks' grammar that the sandbox answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.starrocks.errors import syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import MAX_NESTING, Cursor
from mssql_starrocks.sandbox.starrocks.sql.primaries import PrimaryParser

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query

COMPARISONS = ("=", "<=>", "<>", "!=", "<=", ">=", "<", ">")


class ExpressionParser(PrimaryParser):
    """`query` parses a sub-query at the cursor; `pipes_concat` is sql_mode PIPES_AS_CONCAT."""

    def __init__(
        self, cursor: Cursor, version: tuple[int, int], query: Callable[[], Query], pipes_concat: bool
    ) -> None:
        super().__init__(cursor, version, query)
        self.pipes_concat = pipes_concat

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
        found = self._primary()
        if self.version >= (4, 2) and self.cursor.peek() == "::":
            raise unsupported("value::type")
        return found
