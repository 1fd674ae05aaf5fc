"""Expression nodes -> typed DuckDB text. A node or function without a rule here is refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.starrocks.compile import casts, functions, operators
from mssql_starrocks.sandbox.starrocks.compile.aggregates import AGGREGATES, WINDOW_ONLY, aggregate
from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled, Environment, Scope
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed, common_type, decimal, integer_type, text_value
from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, plain, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.types import BOOLEAN, DATE, NULL, TEXTS, VARBINARY, SqlType

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query


@dataclass
class Grouping:
    """GROUP BY of the query being compiled: DuckDB texts of its keys; `inside` counts open aggregate calls."""

    keys: frozenset[str]
    inside: int = 0


@dataclass
class ExpressionCompiler:
    env: Environment
    scope: Scope
    subquery: Callable[[Query, Scope], Compiled]
    aliases: dict[str, Expression] = field(default_factory=dict)
    grouping: Grouping | None = None
    aggregates_allowed: bool = True

    def compile(self, node: Expression) -> Typed:
        if self.grouping and not self.grouping.inside and self.grouping.keys and not isinstance(node, nodes.Literal):
            key = self._as_key(node)
            if key is not None:
                return key
        return _RULES[type(node)](self, node)

    def condition(self, node: Expression) -> str:
        return functions.condition(self.compile(node))

    def _as_key(self, node: Expression) -> Typed | None:
        """The node itself when it is one of the GROUP BY expressions."""
        ungrouped = replace(self, grouping=None, aggregates_allowed=False)
        try:
            found = _RULES[type(node)](ungrouped, node)
        except AggregateFound:
            return None
        assert self.grouping is not None  # noqa: S101 - only called while grouping
        return found if found.sql in self.grouping.keys else None

    def literal(self, node: nodes.Literal) -> Typed:
        if node.kind == "null":
            return Typed("NULL", NULL)
        if node.kind == "boolean":
            return Typed(node.value.upper(), BOOLEAN, "1" if node.value == "true" else "0", nullable=False)
        if node.kind == "integer":
            to = integer_type(int(node.value))
            return Typed(f"CAST({int(node.value)} AS {to.duck})", to, str(int(node.value)), nullable=False)
        if node.kind == "decimal":
            return _decimal_literal(node.value)
        if node.kind == "binary":
            return Typed(f"unhex('{node.value}')", VARBINARY, node.value, nullable=False)
        value = text_value(node.value)
        return casts.cast(value, DATE, self.env.mode) if node.kind == "date" else value

    def name(self, node: nodes.Name) -> Typed:
        found = self.scope.find(node.parts)
        if found is None and len(node.parts) == 1 and node.parts[0].lower() in self.aliases:
            return self.compile(self.aliases[node.parts[0].lower()])
        found = found or self.scope.column(node.parts)
        if self.grouping is None or self.grouping.inside or found.sql in self.grouping.keys:
            return found
        if self.env.full_group_by:
            raise analyzing(f"'{node.text}' must be an aggregate expression or appear in GROUP BY clause")
        return Typed(f"any_value({found.sql})", found.type)

    def star(self, node: nodes.Star) -> Typed:
        raise unsupported("* inside an expression")

    def variable(self, node: nodes.Variable) -> Typed:
        return self.env.variable(node.name, node.user)

    def call(self, node: nodes.Call) -> Typed:
        if node.name in AGGREGATES | WINDOW_ONLY:
            return self._aggregate(node)
        if node.window or node.distinct:
            raise unsupported(f"{node.name.lower()}() with OVER or DISTINCT")
        if not node.args:
            value = self.env.session(node.name)
            if value is not None:
                return value
        args = [self.compile(arg) for arg in node.args]
        return functions.call(node.name, args, self.env.context)

    def _aggregate(self, node: nodes.Call) -> Typed:
        if node.window:
            return self._window(node)
        if node.name in WINDOW_ONLY:
            raise analyzing(f"window function {node.name.lower()}() needs an OVER clause")
        if not self.aggregates_allowed:
            raise AggregateFound(1064, "42000", f"{analyzing_text(node.text)}")
        if self.grouping is None or self.grouping.inside:
            raise analyzing(f"Unsupported nest aggregation function or misplaced aggregation: {node.text}")
        self.grouping.inside += 1
        args = [self.compile(arg) for arg in node.args]
        self.grouping.inside -= 1
        sql, to = aggregate(node.name, args, node.distinct, self.env.context)
        return Typed(f"CAST({sql} AS {to.duck})", to, nullable=node.name != "COUNT")

    def _window(self, node: nodes.Call) -> Typed:
        assert node.window is not None  # noqa: S101 - the caller looked
        if node.distinct:
            raise unsupported("DISTINCT in a window function")
        args = [self.compile(arg) for arg in node.args]
        sql, to = aggregate(node.name, args, False, self.env.context)
        parts = []
        if node.window.partition:
            parts.append("PARTITION BY " + ", ".join(self.compile(key).sql for key in node.window.partition))
        if node.window.order:
            parts.append("ORDER BY " + ", ".join(order_text(self.compile(i.value).sql, i) for i in node.window.order))
        return Typed(f"CAST({sql} OVER ({' '.join(parts)}) AS {to.duck})", to)

    def cast(self, node: nodes.Cast) -> Typed:
        return casts.cast(self.compile(node.arg), node.to, self.env.mode)

    def unary(self, node: nodes.Unary) -> Typed:
        if node.op in ("NOT", "!"):
            return Typed(f"(NOT {self.condition(node.arg)})", BOOLEAN)
        if node.op == "-" and isinstance(node.arg, nodes.Literal) and node.arg.kind in ("integer", "decimal"):
            return self.literal(replace(node.arg, value=f"-{node.arg.value}"))
        value = self.compile(node.arg)
        if node.op == "~" or not value.type.is_numeric:
            raise unsupported(f"{node.op} on {value.type.plain}")
        return value if node.op == "+" else operators.binary("*", value, _MINUS_ONE, self.env.context)

    def binary(self, node: nodes.Binary) -> Typed:
        if node.op in ("AND", "OR"):
            return Typed(f"({self.condition(node.left)} {node.op} {self.condition(node.right)})", BOOLEAN)
        return operators.binary(node.op, self.compile(node.left), self.compile(node.right), self.env.context)

    def is_null(self, node: nodes.IsNull) -> Typed:
        word = "IS NOT NULL" if node.negated else "IS NULL"
        return Typed(f"({self.compile(node.arg).sql} {word})", BOOLEAN, nullable=False)

    def in_list(self, node: nodes.InList) -> Typed:
        arg = self.compile(node.arg)
        items = [self.compile(item) for item in node.items]
        targets = {operators.comparable(arg, item) for item in items if item.type != NULL}
        if len({target.name for target in targets} - {"CHAR"}) > 1 and not all(t.is_numeric for t in targets):
            raise unsupported("IN with values of different types")
        to = arg.type
        for target in targets:
            to = common_type(to, target)
        left, *rest = (casts.cast(value, to, self.env.mode).sql for value in (arg, *items))
        word = "NOT IN" if node.negated else "IN"
        return Typed(f"({left} {word} ({', '.join(rest)}))", BOOLEAN)

    def in_query(self, node: nodes.InQuery) -> Typed:
        arg, query = self.compile(node.arg), self.subquery(node.query, self.scope)
        if len(query.columns) != 1:
            raise analyzing("subquery must return a single column when used in IN predicate")
        to = operators.comparable(arg, Typed("", query.columns[0].type))
        left = casts.cast(arg, to, self.env.mode).sql
        right = casts.cast(Typed("q.c0", query.columns[0].type), to, self.env.mode).sql
        word = "NOT IN" if node.negated else "IN"
        return Typed(f"({left} {word} (SELECT {right} FROM ({query.sql}) AS q))", BOOLEAN)

    def between(self, node: nodes.Between) -> Typed:
        arg, low, high = (self.compile(part) for part in (node.arg, node.low, node.high))
        context = self.env.context
        both = f"{operators.compare('>=', arg, low, context).sql} AND {operators.compare('<=', arg, high, context).sql}"
        return Typed(f"({'NOT ' if node.negated else ''}({both}))", BOOLEAN)

    def like(self, node: nodes.Like) -> Typed:
        arg, pattern = self.compile(node.arg), self.compile(node.pattern)
        if arg.type.name not in (*TEXTS, "NULL") or pattern.type.name not in (*TEXTS, "NULL"):
            raise unsupported("LIKE on anything but text")
        word = "NOT LIKE" if node.negated else "LIKE"
        return Typed(f"({arg.sql} {word} {pattern.sql} ESCAPE '\\')", BOOLEAN)

    def case(self, node: nodes.Case) -> Typed:
        operand = self.compile(node.operand) if node.operand is not None else None
        conditions, results = [], []
        for when, then in node.branches:
            if operand is None:
                conditions.append(self.condition(when))
            else:
                conditions.append(operators.compare("=", operand, self.compile(when), self.env.context).sql)
            results.append(self.compile(then))
        default = self.compile(node.default) if node.default is not None else Typed("NULL", NULL)
        to = default.type
        for result in results:
            to = common_type(to, result.type)
        parts = [
            f"WHEN {condition} THEN {casts.cast(result, to, self.env.mode).sql}"
            for condition, result in zip(conditions, results, strict=True)
        ]
        return Typed(f"CASE {' '.join(parts)} ELSE {casts.cast(default, to, self.env.mode).sql} END", to)

    def exists(self, node: nodes.Exists) -> Typed:
        return Typed(f"EXISTS ({self.subquery(node.query, self.scope).sql})", BOOLEAN, nullable=False)

    def scalar(self, node: nodes.Scalar) -> Typed:
        query = self.subquery(node.query, self.scope)
        if len(query.columns) != 1:
            raise plain("subquery must return a single column when used in scalar context")
        return Typed(f"({query.sql})", query.columns[0].type)


class AggregateFound(SqlError):  # noqa: N818 - also a signal between two methods of this module
    """An aggregate where none may stand: WHERE, ON, GROUP BY."""


def analyzing_text(call: str) -> str:
    return f"Getting analyzing error. Detail message: this clause cannot contain aggregations: {call}."


_MINUS_ONE = Typed("CAST(-1 AS TINYINT)", SqlType("TINYINT"), "-1", nullable=False)
_RULES: dict[type, Callable[[ExpressionCompiler, Any], Typed]] = {
    nodes.Literal: ExpressionCompiler.literal, nodes.Name: ExpressionCompiler.name,
    nodes.Star: ExpressionCompiler.star, nodes.Variable: ExpressionCompiler.variable,
    nodes.Call: ExpressionCompiler.call, nodes.Cast: ExpressionCompiler.cast,
    nodes.Unary: ExpressionCompiler.unary, nodes.Binary: ExpressionCompiler.binary,
    nodes.IsNull: ExpressionCompiler.is_null, nodes.InList: ExpressionCompiler.in_list,
    nodes.InQuery: ExpressionCompiler.in_query, nodes.Between: ExpressionCompiler.between,
    nodes.Like: ExpressionCompiler.like, nodes.Case: ExpressionCompiler.case,
    nodes.Exists: ExpressionCompiler.exists, nodes.Scalar: ExpressionCompiler.scalar,
}  # fmt: skip


def _decimal_literal(value: str) -> Typed:
    """`1.5e0` is DECIMAL(2,1) (facts/starrocks_judged.md B)."""
    from decimal import Decimal

    number = Decimal(value)
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise unsupported(f"literal {value}")
    scale, precision = max(-exponent, 0), max(len(digits) + max(exponent, 0), -exponent)
    if precision > 38:
        raise unsupported(f"literal {value}: more than 38 digits")
    to = decimal(max(precision, 1), scale)
    return Typed(f"CAST('{number:f}' AS {to.duck})", to, f"{number:f}", nullable=False)


def order_text(sql: str, item: nodes.OrderItem) -> str:
    """NULL is the smallest value unless told otherwise."""
    nulls = item.nulls or ("LAST" if item.descending else "FIRST")
    return f"{sql} {'DESC' if item.descending else 'ASC'} NULLS {nulls}"
