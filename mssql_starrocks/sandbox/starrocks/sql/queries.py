"""Queries: SELECT, set operations, WITH, joins, time travel (facts/starrocks_judged.md B for the clause order)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.expressions import ExpressionParser

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query, Relation

JOINS = {
    "JOIN": "INNER", "INNER JOIN": "INNER", "CROSS JOIN": "CROSS", "LEFT JOIN": "LEFT", "LEFT OUTER JOIN": "LEFT",
    "RIGHT JOIN": "RIGHT", "RIGHT OUTER JOIN": "RIGHT", "FULL JOIN": "FULL", "FULL OUTER JOIN": "FULL",
    "LEFT SEMI JOIN": "SEMI", "LEFT ANTI JOIN": "ANTI",
}  # fmt: skip
SET_OPERATIONS = {
    "UNION ALL": "UNION ALL", "UNION DISTINCT": "UNION", "UNION": "UNION", "INTERSECT DISTINCT": "INTERSECT",
    "INTERSECT": "INTERSECT", "EXCEPT DISTINCT": "EXCEPT", "EXCEPT": "EXCEPT", "MINUS": "EXCEPT",
}  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
NOT_AN_ALIAS = {"ON", "FOR", "OFFSET", "TABLET", "SEMI", "ANTI", "WINDOW", "QUALIFY", "FETCH", "PIVOT", "TABLESAMPLE"}


class QueryParser:
    def __init__(self, cursor: Cursor, version: tuple[int, int], pipes_concat: bool = False) -> None:
        self.cursor, self.version = cursor, version
        self.expressions = ExpressionParser(cursor, version, self.query, pipes_concat)

    def query(self) -> Query:
        ctes = self.ctes() if self.cursor.accept("WITH") else ()
        body = self._set_operations()
        order = self.expressions.order_items() if self.cursor.accept("ORDER BY") else ()
        limit, offset = self._limit()
        if isinstance(body, nodes.Query):
            if not (ctes or order or limit is not None):
                return body
            raise unsupported("clauses after a query in parentheses")
        return nodes.Query(body, ctes, order, limit, offset)

    def ctes(self) -> tuple[nodes.With, ...]:
        if self.cursor.at("RECURSIVE") and self.version >= (4, 1):
            raise unsupported("WITH RECURSIVE")
        found: list[nodes.With] = []
        while True:
            name = self.cursor.name()
            columns = tuple(self.cursor.names()) if self.cursor.peek() == "(" else ()
            self.cursor.expect("AS")
            self.cursor.expect("(")
            found.append(nodes.With(name, columns, self.query()))
            self.cursor.expect(")")
            if not self.cursor.accept(","):
                return tuple(found)

    def _limit(self) -> tuple[int | None, int]:
        if not self.cursor.accept("LIMIT"):
            return None, 0
        first = self.cursor.integer()
        if self.cursor.accept(","):
            return self.cursor.integer(), first
        return first, self.cursor.integer() if self.cursor.accept("OFFSET") else 0

    def _set_operations(self) -> nodes.Select | nodes.SetOperation | nodes.Values | Query:
        left: nodes.Select | nodes.SetOperation | Query = self._term()
        while True:
            op = self.cursor.accept_any(*SET_OPERATIONS)
            if not op:
                return left
            if SET_OPERATIONS[op] == "INTERSECT" and isinstance(left, nodes.SetOperation):
                raise unsupported("INTERSECT mixed with other set operations")
            right = self._term()
            left = nodes.SetOperation(SET_OPERATIONS[op], _as_query(left), _as_query(right))

    def _term(self) -> nodes.Select | Query:
        if self.cursor.accept("("):
            inner = self.query()
            self.cursor.expect(")")
            return inner
        return self._select()

    def _select(self) -> nodes.Select:
        cursor = self.cursor
        cursor.expect("SELECT")
        distinct = cursor.accept_any("DISTINCT", "ALL") == "DISTINCT"
        items = [self._item()]
        while cursor.accept(","):
            items.append(self._item())
        source = None
        if not cursor.accept("FROM DUAL") and cursor.accept("FROM"):
            source = self._from()
        where = self.expressions.parse() if cursor.accept("WHERE") else None
        group: tuple[Expression, ...] = ()
        if cursor.accept("GROUP BY"):
            if cursor.peek() in ("ROLLUP", "CUBE", "GROUPING") and cursor.peek(1) in ("(", "SETS"):
                raise unsupported("GROUP BY ROLLUP, CUBE, GROUPING SETS")
            if cursor.peek() == "ALL" and self.version >= (4, 2):
                raise unsupported("GROUP BY ALL")
            group = self.expressions.arguments()
        having = self.expressions.parse() if cursor.accept("HAVING") else None
        if cursor.peek() == "QUALIFY":
            raise unsupported("QUALIFY")
        return nodes.Select(tuple(items), source, where, group, having, distinct)

    def _item(self) -> nodes.Item:
        cursor = self.cursor
        if cursor.peek() == "*":
            return nodes.Item(self._star(()))
        if cursor.at_name() and cursor.peek(1) == ".":
            begin, parts = cursor.position, [cursor.name()]
            while cursor.accept("."):
                if cursor.peek() == "*":
                    return nodes.Item(self._star(tuple(parts)))
                parts.append(cursor.name())
            cursor.position = begin
        value = self.expressions.parse()
        return nodes.Item(value, self._alias(strings=True))

    def _star(self, qualifier: tuple[str, ...]) -> nodes.Star:
        self.cursor.expect("*")
        if self.cursor.peek() in ("EXCEPT", "EXCLUDE") and self.cursor.peek(1) == "(" and self.version >= (4, 0):
            raise unsupported("SELECT * EXCEPT")
        return nodes.Star(qualifier)

    def _alias(self, strings: bool = False) -> str:
        cursor = self.cursor
        explicit = cursor.accept("AS")
        if strings and cursor.kind() == "string":
            return cursor.string()
        # VERSION and TIMESTAMP before AS OF are time travel, not an alias
        travel = cursor.peek() in ("VERSION", "TIMESTAMP", "SYSTEM_TIME") and cursor.peek(1) in ("AS", "BETWEEN")
        if explicit or (cursor.at_name() and cursor.peek() not in NOT_AN_ALIAS and not travel):
            return cursor.name()
        return ""

    def _from(self) -> Relation:
        left = self._joined()
        while self.cursor.accept(","):
            left = nodes.Join("CROSS", left, self._joined())
        return left

    def _joined(self) -> Relation:
        left = self._relation()
        while True:
            word = self.cursor.accept_any(*JOINS)
            if not word:
                return left
            if self.cursor.peek() == "[":
                raise unsupported("join hints")
            kind = JOINS[word]
            right = self._relation()
            on: Expression | None = None
            using: tuple[str, ...] = ()
            if self.cursor.accept("ON"):
                on = self.expressions.parse()
            elif self.cursor.accept("USING"):
                using = tuple(self.cursor.names())
            elif kind not in ("INNER", "CROSS"):
                raise analyzing(f"{kind} JOIN must have on or using clause")
            if using:
                raise unsupported("JOIN .. USING")
            left = nodes.Join(kind, left, right, on, using)

    def _relation(self) -> Relation:
        if self.cursor.peek() == "DUAL":
            raise unsupported("DUAL")
        if self.cursor.accept("("):
            return self._derived()
        path = self.cursor.path()
        if len(path) > 3:
            raise analyzing(f"Invalid table name format '{'.'.join(path)}'")
        if self.cursor.peek() == "(":
            raise unsupported(f"table function {path[-1]}")
        if self.cursor.peek() in ("PARTITION", "TEMPORARY", "TABLET"):
            raise unsupported("reading single partitions or tablets")
        version = self.version_clause()
        return nodes.TableRef(tuple(path), version, self._alias())

    def _derived(self) -> Relation:
        cursor = self.cursor
        if cursor.peek() == "VALUES":
            raise unsupported("VALUES as a table")
        if cursor.peek() not in ("SELECT", "WITH", "("):
            raise unsupported("joins in parentheses")
        query = self.query()
        cursor.expect(")")
        alias = self._alias()
        if not alias:
            raise analyzing("Every derived table must have its own alias", 1248, "42000")
        columns = tuple(cursor.names()) if cursor.peek() == "(" else ()
        return nodes.Derived(query, alias, columns)

    def version_clause(self) -> nodes.Version | None:
        cursor = self.cursor
        if cursor.accept_any("FOR TIMESTAMP AS OF", "FOR SYSTEM_TIME AS OF", "TIMESTAMP AS OF", "SYSTEM_TIME AS OF"):
            return self._moment()
        if cursor.peek() == "FOR" and cursor.peek(1) in ("TIMESTAMP", "SYSTEM_TIME"):
            raise unsupported("time travel between two times")
        if cursor.peek() == "FOR":
            cursor.take()
        if not cursor.at("VERSION AS OF") and cursor.tokens[cursor.position - 1].upper == "FOR":
            raise unsupported("VERSION BETWEEN") if cursor.at("VERSION BETWEEN") else cursor.fail()
        if not cursor.accept("VERSION AS OF"):
            return None
        if cursor.kind() == "string":
            return nodes.Version(cursor.string(), "reference")
        if cursor.kind() == "number":
            return nodes.Version(cursor.take().text, "snapshot")
        what = self.expressions.parse()
        raise plain(f"Unsupported type for table version: {what.text}")

    def _moment(self) -> nodes.Version:
        value = self.expressions.parse()
        if isinstance(value, nodes.Call) and value.name == "NOW" and not value.args:
            return nodes.Version("", "moment")
        if not (isinstance(value, nodes.Literal) and value.kind == "string" and MOMENT.fullmatch(value.value)):
            raise unsupported("time travel to anything but now() or 'yyyy-MM-dd HH:mm:ss'")
        return nodes.Version(value.value, "moment")


def _as_query(body: nodes.Select | nodes.SetOperation | nodes.Values | Query) -> Query:
    return body if isinstance(body, nodes.Query) else nodes.Query(body)


def parse_query(cursor: Cursor, version: tuple[int, int], pipes_concat: bool = False) -> Query:
    """The whole rest of the statement as one query."""
    found = QueryParser(cursor, version, pipes_concat).query()
    if cursor.peek() == "INTO":
        raise unsupported("SELECT .. INTO")
    cursor.end()
    return found
