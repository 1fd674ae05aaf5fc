"""SELECT: sources, joins, APPLY, grouping, ordering, unions, derived tables, common table expressions."""

from dataclasses import dataclass, replace

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import (
    aggregates,
    characters,
    documents,
    functions,
    spatials,
    texts,
    variants,
)
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import (
    IN_QUERY,
    PREDICATES,
    VALUES,
    compile_predicate,
    compile_value,
)
from mssql_starrocks.sandbox.sqlserver.tsql.operators import comparison_keys
from mssql_starrocks.sandbox.sqlserver.tsql.samples import sampled
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Context, Scope, Source, SourceColumn, readable
from mssql_starrocks.sandbox.sqlserver.tsql.typed import COLUMN, Typed
from mssql_starrocks.sandbox.sqlserver.tsql.unify import common_type
from mssql_starrocks.sandbox.sqlserver.types import SqlType

HINTS = {
    "TABLOCK",
    "TABLOCKX",
    "HOLDLOCK",
    "SERIALIZABLE",
    "REPEATABLEREAD",
    "READCOMMITTED",
    "ROWLOCK",
    "PAGLOCK",
    "UPDLOCK",
    "XLOCK",
}
_SELECT_PARTS = {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct"}
_SELECT_PARTS |= {"with_", "options", "kind", "hint"}


@dataclass(frozen=True)
class Item:
    """One output column: c1, c2, ... in the DuckDB text."""

    name: str
    value: Typed
    identity: bool = False


@dataclass(frozen=True)
class Query:
    sql: str
    items: tuple[Item, ...]

    def source(self, alias: str, sql_alias: str, names: list[str] | None = None) -> Source:
        """The query as a derived table; its columns need names, and different ones (errors 8155, 8156)."""
        columns, seen = [], set()
        for index, item in enumerate(self.items, 1):
            name = names[index - 1] if names else item.name
            if not name:
                raise SqlError(8155, f"No column name was specified for column {index} of '{alias}'.")
            if name.lower() in seen:
                raise SqlError(8156, f"The column '{name}' was specified multiple times for '{alias}'.")
            seen.add(name.lower())
            rank = COLUMN if item.value.type.family == "text" else 0
            value = Typed(f'"{sql_alias}"."c{index}"', item.value.type, item.value.nullable, rank)
            columns.append(SourceColumn(name, value, item.identity))
        return Source(alias, tuple(columns))


def compile_query(
    node: exp.Expression, context: Context, parent: Scope | None = None, *, outermost: bool = False
) -> Query:
    """A SELECT, a union, or either in parentheses."""
    if isinstance(node, exp.Subquery) and not node.args.get("alias"):
        return compile_query(node.this, context, parent, outermost=outermost)
    scope = Scope(context, parent=parent)
    if node.args.get("with_") is not None:
        _common_tables(node.args["with_"], scope)
    if isinstance(node, exp.Union):
        return _union(node, scope)
    if isinstance(node, (exp.Except, exp.Intersect)):
        return _union(node, scope)
    if not isinstance(node, exp.Select):
        raise unsupported(f"{type(node).__name__} as a query")
    return _Select(node, scope, outermost=outermost).compile()


def _common_tables(node: exp.Expression, scope: Scope) -> None:
    if node.args.get("recursive"):
        raise unsupported("recursive common table expressions")
    for cte in node.expressions:
        name = cte.alias.lower()
        if any(table.name.lower() == name and not table.db for table in cte.this.find_all(exp.Table)):
            raise unsupported("recursive common table expressions")
        inner = Scope(scope.context, parent=scope)
        scope.ctes[name] = (compile_query(cte.this, scope.context, inner), [c.name for c in cte.args["alias"].columns])


class _Select:
    """One SELECT, clause by clause in the order in which names become known."""

    def __init__(self, node: exp.Select, scope: Scope, *, outermost: bool) -> None:
        self.node, self.scope, self.outermost = node, scope, outermost
        extra = {part for part, content in node.args.items() if content} - _SELECT_PARTS
        if extra or node.args.get("kind") or node.args.get("hint"):
            raise unsupported(f"{', '.join(sorted(extra)) or 'this kind'} of SELECT")

    def compile(self) -> Query:
        tables = self._from()
        where = self.node.args.get("where")
        condition = f" WHERE {compile_predicate(where.this, self.scope)}" if where is not None else ""
        group = self._group()
        items = self._items()
        having = self.node.args.get("having")
        kept = f" HAVING {compile_predicate(having.this, self.scope)}" if having is not None else ""
        outputs = ", ".join(f'{item.value.sql} AS "c{index}"' for index, item in enumerate(items, 1))
        sql = f"SELECT {self._distinct(items)}{outputs}{tables}{condition}{group}{kept}"
        sql += self._order(items) + self._limit()
        return Query(sql, tuple(items))

    def _from(self) -> str:
        found = self.node.args.get("from_")
        if found is None:
            return ""
        sql = " FROM " + compile_source(found.this, self.scope)
        return sql + "".join(compile_join(join, self.scope) for join in self.node.args.get("joins") or [])

    def _group(self) -> str:
        group = self.node.args.get("group")
        if group is None:
            return ""
        if any(group.args.get(part) for part in ("rollup", "cube", "grouping_sets", "totals", "all")):
            raise unsupported("GROUP BY with ROLLUP, CUBE or GROUPING SETS")
        keys = []
        for node in group.expressions:
            value = compile_value(node, self.scope)
            if value.literal is not None:
                raise SqlError(
                    164, "Each GROUP BY expression must contain at least one column that is not an outer reference.", 15
                )
            key = texts.key(value)
            keys.append(key)
            if key != value.sql:
                self.scope.group_keys[value.sql] = f"first({value.sql})"
        return " GROUP BY " + ", ".join(keys)

    def _items(self) -> list[Item]:
        items: list[Item] = []
        for node in self.node.expressions:
            if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
                sources = [self.scope.source(node.table)] if isinstance(node, exp.Column) else self.scope.sources
                if not sources:
                    raise SqlError(263, "Must specify table to select from.")
                shown = [readable(c) for source in sources for c in source.columns if not c.hidden]
                items += [Item(c.name, c.value, c.identity) for c in shown]
                continue
            items.append(self._item(node))
        return items

    def _item(self, node: exp.Expression) -> Item:
        if isinstance(node, exp.EQ) and isinstance(node.this, exp.Parameter):
            raise unsupported("SELECT that assigns variables")
        inner = node.this if isinstance(node, exp.Alias) else node
        name = node.alias if isinstance(node, exp.Alias) else ""
        value = compile_value(inner, self.scope)
        if self.scope.group_keys and value.sql in self.scope.group_keys:
            value = replace(value, sql=self.scope.group_keys[value.sql])
        if value.is_null:
            value = convert(value, value.type)
        if not name and isinstance(inner, exp.Column):
            name = inner.name if isinstance(inner.this, exp.Identifier) else ""
        return Item(name, value, self._is_identity(inner))

    def _is_identity(self, node: exp.Expression) -> bool:
        if not isinstance(node, exp.Column):
            return False
        return any(c.identity for s in self.scope.sources for c in s.find(node.name) if node.table in ("", s.alias))

    def _distinct(self, items: list[Item]) -> str:
        distinct = self.node.args.get("distinct")
        if distinct is None:
            return ""
        return f"DISTINCT ON ({', '.join(texts.key(item.value) for item in items)}) "

    def _order(self, items: list[Item]) -> str:
        order = self.node.args.get("order")
        if order is None:
            return ""
        if not self.outermost and not self.node.args.get("limit") and not self.node.args.get("offset"):
            raise SqlError(
                1033,
                "The ORDER BY clause is invalid in views, inline functions, derived tables, "
                "subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.",
                15,
            )
        return " ORDER BY " + ", ".join(self._sort_key(node, items) for node in order.expressions)

    def _sort_key(self, node: exp.Expression, items: list[Item]) -> str:
        direction = "DESC NULLS LAST" if node.args.get("desc") else "ASC NULLS FIRST"
        value = self._sorted_value(node.this, items)
        return f"{texts.key(value, ordered=True)} {direction}"

    def _sorted_value(self, node: exp.Expression, items: list[Item]) -> Typed:
        if isinstance(node, exp.Literal) and not node.is_string:
            position = int(node.this)
            if not 1 <= position <= len(items):
                raise SqlError(
                    108,
                    f"The ORDER BY position number {position} is out of range of the number of items "
                    f"in the select list.",
                    15,
                )
            return items[position - 1].value
        if isinstance(node, exp.Column) and not node.table:
            named = [item for item in items if item.name.lower() == node.name.lower()]
            if len({item.value.sql for item in named}) > 1:
                raise SqlError(209, f"Ambiguous column name '{node.name}'.")
            if named:
                return named[0].value
        value = compile_value(node, self.scope)
        if self.node.args.get("distinct") is not None and value.sql not in {item.value.sql for item in items}:
            raise SqlError(145, "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.", 15)
        return value

    def _limit(self) -> str:
        limit, offset = self.node.args.get("limit"), self.node.args.get("offset")
        sql = ""
        if limit is not None:
            options = limit.args.get("limit_options")
            if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
                raise unsupported("TOP with PERCENT or WITH TIES")
            sql += f" LIMIT {self._count(limit.args.get('count') or limit.expression)}"
        if offset is not None:
            if self.node.args.get("order") is None:
                raise SqlError(102, "Incorrect syntax near 'OFFSET'.", 15)
            sql += f" OFFSET {self._count(offset.expression)}"
        return sql

    def _count(self, node: exp.Expression) -> int:
        value = compile_value(node, self.scope)
        if not isinstance(value.literal, int):
            raise unsupported("TOP or OFFSET with something other than a number or a parameter")
        return value.literal


def _union(node: exp.Expression, scope: Scope) -> Query:
    left = compile_query(node.this, scope.context, scope)
    right = compile_query(node.expression, scope.context, scope)
    if len(left.items) != len(right.items):
        raise SqlError(
            205,
            "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal "
            "number of expressions in their target lists.",
        )
    one, two = _aligned(left, right)
    distinct = node.args.get("distinct")
    if not isinstance(node, exp.Union):
        raise unsupported(type(node).__name__.upper())
    sql = f"({one.sql}) UNION ALL ({two.sql})"
    items = one.items
    alias = scope.context.new_alias()
    source = replace(one, items=items)
    outputs = [
        Item(i.name, Typed(f'"{alias}"."c{n}"', i.value.type, True, i.value.collation_rank))
        for n, i in enumerate(source.items, 1)
    ]
    chosen = f"DISTINCT ON ({', '.join(texts.key(item.value) for item in outputs)}) " if distinct else ""
    listed = ", ".join(f'{item.value.sql} AS "c{n}"' for n, item in enumerate(outputs, 1))
    sql = f'SELECT {chosen}{listed} FROM ({sql}) AS "{alias}"'
    order = node.args.get("order")
    if order is not None:
        keys = [_union_sort(term, outputs) for term in order.expressions]
        sql += " ORDER BY " + ", ".join(keys)
    if node.args.get("limit") is not None or node.args.get("offset") is not None:
        raise unsupported("OFFSET after UNION")
    return Query(sql, tuple(outputs))


def _union_sort(term: exp.Expression, outputs: list[Item]) -> str:
    direction = "DESC NULLS LAST" if term.args.get("desc") else "ASC NULLS FIRST"
    node = term.this
    if isinstance(node, exp.Literal) and not node.is_string and 1 <= int(node.this) <= len(outputs):
        return f"{texts.key(outputs[int(node.this) - 1].value, ordered=True)} {direction}"
    named = [item for item in outputs if item.name.lower() == node.name.lower()]
    if not isinstance(node, exp.Column) or not named:
        raise SqlError(
            104,
            "ORDER BY items must appear in the select list if the statement contains a UNION, "
            "INTERSECT or EXCEPT operator.",
            15,
        )
    return f"{texts.key(named[0].value, ordered=True)} {direction}"


def _aligned(left: Query, right: Query) -> tuple[Query, Query]:
    kinds = [common_type([a.value, b.value]) for a, b in zip(left.items, right.items, strict=True)]
    return _converted(left, kinds), _converted(right, kinds)


def _converted(query: Query, kinds: list[SqlType]) -> Query:
    items = []
    for index, (item, kind) in enumerate(zip(query.items, kinds, strict=True), 1):
        inner = replace(item.value, sql=f'"u"."c{index}"')
        items.append(Item(item.name, convert(inner, kind)))
    listed = ", ".join(f'{item.value.sql} AS "c{n}"' for n, item in enumerate(items, 1))
    return Query(f'SELECT {listed} FROM ({query.sql}) AS "u"', tuple(items))


def compile_source(node: exp.Expression, scope: Scope) -> str:
    """A table, derived table or VALUES in FROM; adds its columns to the scope."""
    if isinstance(node, exp.Table):
        sql = _table(node, scope)
    elif isinstance(node, exp.Subquery):
        sql = _derived(node, scope, lateral=False)
    elif isinstance(node, exp.Values):
        raise unsupported("VALUES as a table")
    else:
        raise unsupported(f"{type(node).__name__} in FROM")
    return sql + "".join(compile_join(join, scope) for join in node.args.get("joins") or [])


def _table(node: exp.Table, scope: Scope) -> str:
    hints = check_hints(node)
    if not isinstance(node.this, exp.Identifier) and node.db.lower() == "sys" and not node.catalog:
        return _table_function(node.this, node.alias, scope)
    if not isinstance(node.this, exp.Identifier):
        raise unsupported(f"table function {node.sql(dialect='tsql')[:60]}")
    only(node, "this", "db", "catalog", "alias", "hints", "joins", "sample")
    alias, sql_alias = node.alias or node.name, scope.context.new_alias()
    found = scope.cte(node.name) if not node.db else None
    sample = node.args.get("sample")
    if sample is not None and (found is not None or node.db.lower() == "sys"):
        raise unsupported("TABLESAMPLE of something other than a table")
    if found is not None:
        query, names = found
        scope.sources.append(query.source(alias, sql_alias, names or None))
        return f'({query.sql}) AS "{sql_alias}"'
    parts = tuple(part for part in (node.catalog, node.db, node.name))
    sql, source = scope.context.catalog.table_source(parts, alias, sql_alias, hints)
    scope.sources.append(source)
    return sampled(sql, sample) if sample is not None else sql


def only(node: exp.Expression, *known: str) -> None:
    """Refuse what the parser found besides the known parts."""
    extra = sorted(part for part, content in node.args.items() if content and part not in known)
    if extra:
        raise unsupported(
            f"{', '.join(extra)} of {type(node).__name__} (PIVOT, TABLESAMPLE, FOR SYSTEM_TIME and the like)"
        )


def check_hints(node: exp.Expression) -> frozenset[str]:
    found = frozenset(e.name.upper() for hint in node.args.get("hints") or [] for e in hint.expressions)
    for name in sorted(found - HINTS):
        raise unsupported(f"table hint {name}")
    return found


def _derived(node: exp.Subquery, scope: Scope, *, lateral: bool) -> str:
    only(node, "this", "alias", "joins")
    alias = node.alias
    if not alias:
        raise SqlError(102, "Incorrect syntax near ')'.", 15)
    sql_alias = scope.context.new_alias()
    names = [column.name for column in node.args["alias"].columns]
    parent = scope if lateral else scope.parent
    outer = Scope(scope.context, parent=parent, ctes=scope.ctes)
    if isinstance(node.this, exp.Values):
        raise unsupported("VALUES as a table")
    query = compile_query(node.this, scope.context, outer)
    scope.sources.append(query.source(alias, sql_alias, names or None))
    return f'{"LATERAL " if lateral else ""}({query.sql}) AS "{sql_alias}"'


def compile_join(node: exp.Join, scope: Scope) -> str:
    if isinstance(node.this, exp.Lateral):
        return _apply(node.this, scope)
    only(node, "this", "on", "side", "kind", "using", "method")
    side, kind = node.side.upper(), node.kind.upper()
    if node.args.get("using") or node.args.get("method") or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise unsupported(f"{kind} JOIN")
    sql = compile_source(node.this, scope)
    condition = node.args.get("on")
    if condition is None:
        if side or kind == "INNER":
            raise SqlError(102, "Incorrect syntax: a JOIN without ON.", 15)
        return f" CROSS JOIN {sql}"
    word = f"{side} JOIN" if side else "JOIN"
    return f" {word} {sql} ON {compile_predicate(condition, scope)}"


def _apply(node: exp.Lateral, scope: Scope) -> str:
    inner = node.this
    word = "JOIN" if node.args.get("cross_apply") else "LEFT JOIN"
    if not isinstance(inner, exp.Subquery):
        return f" {word} {_table_function(inner, node.alias, scope)} ON TRUE"
    derived = exp.Subquery(this=inner.this, alias=node.args.get("alias"))
    return f" {word} {_derived(derived, scope, lateral=True)} ON TRUE"


def _table_function(call: exp.Expression, alias: str, scope: Scope) -> str:
    """sys.dm_db_stats_properties and _histogram; arguments may be columns of what stands before it."""
    inner = call.expression if isinstance(call, exp.Dot) else call
    name = inner.name.lower() if isinstance(inner, exp.Anonymous) else ""
    owner = call.this.name if isinstance(call, exp.Dot) else "sys"
    if name not in ("dm_db_stats_properties", "dm_db_stats_histogram") or owner.lower() != "sys":
        raise unsupported(f"table function {call.sql(dialect='tsql')[:60]}")
    arguments = [compile_value(argument, scope) for argument in inner.expressions]
    sql_alias = scope.context.new_alias()
    made = scope.context.catalog.table_function(name, arguments, alias or name, sql_alias)
    scope.sources.append(made[1])
    return f'LATERAL (SELECT * FROM {made[0]} WHERE {made[2]}) AS "{sql_alias}"'


def _scalar_subquery(node: exp.Expression, scope: Scope) -> Typed:
    query = compile_query(node.this if isinstance(node, exp.Subquery) else node, scope.context, scope)
    if len(query.items) != 1:
        raise SqlError(
            116,
            "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
        )
    return Typed(f"({query.sql})", query.items[0].value.type, True, query.items[0].value.collation_rank)


def _exists(node: exp.Expression, scope: Scope) -> str:
    inner = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    return f"EXISTS ({compile_query(inner, scope.context, scope).sql})"


def _in_query(value: Typed, node: exp.Expression, scope: Scope) -> str:
    query = compile_query(node.this if isinstance(node, exp.Subquery) else node, scope.context, scope)
    if len(query.items) != 1:
        raise SqlError(
            116,
            "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
        )
    item = replace(query.items[0].value, sql='"i"."c1"')
    left, right = comparison_keys("=", value, item)
    return f'({left} IN (SELECT {right} FROM ({query.sql}) AS "i"))'


REGISTERED_BY = (
    *functions.REGISTERED_BY,
    characters.__name__,
    documents.__name__,
    spatials.__name__,
    variants.__name__,
)
VALUES.update({exp.Subquery: _scalar_subquery, exp.Window: aggregates.compile_window})
PREDICATES[exp.Exists] = _exists
IN_QUERY.append(_in_query)
