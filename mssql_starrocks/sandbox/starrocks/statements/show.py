"""SHOW and DESC: a header and rows of text; LIKE is applied here, WHERE by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from mssql_starrocks.sandbox.starrocks import information_schema, variables
from mssql_starrocks.sandbox.starrocks.errors import (
    analyzing,
    table_not_found,
    unknown_catalog,
    unknown_database,
    unknown_table,
    unsupported,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Table
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG, INFORMATION_SCHEMA
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.types import VARCHAR
from mssql_starrocks.sandbox.starrocks.wire.packets import Result, ResultColumn

Rows = Sequence[tuple[Any, ...]]
INTERNAL = "An internal catalog contains this cluster's self-managed tables."


def table_of(header: Sequence[str], rows: Rows) -> Result:
    columns = [ResultColumn(name, VARCHAR) for name in header]
    return Result(columns, [tuple(None if value is None else str(value) for value in row) for row in rows])


def filtered(cursor: Cursor, header: Sequence[str], rows: Rows, by: int = 0) -> Result:
    """The rows that LIKE and WHERE leave."""
    if cursor.accept("LIKE"):
        pattern = _like(cursor.string())
        rows = [row for row in rows if pattern.fullmatch(str(row[by]))]
    if cursor.accept("WHERE"):
        rows = _where(cursor, header, rows)
    cursor.end()
    return table_of(header, rows)


def _like(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\[%_]|%|_)", text)
    words = {"%": ".*", "_": "."}
    pattern = "".join(words.get(part) or re.escape(part[1:] if part[:1] == "\\" else part) for part in parts)
    return re.compile(pattern, re.I | re.S)


def _where(cursor: Cursor, header: Sequence[str], rows: Rows) -> Rows:
    """`column = 'text'` joined by AND, `column IN ('a', 'b')`, `column LIKE 'x%'`."""
    names = [name.lower() for name in header]
    while True:
        name = cursor.name().lower()
        if name not in names:
            raise unsupported(f"SHOW .. WHERE {name}")
        at = names.index(name)
        if cursor.accept("LIKE"):
            pattern = _like(cursor.string())
            rows = [row for row in rows if pattern.fullmatch(str(row[at]))]
        else:
            wanted = _wanted(cursor)
            rows = [row for row in rows if str(row[at]).lower() in wanted]
        if not cursor.accept("AND"):
            break
    if cursor.peek() in ("ORDER", "LIMIT", "OR"):
        raise unsupported(f"SHOW .. {cursor.peek()}")
    return rows


def _wanted(cursor: Cursor) -> set[str]:
    def value() -> str:
        return (cursor.string() if cursor.kind() == "string" else str(cursor.integer())).lower()

    if not cursor.accept("IN"):
        cursor.expect("=")
        return {value()}
    cursor.expect("(")
    found = {value()}
    while cursor.accept(","):
        found.add(value())
    cursor.expect(")")
    return found


def _database(session: Session, cursor: Cursor) -> tuple[str, str]:
    """`[FROM [catalog.]database]`."""
    parts = cursor.path() if cursor.accept_any("FROM", "IN") else []
    catalog = parts[0] if len(parts) == 2 else session.catalog
    database = parts[-1] if parts else session.database
    if not database:
        raise analyzing("No database selected", 1046, "3D000")
    return catalog, database


def show_databases(session: Session, cursor: Cursor) -> Result:
    catalog = cursor.name() if cursor.accept_any("FROM", "IN") else session.catalog
    if catalog == DEFAULT_CATALOG:
        names = [INFORMATION_SCHEMA, *information_schema.databases(session)]
    elif catalog not in session.store.catalogs:
        raise unknown_catalog(catalog)
    else:
        names = [INFORMATION_SCHEMA, *session.engine.lake(catalog).databases()]
    return filtered(cursor, ["Database"], [(name,) for name in sorted(names)])


def show_tables(session: Session, cursor: Cursor) -> Result:
    return _show_tables(session, cursor, full=False)


def show_full_tables(session: Session, cursor: Cursor) -> Result:
    return _show_tables(session, cursor, full=True)


def _show_tables(session: Session, cursor: Cursor, full: bool) -> Result:
    catalog, database = _database(session, cursor)
    if catalog != DEFAULT_CATALOG:
        if catalog not in session.store.catalogs:
            raise unknown_catalog(catalog)
        names = session.engine.lake(catalog).tables(database)
    elif database.lower() == INFORMATION_SCHEMA:
        names = sorted(information_schema.TABLES)
    elif database not in session.store.databases:
        raise unknown_database(database)
    else:
        names = sorted(table.name for table in information_schema.visible(session) if table.database == database)
    header = [f"Tables_in_{database}"] + (["Table_type"] if full else [])
    return filtered(cursor, header, [(name, "BASE TABLE")[: len(header)] for name in names])


def show_catalogs(session: Session, cursor: Cursor) -> Result:
    rows: list[tuple[Any, ...]] = [(DEFAULT_CATALOG, "Internal", INTERNAL)]
    grants = session.store.grants
    for name, catalog in sorted(session.store.catalogs.items()):
        if grants.on(session.user, "USAGE", "CATALOG", name):
            rows.append((name, "Iceberg", catalog.comment or None))
    return filtered(cursor, ["Catalog", "Type", "Comment"], rows)


def show_variables(session: Session, cursor: Cursor) -> Result:
    return filtered(cursor, ["Variable_name", "Value"], sorted(session.variables.items()))


def show_global_variables(session: Session, cursor: Cursor) -> Result:
    values = {**variables.defaults(session.release, session.store.version), **session.store.globals}
    return filtered(cursor, ["Variable_name", "Value"], sorted(values.items()))


def describe(session: Session, cursor: Cursor) -> Result:
    if cursor.peek() in ("SELECT", "INSERT", "DELETE", "UPDATE", "WITH", "FILES"):
        raise unsupported(f"DESC {cursor.peek()}")
    parts = cursor.path()
    if cursor.peek() == "ALL":
        raise unsupported("DESC .. ALL")
    cursor.end()
    catalog, database, name = session.path(parts)
    if catalog != DEFAULT_CATALOG:
        return _describe_external(session, catalog, database, name)
    if database.lower() == INFORMATION_SCHEMA:
        raise unsupported("DESC of information_schema")
    tables = session.store.database(database)
    # DESC finds a table in the wrong case (facts/starrocks_judged.md D3)
    table = tables.get(name) or next((t for t in tables.values() if t.name.lower() == name.lower()), None)
    if table is None:
        raise unknown_table(name)
    session.store.grants.need_table(session.user, "ANY", table)
    rows = [
        (c.name, c.type.plain, "YES" if c.nullable else "NO", str(c.key).lower(), _default(c), "")
        for c in table.columns
    ]
    return table_of(["Field", "Type", "Null", "Key", "Default", "Extra"], rows)


def _describe_external(session: Session, catalog: str, database: str, name: str) -> Result:
    if catalog not in session.store.catalogs:
        raise unknown_catalog(catalog)
    lake = session.engine.lake(catalog)
    fields = lake.table(database, name).schema().fields
    rows = []
    for field, column in zip(fields, lake.columns(database, name), strict=True):
        nullable = "No" if field.required and session.release >= (4, 1) else "Yes"
        rows.append((column.name, column.type.plain.upper(), nullable, "false", None, "", field.doc))
    return table_of(["Field", "Type", "Null", "Key", "Default", "Extra", "Comment"], rows)


def _default(column: Column) -> str | None:
    return "CURRENT_TIMESTAMP" if column.default_now else column.default


def _native_columns(session: Session, cursor: Cursor) -> Table:
    if not cursor.accept("IN"):
        cursor.expect("FROM")
    parts = cursor.path()
    if cursor.accept_any("FROM", "IN"):
        parts = [*cursor.path(), parts[-1]]
    _, database, name = session.path(parts)
    table = session.store.database(database).get(name)
    if table is None:
        raise unknown_table(f"{database}.{name}")
    session.store.grants.need_table(session.user, "ANY", table)
    return table


def show_columns(session: Session, cursor: Cursor) -> Result:
    table = _native_columns(session, cursor)
    rows = [
        (c.name, c.type.plain, "YES" if c.nullable else "NO", "YES" if c.key else "NO", _default(c), "")
        for c in table.columns
    ]
    return filtered(cursor, ["Field", "Type", "Null", "Key", "Default", "Extra"], rows)


def show_full_columns(session: Session, cursor: Cursor) -> Result:
    table = _native_columns(session, cursor)
    rows = [
        (c.name, c.type.plain, "", "YES" if c.nullable else "NO", "YES" if c.key else "NO", _default(c), "", "",
         c.comment)
        for c in table.columns
    ]  # fmt: skip
    header = ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
    return filtered(cursor, header, rows)


def show_create_table(session: Session, cursor: Cursor) -> Result:
    parts = cursor.path()
    cursor.end()
    table = session.native(parts, table_not_found)
    session.store.grants.need_table(session.user, "ANY", table)
    return table_of(["Table", "Create Table"], [(table.name, create_text(table, session.release))])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def create_text(table: Table, version: tuple[int, int]) -> str:
    """3.5 does not escape column comments, so its output may not be valid SQL (facts/starrocks_judged.md B)."""
    lines = []
    for column in table.columns:
        comment = column.comment if version < (4, 0) else _escape(column.comment)
        null = "NULL" if column.nullable else "NOT NULL"
        default = f' DEFAULT "{_escape(column.default)}"' if column.default is not None else ""
        default = " DEFAULT CURRENT_TIMESTAMP" if column.default_now else default
        lines.append(f'  `{column.name}` {column.type.ddl} {null}{default} COMMENT "{comment}"')
    body = ",\n".join(lines)
    parts = [f"CREATE TABLE `{table.name}` (\n{body}\n) ENGINE=OLAP ", f"{table.model} KEY({_names(table.keys)})"]
    if table.comment:
        parts.append(f'COMMENT "{_escape(table.comment)}"')
    buckets = f" BUCKETS {table.buckets} " if table.buckets else ""
    hashed = f"HASH({_names(table.hash_columns)})" if table.distribution == "HASH" else "RANDOM"
    parts.append(f"DISTRIBUTED BY {hashed}{buckets}")
    if table.order:
        parts.append(f"ORDER BY({_names(table.order)})")
    shown = ",\n".join(f'"{key}" = "{value}"' for key, value in table.properties.items())
    return "\n".join(parts) + f"\nPROPERTIES (\n{shown}\n);"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def show_alter_table_column(session: Session, cursor: Cursor) -> Result:
    _, database = _database(session, cursor)
    header = ["JobId", "TableName", "CreateTime", "FinishTime", "IndexName", "IndexId", "OriginIndexId",
              "SchemaVersion", "TransactionId", "State", "Msg", "Progress", "Timeout"]  # fmt: skip
    rows = [
        (job.id, job.table, information_schema.moment(job.created), information_schema.moment(job.finished),
         job.table, job.id, job.id, "1:0", job.id, "FINISHED", "", None, 86400)
        for job in session.store.alters if job.database == database
    ]  # fmt: skip
    return filtered(cursor, header, rows, 1)


def show_backends(session: Session, cursor: Cursor) -> Result:
    grants = session.store.grants
    if not any(grants.on(session.user, privilege, "SYSTEM", "") for privilege in ("NODE", "OPERATE")):
        grants.need(session.user, "OPERATE OR NODE", "SYSTEM")
    cursor.end()
    rows = [
        (10001 + at, "127.0.0.1", 9050, 9060, 8040, "true", session.store.version)
        for at in range(session.store.backends)
    ]
    return table_of(["BackendId", "IP", "HeartbeatPort", "BePort", "HttpPort", "Alive", "Version"], rows)


def show_materialized_views(session: Session, cursor: Cursor) -> Result:
    _, database = _database(session, cursor)
    header = ["id", "database_name", "name", "refresh_type", "is_active", "inactive_reason", "text"]
    rows = [
        (view.id, view.database, view.name, "MANUAL", str(view.active).lower(), view.reason, view.text)
        for view in session.store.views if view.database == database
    ]  # fmt: skip
    return filtered(cursor, header, rows, 2)


def _empty(*header: str) -> Callable[[Session, Cursor], Result]:
    return lambda session, cursor: filtered(cursor, list(header), [])


HANDLERS: dict[str, Callable[[Session, Cursor], Result | None]] = {
    "SHOW DATABASES": show_databases, "SHOW SCHEMAS": show_databases, "SHOW TABLES": show_tables,
    "SHOW FULL TABLES": show_full_tables, "SHOW CATALOGS": show_catalogs, "SHOW VARIABLES": show_variables,
    "SHOW SESSION VARIABLES": show_variables, "SHOW GLOBAL VARIABLES": show_global_variables,
    "SHOW COLUMNS": show_columns, "SHOW FIELDS": show_columns, "SHOW FULL COLUMNS": show_full_columns,
    "SHOW CREATE TABLE": show_create_table, "SHOW ALTER TABLE COLUMN": show_alter_table_column,
    "SHOW BACKENDS": show_backends, "SHOW MATERIALIZED VIEWS": show_materialized_views,
    "SHOW WARNINGS": _empty("Level", "Code", "Message"), "SHOW ERRORS": _empty("Level", "Code", "Message"),
}  # fmt: skip
