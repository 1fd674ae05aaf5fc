"""INSERT, UPDATE, DELETE: new rows are staged and checked before the table changes, so an error changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import arrow_source, change_tracking, temporal, tokens
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.definitions import default_value
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.session_locks import check_writable
from mssql_starrocks.sandbox.sqlserver.storing import Assigned, assign, change, check_keys, check_rows, drop, store
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import compile_predicate, compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.query import check_hints, compile_query, compile_source
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Context, Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.tsql.unify import unified

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


_MOST_ROWS = 1000  # INSERT (Transact-SQL)
_NOT_WRITABLE = (
    'The column "{}" cannot be modified because it is either a computed column or is the result of a UNION operator.'
)


def run(executor: "Executor", node: exp.Expression) -> tuple[int, int]:
    """Rows affected, and the DONE token's command."""
    if isinstance(node, exp.Insert):
        count, command = _insert(executor, node), tokens.INSERT
    elif isinstance(node, exp.Update):
        count, command = _update(executor, node), tokens.UPDATE
    elif isinstance(node, exp.Delete):
        count, command = _delete(executor, node), tokens.DELETE
    else:
        raise unsupported(type(node).__name__)
    if count:
        target = _target_node(node)
        database = executor.find_database((target.catalog, target.db, target.name))
        change_tracking.note(executor, database, _target(executor, target))
    return count, command


def lock(executor: "Executor", node: exp.Expression) -> None:
    """Wait for the target's lock, before DuckDB's transaction begins: rows are seen as they are after the wait."""
    _refuse(node)
    target = _target_node(node)
    executor.locks.write(_target(executor, target), check_hints(target))


def _target_node(node: exp.Expression) -> exp.Expression:
    found: exp.Expression = node.this.this if isinstance(node.this, exp.Schema) else node.this
    return found


def _refuse(node: exp.Expression) -> None:
    if node.args.get("with_") or node.args.get("returning") or node.find(exp.Into):
        raise unsupported("WITH or OUTPUT in a data change")
    if isinstance(node, exp.Update) and node.args.get("from_") is not None:
        raise unsupported("FROM in UPDATE")
    if node.args.get("tables") or node.args.get("using"):
        raise unsupported("DELETE with a second table")


def _target(executor: "Executor", node: exp.Expression) -> Table:
    if not isinstance(node, exp.Table):
        raise unsupported("this target of a data change")
    parts = (node.catalog, node.db, node.name)
    check_writable(executor.find_database(parts))
    table = executor.find_table(parts)
    temporal.check_writable(table)
    return table


def _insert(executor: "Executor", node: exp.Insert) -> int:
    schema = node.this
    table = _target(executor, schema.this if isinstance(schema, exp.Schema) else schema)
    columns = _insert_columns(executor, table, schema)
    context = executor.context()
    source = node.expression
    if isinstance(source, exp.Values):
        body, values = _values(executor, source, columns, context)
    elif isinstance(source, exp.Query):
        query = compile_query(source, context, outermost=True)
        values = [replace(item.value, sql=f'"q"."c{n}"', literal=None) for n, item in enumerate(query.items, 1)]
        body = f'({query.sql}) AS "q"'
    else:
        raise unsupported("INSERT without VALUES or SELECT")
    if len(values) != len(columns):
        more = "more" if len(columns) > len(values) else "fewer"
        number = 109 if isinstance(source, exp.Values) else 120
        raise SqlError(
            number if more == "more" else number + 1,
            f"There are {more} columns in the INSERT statement than values specified in the VALUES clause.",
            15,
        )
    executor.register(context)
    try:
        return store(executor, table, [Assigned(c, v) for c, v in zip(columns, values, strict=True)], body)
    finally:
        executor.unregister(context)


