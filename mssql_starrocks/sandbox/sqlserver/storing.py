"""Rows on their way into a table: staged, converted, checked against types and keys, then appended."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from mssql_starrocks.sandbox.sqlserver import temporal
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.definitions import computed_value, default_value, index_keys, padded
from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import MAX

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


@dataclass(frozen=True)
class Assigned:
    """A column of the target and the expression it gets."""

    column: Column
    value: Typed


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
        drop(executor, stage)


def drop(executor: "Executor", stage: str) -> None:
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


def change(executor: "Executor", table: Table, stage: str, changed: Mapping[int, str]) -> int:
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
