"""Query nodes -> one DuckDB SELECT whose columns are called c0, c1 .., their StarRocks names and types beside it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile import library as _registers_functions  # noqa: F401
from mssql_starrocks.sandbox.starrocks.compile.aggregates import AGGREGATES
from mssql_starrocks.sandbox.starrocks.compile.expressions import ExpressionCompiler, Grouping, order_text
from mssql_starrocks.sandbox.starrocks.compile.scope import (
    Compiled,
    Environment,
    OutputColumn,
    Scope,
    Source,
    Visible,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed, common_type, quote
from mssql_starrocks.sandbox.starrocks.errors import analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.sql import nodes

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.sql.nodes import Expression, Query, Relation


@dataclass
class QueryCompiler:
    """`sources` holds every table met, so that the caller can fill the external ones."""

    env: Environment
    sources: list[Source] = field(default_factory=list)
    ctes: dict[str, Visible] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def compile(self, query: Query, parent: Scope | None = None) -> Compiled:
        outer = dict(self.ctes)
        heads = [self._cte(cte, parent) for cte in query.ctes]
        body, order, columns = self._body(query, parent)
        self.ctes = outer
        tail = f" ORDER BY {', '.join(order)}" if order else ""
        if query.limit is not None:
            tail += f" LIMIT {query.limit} OFFSET {query.offset}"
        head = f"WITH {', '.join(heads)} " if heads else ""
        return Compiled(f"{head}{body}{tail}", columns)

    def _cte(self, cte: nodes.With, parent: Scope | None) -> str:
        compiled = self.compile(cte.query, parent)
        reference = f"w{next(self.numbers)}"
        columns = _renamed(compiled.columns, cte.columns)
        self.ctes[cte.name] = Visible(cte.name, reference, columns, _positions(columns))
        return f"{reference} AS ({compiled.sql})"

    def _body(self, query: Query, parent: Scope | None) -> tuple[str, list[str], tuple[OutputColumn, ...]]:
        if isinstance(query.body, nodes.Select):
            return self._select(query.body, query.order, parent)
        if isinstance(query.body, nodes.Values):
            raise unsupported("VALUES as a query")
        sql, columns = self._set_operation(query.body, parent)
        return sql, [order_text(_output_position(item, columns), item) for item in query.order], columns

    def _set_operation(self, node: nodes.SetOperation, parent: Scope | None) -> tuple[str, tuple[OutputColumn, ...]]:
        left, right = self.compile(node.left, parent), self.compile(node.right, parent)
        if len(left.columns) != len(right.columns):
            raise analyzing("Operands have unequal number of columns")
        columns = tuple(
            OutputColumn(one.name, common_type(one.type, two.type), one.nullable or two.nullable)
            for one, two in zip(left.columns, right.columns, strict=True)
        )
        sides = [self._recast(side, columns) for side in (left, right)]
        return f" {node.op} ".join(sides), columns

    def _recast(self, side: Compiled, columns: tuple[OutputColumn, ...]) -> str:
        items = [
            f"{casts.cast(Typed(f'q.c{at}', have.type), want.type, self.env.mode).sql} AS c{at}"
            for at, (have, want) in enumerate(zip(side.columns, columns, strict=True))
        ]
        return f"(SELECT {', '.join(items)} FROM ({side.sql}) AS q)"

    def _select(
        self, node: nodes.Select, order: tuple[nodes.OrderItem, ...], parent: Scope | None
    ) -> tuple[str, list[str], tuple[OutputColumn, ...]]:
        scope = Scope([], parent)
        source = f" FROM {self._relation(node.source, scope)}" if node.source else ""
        items = self._expand(node.items, scope)
        aliases = {item.alias.lower(): item.value for item in items if item.alias}
        plain = ExpressionCompiler(self.env, scope, self.compile)
        where = f" WHERE {replace(plain, aggregates_allowed=False).condition(node.where)}" if node.where else ""
        keys = [self._group_key(key, items, replace(plain, aliases=aliases)) for key in node.group]
        grouped = bool(node.group) or any(
            _aggregates(part) for part in (*(i.value for i in items), node.having, *(o.value for o in order))
        )
        compiler = plain
        if grouped or node.having is not None:
            compiler = replace(plain, grouping=Grouping(frozenset(key.sql for key in keys)))
        values = [compiler.compile(item.value) for item in items]
        columns = tuple(
            OutputColumn(_column_name(item), value.type, value.nullable)
            for item, value in zip(items, values, strict=True)
        )
        sql = "SELECT DISTINCT " if node.distinct else "SELECT "
        sql += ", ".join(f"{value.sql} AS c{at}" for at, value in enumerate(values)) + source + where
        if keys:
            sql += f" GROUP BY {', '.join(key.sql for key in keys)}"
        if node.having is not None:
            sql += self._having(node.having, replace(compiler, aliases=aliases), grouped)
        named = replace(compiler, aliases=aliases)
        return sql, [order_text(self._order_key(item, items, columns, named, node), item) for item in order], columns

    def _having(self, node: Expression, compiler: ExpressionCompiler, grouped: bool) -> str:
        if not grouped:
            raise unsupported("HAVING without GROUP BY and without an aggregate")
        return f" HAVING {compiler.condition(node)}"

    def _group_key(self, key: Expression, items: list[nodes.Item], compiler: ExpressionCompiler) -> Typed:
        if isinstance(key, nodes.Literal) and key.kind == "integer":
            if not 1 <= int(key.value) <= len(items):
                raise analyzing(f"Group by position {key.value} is not in select list")
            key = items[int(key.value) - 1].value
        return replace(compiler, aggregates_allowed=False).compile(key)

    def _order_key(
        self,
        item: nodes.OrderItem,
        items: list[nodes.Item],
        columns: tuple[OutputColumn, ...],
        compiler: ExpressionCompiler,
        node: nodes.Select,
    ) -> str:
        value = item.value
        if isinstance(value, nodes.Literal) and value.kind == "integer":
            return _output_position(item, columns)
        if isinstance(value, nodes.Name) and len(value.parts) == 1:
            wanted = value.parts[0].lower()
            named = [at for at, entry in enumerate(items) if entry.alias.lower() == wanted]
            if node.distinct and not named:
                named = [at for at, column in enumerate(columns) if column.name.lower() == wanted]
            if named:
                return f"c{named[0]}"
        if node.distinct:
            raise unsupported("SELECT DISTINCT ordered by something else than a column alias or position")
        return compiler.compile(value).sql

    def _expand(self, items: tuple[nodes.Item, ...], scope: Scope) -> list[nodes.Item]:
        found: list[nodes.Item] = []
        for item in items:
            if not isinstance(item.value, nodes.Star):
                found.append(item)
                continue
            matching = [relation for relation in scope.relations if relation.matches(item.value.qualifier)]
            if not matching:
                raise analyzing("No tables used" if not scope.relations else f"Unknown table '{item.value.qualifier}'")
            for relation in matching:
                for column in relation.columns:
                    name = nodes.Name((relation.alias, column.name), column.name)
                    found.append(nodes.Item(name, column.name))
        return found

    def _relation(self, node: Relation, scope: Scope) -> str:
        if isinstance(node, nodes.Join):
            return self._join(node, scope)
        if isinstance(node, nodes.Derived):
            compiled = self.compile(node.query, scope.parent)
            columns = _renamed(compiled.columns, node.columns)
            reference = f"r{next(self.numbers)}"
            self._see(Visible(node.alias, reference, columns, _positions(columns)), scope)
            return f"({compiled.sql}) AS {reference}"
        return self._table(node, scope)

    def _table(self, node: nodes.TableRef, scope: Scope) -> str:
        reference = f"r{next(self.numbers)}"
        if len(node.path) == 1 and node.path[0] in self.ctes:
            if node.version:
                raise unsupported("FOR VERSION AS OF on a common table expression")
            cte = self.ctes[node.path[0]]
            self._see(Visible(node.alias or cte.alias, reference, cte.columns, cte.names), scope)
            return f"{cte.reference} AS {reference}"
        source = self.env.resolve(node.path, node.version)
        self.sources.append(source)
        names = [column.name for column in source.columns]
        self._see(Visible(node.alias or node.path[-1], reference, source.columns, names, source), scope)
        return f"{quote(source.relation)} AS {reference}"

    def _see(self, relation: Visible, scope: Scope) -> None:
        if any(other.alias == relation.alias for other in scope.relations):
            raise analyzing(f"Not unique table/alias: '{relation.alias}'", 1066, "42000")
        scope.relations.append(relation)

    def _join(self, node: nodes.Join, scope: Scope) -> str:
        left = self._relation(node.left, scope)
        before = len(scope.relations)
        right = self._relation(node.right, scope)
        kind = node.kind if node.on is not None or node.kind != "INNER" else "CROSS"
        kind = "INNER" if kind == "CROSS" and node.on is not None else kind
        condition = ""
        if node.on is not None:
            compiler = ExpressionCompiler(self.env, scope, self.compile, aggregates_allowed=False)
            condition = f" ON {compiler.condition(node.on)}"
        if kind in ("SEMI", "ANTI"):
            del scope.relations[before:]
        return f"({left} {kind} JOIN {right}{condition})"


def _renamed(columns: tuple[OutputColumn, ...], names: tuple[str, ...]) -> tuple[OutputColumn, ...]:
    if not names:
        return columns
    if len(names) != len(columns):
        raise analyzing("Number of column names does not match the number of columns")
    return tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))


def _positions(columns: tuple[OutputColumn, ...]) -> list[str]:
    return [f"c{at}" for at in range(len(columns))]


def _column_name(item: nodes.Item) -> str:
    if item.alias:
        return item.alias
    return item.value.parts[-1] if isinstance(item.value, nodes.Name) else item.value.text


def _output_position(item: nodes.OrderItem, columns: tuple[OutputColumn, ...]) -> str:
    value = item.value
    if isinstance(value, nodes.Literal) and value.kind == "integer":
        if not 1 <= int(value.value) <= len(columns):
            raise analyzing(f"Order by position {value.value} is not in select list")
        return f"c{int(value.value) - 1}"
    if isinstance(value, nodes.Name) and len(value.parts) == 1:
        wanted = value.parts[0].lower()
        named = [at for at, column in enumerate(columns) if column.name.lower() == wanted]
        if named:
            return f"c{named[0]}"
    raise unsupported("this ORDER BY: name an output column or its position")


def _aggregates(node: object) -> bool:
    """Whether an expression of this query (not of a sub-query) calls an aggregate function."""
    if isinstance(node, nodes.Call):
        if node.name in AGGREGATES and node.window is None:
            return True
        return any(_aggregates(arg) for arg in node.args)
    if isinstance(node, nodes.Query):
        return False
    if isinstance(node, tuple):
        return any(_aggregates(part) for part in node)
    if hasattr(node, "__dataclass_fields__"):
        return any(_aggregates(getattr(node, name)) for name in node.__dataclass_fields__)
    return False
