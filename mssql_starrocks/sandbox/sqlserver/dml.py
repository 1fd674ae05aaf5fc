"""INSERT, UPDATE, DELETE: new rows are staged and checked before the table changes, so an error changes nothing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import arrow_source, change_tracking, temporal, tokens
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.definitions import computed_value, default_value, index_keys, padded
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.session_locks import check_writable
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import compile_predicate, compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.query import check_hints, compile_query, compile_source
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Context, Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.tsql.unify import unified
from mssql_starrocks.sandbox.sqlserver.types import MAX

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


_MOST_ROWS = 1000  # INSERT (Transact-SQL)
_NOT_WRITABLE = (
    'The column "{}" cannot be modified because it is either a computed column or is the result of a UNION operator.'
)


@dataclass(frozen=True)
class Assigned:
    """A column of the target and the expression it gets."""

    column: Column
    value: Typed


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


def assign(value: Typed, column: Column) -> Typed:
    """Implicit conversion to the column; text and binaries keep their full length, which is checked after."""
    kind = column.type
    if kind.family in ("text", "binary") and not kind.is_max and kind.name != "timestamp":
        name = {"char": "varchar", "nchar": "nvarchar", "binary": "varbinary"}.get(kind.name, kind.name)
        if value.type.family not in ("text", "binary", "xml"):
            return convert(value, replace(kind, name=name))
        kind = replace(kind, name=name, length=MAX)
    if value.type.family in ("variant", "json", "spatial") and kind.family != value.type.family:
        raise SqlError(
            257,
            f"Implicit conversion from data type {value.type.name} to {column.type.name} is not allowed. "
            f"Use the CONVERT function to run this query.",
        )
    if kind.family == "binary" and value.type.family == "text" and not value.is_null:
        raise SqlError(
            257,
            f"Implicit conversion from data type {value.type.name} to {kind.name} is not allowed. "
            f"Use the CONVERT function to run this query.",
        )
    return convert(value, kind)


def store(executor: "Executor", table: Table, assigned: list[Assigned], body: str) -> int:
    """Stage the rows, check them, append them. Rows appended."""
    stage = executor.stage_name()
    given = {entry.column.column_id: assign(entry.value, entry.column).sql for entry in assigned}
    parts = []
    for column in table.columns:
        if column.computed or column.type.name == "timestamp" or (column.identity and column.column_id not in given):
            continue
        sql = given.get(column.column_id)
        if sql is None and column.generated:
            sql = temporal.generated_value(executor, column)
        elif sql is None:
            sql = default_value(executor, column).sql if column.default else f"CAST(NULL AS {column.type.storage})"
        parts.append(f"{sql} AS {column.physical}")
    executor.cursor.execute(f"CREATE TEMP TABLE {stage} AS SELECT {', '.join(parts) or '1 AS one'} FROM {body}")
    try:
        staged = [
            c
            for c in table.columns
            if c.column_id in given or (not c.computed and not c.identity and c.type.name != "timestamp")
        ]
        check_rows(executor, table, staged, stage, "INSERT")
        check_keys(executor, table, stage, existing=f"SELECT * FROM {table.physical}")
        return _append(executor, table, stage, given)
    finally:
        _drop(executor, stage)


def _drop(executor: "Executor", stage: str) -> None:
    """A statement that failed has aborted DuckDB's transaction, and the table is gone with it."""
    with suppress(duckdb.TransactionException):
        executor.cursor.execute(f"DROP TABLE IF EXISTS {stage}")


def _append(executor: "Executor", table: Table, stage: str, given: Mapping[int, str]) -> int:
    count = int(executor.query(f"SELECT count(*) FROM {stage}")[0][0])
    inner = []
    for column in table.columns:
        if column.computed:
            continue
        if column.identity is not None and column.column_id not in given:
            inner.append(f"{_identity(executor, table, column, count)} AS {column.physical}")
        elif column.type.name == "timestamp":
            inner.append(f"{_row_version(executor, count)} AS {column.physical}")
        else:
            inner.append(f"{padded(column, 's.' + column.physical)} AS {column.physical}")
    rows = f"(SELECT {', '.join(inner)} FROM {stage} AS s) AS n"
    outer = [_final(executor, table, column, "n") for column in table.columns]
    names = ", ".join(column.physical for column in table.columns)
    executor.cursor.execute(f"INSERT INTO {table.physical} ({names}) SELECT {', '.join(outer)} FROM {rows}")
    _remember_explicit_identity(executor, table, stage, given)
    return count


def _final(executor: "Executor", table: Table, column: Column, alias: str) -> str:
    if not column.computed:
        return f"{alias}.{column.physical}"
    return convert(computed_value(executor, table, column, alias), column.type).sql


def _identity(executor: "Executor", table: Table, column: Column, count: int) -> str:
    assert column.identity is not None  # noqa: S101 - narrows the type
    seed, step = column.identity
    last = executor.database.identities.get(table.object_id)
    first = seed if last is None else last + step
    if count:
        executor.database.identities[table.object_id] = first + step * (count - 1)
        executor.scope_identity = first + step * (count - 1)
    return f"CAST({first} + {step} * (row_number() OVER (ORDER BY s.rowid) - 1) AS {column.type.storage})"


