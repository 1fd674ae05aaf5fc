"""What a table definition implies: types of computed columns, text of defaults, changed tables."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import column_options
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Index, Table, now
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import dialect, texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


def wrapped(text: str) -> str:
    """How sys.default_constraints shows a definition: constants ((0)), other expressions (getdate())."""
    inner = text
    while inner.startswith("(") and inner.endswith(")") and _balanced(inner[1:-1]):
        inner = inner[1:-1].strip()
    number = inner.lstrip("+-").replace(".", "", 1).isdigit()
    if number:
        return f"(({inner}))"
    return f"({inner.lower() if inner.endswith('()') else inner})"


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def typed_computed(executor: "Executor", table: Table) -> Table:
    """Computed columns get the type of their expression, and the bracketed text that the catalog shows."""
    columns = []
    for column in table.columns:
        if not column.computed:
            columns.append(column)
            continue
        value = computed_value(executor, table, column, "t")
        nullable = column.nullable and value.nullable
        columns.append(replace(column, type=value.type, nullable=nullable, computed=_shown(column.computed, table)))
    return replace(table, columns=tuple(columns))


def _shown(text: str, table: Table) -> str:
    node = dialect.parse_expression(text)
    names = {column.name.lower(): column.name for column in table.columns}
    for column in node.find_all(exp.Column):
        if column.name.lower() in names:
            column.set("this", exp.to_identifier(names[column.name.lower()], quoted=True))
    while isinstance(node, exp.Paren):
        node = node.this
    for number in list(node.find_all(exp.Literal)):
        if isinstance(number.parent, exp.Binary) and not number.is_string:
            number.replace(exp.Paren(this=number.copy()))
    plain = node.sql(dialect="tsql")
    for symbol in (" + ", " - ", " * ", " / ", " % "):
        plain = plain.replace(symbol, symbol.strip())
    return f"({plain})"


def computed_value(executor: "Executor", table: Table, column: Column, sql_alias: str) -> Typed:
    others = replace(table, columns=tuple(c for c in table.columns if not c.computed))
    scope = Scope(executor.context(), [others.source(table.name, sql_alias)])
    return compile_value(dialect.parse_expression(column.computed), scope)


def default_value(executor: "Executor", column: Column) -> Typed:
    value = compile_value(dialect.parse_expression(column.default), Scope(executor.context()))
    return convert(value, column.type)


def check_existing(executor: "Executor", table: Table, index: Index) -> None:
    keys = index_keys(table, index, "t")
    listed = ", ".join(keys)
    twice = executor.query(f"SELECT 1 FROM {table.physical} AS t GROUP BY {listed} HAVING count(*) > 1 LIMIT 1")
    if twice:
        raise SqlError(
            1505,
            f"The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the "
            f"object name '{table.schema}.{table.name}' and the index name '{index.name}'.",
        )


def index_keys(table: Table, index: Index, sql_alias: str) -> list[str]:
    by_id = {column.column_id: column for column in table.columns}
    keys = []
    for number, _ in index.columns:
        column = by_id[number]
        sql = f"{sql_alias}.{column.physical}"
        keys.append(texts.key(Typed(padded(column, sql) if column.type.name == "binary" else sql, column.type)))
    return keys


def padded(column: Column, sql: str) -> str:
    kind = column.type
    if kind.name == "binary":
        return f"unhex(rpad(hex({sql}), {2 * kind.length}, '0'))"
    return texts.pad(sql, kind) if kind.fixed_length else sql


def add_columns(executor: "Executor", words: Any, table: Table, draft: Any, read: Callable[..., Column]) -> None:
    """ALTER TABLE .. ADD: each new column is filled with NULL or, when it is NOT NULL, its default."""
    last = executor.database.last_columns
    while True:
        column = read(executor, words, draft, table.name)
        number = max(column.column_id, last.get(table.object_id, 0) + 1)
        column = replace(column, column_id=number)
        last[table.object_id] = number
        if column.computed or column.identity or len(draft.keys) > len(table.indexes) or column.generated:
            raise unsupported("ALTER TABLE ADD of a computed, identity, generated or key column")
        if not column.nullable and not column.default and executor.query(f"SELECT 1 FROM {table.physical} LIMIT 1"):
            raise SqlError(
                4901,
                f"ALTER TABLE only allows columns to be added that can contain nulls, or have a "
                f"DEFAULT definition specified. Column '{column.name}' cannot be added to non-empty "
                f"table '{table.name}'.",
            )
        filling = ""
        if column.default and not column.nullable:
            filling = default_value(executor, column).sql
        executor.cursor.execute(f"ALTER TABLE {table.physical} ADD COLUMN {column.physical} {column.type.storage}")
        if filling:
            executor.cursor.execute(f"UPDATE {table.physical} SET {column.physical} = {filling}")
        draft.columns.append(column)
        column_options.check(tuple(draft.columns))
        table = replace(table, columns=(*table.columns, column), modified=now())
        executor.database.put(table)
        if not words.accept(","):
            return


def drop_column(executor: "Executor", table: Table, name: str, *, optional: bool) -> None:
    found = [column for column in table.columns if column.name.lower() == name.lower()]
    if not found:
        if optional:
            return
        raise SqlError(
            4924, f"ALTER TABLE DROP COLUMN failed because column '{name}' does not exist in table '{table.name}'."
        )
    column = found[0]
    in_use = any(column.column_id in {c for c, _ in i.columns} | set(i.included) for i in table.indexes)
    if in_use or column.default_id or any(name.lower() in c.computed.lower() for c in table.columns if c.computed):
        raise SqlError(5074, f"ALTER TABLE DROP COLUMN {name} failed because one or more objects access this column.")
    last = executor.database.last_columns
    last[table.object_id] = max(last.get(table.object_id, 0), *(c.column_id for c in table.columns))
    executor.cursor.execute(f"ALTER TABLE {table.physical} DROP COLUMN {column.physical}")
    kept = tuple(c for c in table.columns if c is not column)
    executor.database.put(replace(table, columns=kept, modified=now()))