def _insert_columns(executor: "Executor", table: Table, schema: exp.Expression) -> list[Column]:
    explicit = executor.identity_insert is not None and executor.identity_insert.object_id == table.object_id
    if not isinstance(schema, exp.Schema):
        if any((c.generated and not c.hidden) or c.column_set for c in table.columns):
            raise unsupported("INSERT without a column list into a table with period columns or a column set")
        shown = [c for c in table.columns if not c.computed and not c.hidden]
        return [c for c in shown if c.identity is None and c.type.name != "timestamp"]
    columns = [table.column(part.name) for part in schema.expressions]
    for column in columns:
        if column.identity is not None and not explicit:
            raise SqlError(
                544,
                f"Cannot insert explicit value for identity column in table '{table.name}' when "
                f"IDENTITY_INSERT is set to OFF.",
            )
        if column.generated:
            place = f"{executor.database.name}.{table.schema}.{table.name}"
            raise SqlError(13536, f"Cannot insert an explicit value into a GENERATED ALWAYS column in table '{place}'.")
        if column.column_set:
            raise unsupported("writing to a column set")
        if column.computed:
            raise SqlError(
                271,
                _NOT_WRITABLE.format(column.name),
            )
        if column.type.name == "timestamp":
            raise SqlError(
                273,
                "Cannot insert an explicit value into a timestamp column. Use INSERT with a column "
                "list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.",
            )
    return columns


def _values(
    executor: "Executor", source: exp.Values, columns: list[Column], context: Context
) -> tuple[str, list[Typed]]:
    if len(source.expressions) > _MOST_ROWS:
        raise SqlError(
            10738,
            "The number of row value expressions in the INSERT statement exceeds the maximum allowed number of "
            f"{_MOST_ROWS} row values.",
            15,
        )
    scope = Scope(context)
    rows: list[list[Typed]] = []
    for row in source.expressions:
        nodes = row.expressions if isinstance(row, exp.Tuple) else [row.this if isinstance(row, exp.Paren) else row]
        if len(nodes) != len(columns):
            raise SqlError(
                110 if len(nodes) > len(columns) else 109,
                "There are fewer columns in the INSERT statement than values specified in the VALUES clause.",
                15,
            )
        rows.append([_value(executor, n, c, scope) for n, c in zip(nodes, columns, strict=True)])
    _check_variants(rows, columns)
    unifieds = [unified(list(place)) for place in zip(*rows, strict=True)]
    if len(rows) == 1:  # literals keep their value: dates are parsed once, here
        kept = [replace(value, sql=f'"q"."c{n}"') for n, value in enumerate(rows[0], 1)]
        listed = [(f"{v.sql}" if not v.is_null else "NULL::INTEGER") for v in rows[0]]
        body = ", ".join(f'{sql} AS "c{n}"' for n, sql in enumerate(listed, 1))
        return f'(SELECT {body}) AS "q"', [
            replace(k, literal=k.literal if k.literal is not None else None) for k in kept
        ]
    lines = ", ".join("(" + ", ".join(place[0][n].sql for place in unifieds) + ")" for n in range(len(rows)))
    names = ", ".join(f'"c{n}"' for n in range(1, len(columns) + 1))
    values = [
        Typed(f'"q"."c{n}"', kind, True, max(v.collation_rank for v in place))
        for n, (place, kind) in enumerate(unifieds, 1)
    ]
    return f'(VALUES {lines}) AS "q"({names})', values


def _check_variants(rows: list[list[Typed]], columns: list[Column]) -> None:
    """Rows of one VALUES take a common type, as UNION ALL does; what becomes of a sql_variant then is not told."""
    for place, column in zip(zip(*rows, strict=True), columns, strict=True):
        kinds = {value.type.declared() for value in place if not value.is_null}
        if column.type.name == "sql_variant" and len(kinds) > 1:
            raise unsupported("rows of different types for a sql_variant column in one VALUES")


def _value(executor: "Executor", node: exp.Expression, column: Column, scope: Scope) -> Typed:
    if isinstance(node, (exp.Var, exp.Column)) and node.name.upper() == "DEFAULT":
        return default_value(executor, column) if column.default else convert(_null(), column.type)
    return compile_value(node, scope)