def _remember_explicit_identity(executor: "Executor", table: Table, stage: str, given: Mapping[int, str]) -> None:
    for column in table.columns:
        if column.identity is not None and column.column_id in given:
            word = "max" if column.identity[1] > 0 else "min"
            top = executor.query(f"SELECT {word}({column.physical}) FROM {stage}")[0][0]
            if top is not None:
                last = executor.database.identities.get(table.object_id, column.identity[0])
                best = max(int(top), last) if column.identity[1] > 0 else min(int(top), last)
                executor.database.identities[table.object_id] = best
                executor.scope_identity = int(top)


def _row_version(executor: "Executor", count: int) -> str:
    first = next(executor.engine.row_versions)
    for _ in range(count - 1):
        next(executor.engine.row_versions)
    return f"unhex(lpad(format('{{:x}}', {first} + row_number() OVER (ORDER BY s.rowid) - 1), 16, '0'))"


def check_rows(executor: "Executor", table: Table, columns: list[Column], stage: str, verb: str) -> None:
    """NOT NULL (515) and lengths (2628), over all staged rows at once."""
    tests: list[tuple[str, SqlError]] = []
    shown = f"{executor.database.name}.{table.schema}.{table.name}"
    for column in columns:
        if not column.nullable:
            message = (
                f"Cannot insert the value NULL into column '{column.name}', table '{shown}'; "
                f"column does not allow nulls. {verb} fails."
            )
            tests.append((f"{column.physical} IS NULL", SqlError(515, message, 16, 2)))
        size = _size(column)
        if size is not None:
            message = f"String or binary data would be truncated in table '{shown}', column '{column.name}'."
            tests.append((f"{size} > {column.type.length}", SqlError(2628, message)))
    if not tests:
        return
    counts = executor.query(
        "SELECT " + ", ".join(f"count(*) FILTER (WHERE {test})" for test, _ in tests) + f" FROM {stage}"
    )[0]
    for count, (_, failure) in zip(counts, tests, strict=True):
        if count:
            raise failure


def _size(column: Column) -> str | None:
    kind = column.type
    if kind.is_max or kind.family not in ("text", "binary") or kind.name == "timestamp":
        return None
    if kind.family == "binary":
        return f"octet_length({column.physical})"
    text = f"rtrim({column.physical}, ' ')"  # blanks beyond the length are cut without an error
    return texts.size(text, kind)


def check_keys(executor: "Executor", table: Table, stage: str, existing: str, columns: set[int] | None = None) -> None:
    """Unique keys (2627, 2601): staged rows among themselves and against `existing`. NULLs are equal, as there."""
    for index in table.indexes:
        if not index.unique:
            continue
        ids = {number for number, _ in index.columns}
        if (
            any(c.identity or c.computed or c.type.name == "timestamp" for c in table.columns if c.column_id in ids)
            and columns is None
        ) and not _staged_key(executor, stage, ids):
            continue
        if columns is not None and not ids & columns:
            continue
        new = ", ".join(f"{key} AS k{n}" for n, key in enumerate(index_keys(table, index, "s")))
        old = ", ".join(f"{key} AS k{n}" for n, key in enumerate(index_keys(table, index, "o")))
        names = ", ".join(f"k{n}" for n in range(len(ids)))
        test = " AND ".join(f"a.k{n} IS NOT DISTINCT FROM b.k{n}" for n in range(len(ids)))
        inside = f"SELECT 1 FROM (SELECT {new} FROM {stage} AS s) GROUP BY {names} HAVING count(*) > 1"
        against = (
            f"SELECT 1 FROM (SELECT {new} FROM {stage} AS s) AS a JOIN (SELECT {old} FROM "
            f"({existing}) AS o) AS b ON {test}"
        )
        if executor.query(f"({inside} LIMIT 1) UNION ALL ({against} LIMIT 1)"):
            raise _duplicate(table, index.name, constraint=index.primary or index.constraint, primary=index.primary)


def _staged_key(executor: "Executor", stage: str, ids: set[int]) -> bool:
    found = executor.query(f"SELECT * FROM {stage} LIMIT 0")
    names = {part[0] for part in executor.cursor.description or []}
    return found is not None and all(f"c{number}" in names for number in ids)


def _duplicate(table: Table, name: str, *, constraint: bool, primary: bool) -> SqlError:
    place = f"{table.schema}.{table.name}"
    if constraint:
        kind = "PRIMARY KEY" if primary else "UNIQUE KEY"
        return SqlError(
            2627, f"Violation of {kind} constraint '{name}'. Cannot insert duplicate key in object '{place}'.", 14
        )
    return SqlError(2601, f"Cannot insert duplicate key row in object '{place}' with unique index '{name}'.", 14)


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
        return _apply_update(executor, table, stage, changed)
    finally:
        executor.unregister(context)
        _drop(executor, stage)


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


def _apply_update(executor: "Executor", table: Table, stage: str, changed: Mapping[int, str]) -> int:
    count = int(executor.query(f"SELECT count(*) FROM {stage}")[0][0])
    sets = [new_start] if (new_start := temporal.keep_history(executor, table, f"SELECT row_id FROM {stage}")) else []
    for column in table.columns:
        if column.column_id in changed:
            sets.append(f"{column.physical} = {padded(column, 's.' + column.physical)}")
        elif column.computed:
            sets.append(f"{column.physical} = {_final(executor, table, column, 's')}")
        elif column.type.name == "timestamp":
            sets.append(f"{column.physical} = s.version")
    versions = _row_version(executor, count)
    rows = f"(SELECT s.*, {versions} AS version FROM {stage} AS s) AS s"
    executor.cursor.execute(
        f"UPDATE {table.physical} SET {', '.join(sets)} FROM {rows} WHERE {table.physical}.rowid = s.row_id"
    )
    return count


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
