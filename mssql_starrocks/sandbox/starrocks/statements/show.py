"""SHOW and DESC: a header and rows of text; LIKE is applied here, WHERE by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from mssql_starrocks.sandbox.starrocks import information_schema, variables
from mssql_starrocks.sandbox.starrocks.errors import (
    analyzing,
    unknown_catalog,
    unknown_database,
    unsupported,
)  # fmt: skip
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


def show_alter_table_column(session: Session, cursor: Cursor) -> Result:
    _, database = _database(session, cursor)
    header = ["JobId", "TableName", "CreateTime", "FinishTime", "IndexName", "IndexId", "OriginIndexId",
              "SchemaVersion", "TransactionId", "State", "Msg", "Progress", "Timeout"]  # fmt: skip
    jobs = [job for job in session.store.alters if job.database == database]
    for job in jobs:
        job.asked()
    rows = [
        (job.id, job.table, information_schema.moment(job.created), information_schema.moment(job.finished),
         job.table, job.id, job.id, "1:0", job.id, job.state, job.message, None, 86400)
        for job in jobs
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
    "SHOW ALTER TABLE COLUMN": show_alter_table_column,
    "SHOW BACKENDS": show_backends, "SHOW MATERIALIZED VIEWS": show_materialized_views,
    "SHOW WARNINGS": _empty("Level", "Code", "Message"), "SHOW ERRORS": _empty("Level", "Code", "Message"),
}  # fmt: skip