def _null() -> Typed:
    return compile_value(exp.Null(), Scope(None))  # type: ignore[arg-type]


def load(executor: "Executor", schema: str, name: str, columns: Mapping[str, str], data: pa.Table) -> None:
    table = executor.find_table((schema, name))
    registered, values = arrow_source.values(data, columns, executor.session_id)
    context = executor.context()
    context.tables[registered] = arrow_source.plain(data)
    with executor.write():
        executor.register(context)
        try:
            targets = [table.column(column) for column in columns]
            assigned = [Assigned(c, v) for c, v in zip(targets, values, strict=True)]
            if store(executor, table, assigned, f'{registered} AS "q"'):
                change_tracking.note(executor, executor.database, table)
        finally:
            executor.unregister(context)


def _row_scope(executor: "Executor", node: exp.Expression, table: Table, context: Context) -> tuple[str, str, Scope]:
    """FROM text, the DuckDB alias of the target inside it, and the scope."""
    scope = Scope(context)
    target = node.this.copy()
    target.set("joins", None)
    sql = compile_source(target, scope)
    alias = sql.rsplit(" AS ", 1)[1]
    return sql, alias, scope


def _condition(node: exp.Expression, scope: Scope) -> str:
    where = node.args.get("where")
    return f" WHERE {compile_predicate(where.this, scope)}" if where is not None else ""


def _update(executor: "Executor", node: exp.Update) -> int:
    table, context = _target(executor, node.this), executor.context()
    source, alias, scope = _row_scope(executor, node, table, context)
    assigned = [_assignment(executor, part, table, scope) for part in node.expressions]
    changed = {entry.column.column_id: assign(entry.value, entry.column).sql for entry in assigned}
    kept = [c for c in table.columns if not c.computed and c.type.name != "timestamp"]
    parts = [f"{changed.get(c.column_id, f'{alias}.{c.physical}')} AS {c.physical}" for c in kept]
    stage = executor.stage_name()
    executor.register(context)
    try:
        picked = f"SELECT {alias}.rowid AS row_id, {', '.join(parts)} FROM {source}{_condition(node, scope)}"
        executor.cursor.execute(f"CREATE TEMP TABLE {stage} AS {picked}")
        check_rows(executor, table, [entry.column for entry in assigned], stage, "UPDATE")
        others = f"SELECT * FROM {table.physical} WHERE rowid NOT IN (SELECT row_id FROM {stage})"
        check_keys(executor, table, stage, others, set(changed))
        return change(executor, table, stage, changed)
    finally:
        executor.unregister(context)
        drop(executor, stage)


def _assignment(executor: "Executor", node: exp.Expression, table: Table, scope: Scope) -> Assigned:
    if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
        raise unsupported("this SET in UPDATE")
    column = table.column(node.this.name)
    if column.generated:
        place = f"{executor.database.name}.{table.schema}.{table.name}"
        raise SqlError(13537, f"Cannot update GENERATED ALWAYS columns in table '{place}'.")
    if column.column_set:
        raise unsupported("writing to a column set")
    if column.identity is not None:
        raise SqlError(8102, f"Cannot update identity column '{column.name}'.")
    if column.type.name == "timestamp":
        raise SqlError(272, "Cannot update a timestamp column.")
    if column.computed:
        raise SqlError(
            271,
            _NOT_WRITABLE.format(column.name),
        )
    return Assigned(column, _value(executor, node.expression, column, scope))


def _delete(executor: "Executor", node: exp.Delete) -> int:
    table, context = _target(executor, node.this), executor.context()
    source, alias, scope = _row_scope(executor, node, table, context)
    condition = _condition(node, scope)
    executor.register(context)
    try:
        rows = f"SELECT {alias}.rowid FROM {source}{condition}"
        temporal.keep_history(executor, table, rows)
        return int(executor.query(f"DELETE FROM {table.physical} WHERE rowid IN ({rows})")[0][0])
    finally:
        executor.unregister(context)
