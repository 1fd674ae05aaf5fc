"""CREATE TABLE [LIKE | AS], DROP TABLE, CREATE MATERIALIZED VIEW."""

from __future__ import annotations

import time

from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled
from mssql_starrocks.sandbox.starrocks.errors import (
    SqlError,
    analyzing,
    plain,
    unknown_catalog,
    unknown_database,
    unknown_table,
    unsupported,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.load import storage_ddl
from mssql_starrocks.sandbox.starrocks.meta.model import MaterializedView, Table
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG, INFORMATION_SCHEMA
from mssql_starrocks.sandbox.starrocks.rules.create import build_table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.ddl import CreateTable, parse_create_table
from mssql_starrocks.sandbox.starrocks.sql.queries import parse_query
from mssql_starrocks.sandbox.starrocks.sql.types import STRING_LENGTH, SqlType
from mssql_starrocks.sandbox.starrocks.statements.generated import check_generated
from mssql_starrocks.sandbox.starrocks.statements.loading import load_into
from mssql_starrocks.sandbox.starrocks.wire.packets import Result


def create(session: Session, cursor: Cursor) -> Result | None:
    statement = parse_create_table(cursor, session.release)
    catalog, database, name = session.path(statement.path)
    tables = _target(session, catalog, database, name)
    session.store.grants.need(session.user, "CREATE TABLE", "DATABASE", database)
    if name in tables:
        if statement.if_not_exists:
            return None
        raise analyzing(f"Table '{name}' already exists", 1050, "42S01")
    number = session.store.new_id()
    source: Compiled | None = None
    if statement.like is not None:
        table = _like(session, statement, database, name, number)
    else:
        if statement.has_query:
            source = _from_query(session, cursor, statement)
        table = build_table(statement, database, number, session.release, session.store.backends)
        check_generated(session, statement.columns)
    added = _add(session, tables, table, statement.if_not_exists)
    if source is None or not added:
        return None
    return _fill(session, table, source)


def _target(session: Session, catalog: str, database: str, name: str) -> dict[str, Table]:
    if catalog != DEFAULT_CATALOG:
        raise (
            unsupported("CREATE TABLE in an external catalog")
            if catalog in session.store.catalogs
            else (unknown_catalog(catalog))
        )
    if database.lower() == INFORMATION_SCHEMA:
        raise plain(f"Can't create table '{name}' (errno: cannot create table in system database)", 1005)
    tables = session.store.databases.get(database)
    if tables is None:
        raise unknown_database(database)
    return tables


def _add(session: Session, tables: dict[str, Table], table: Table, if_not_exists: bool = False) -> bool:
    """False when another session has made it meanwhile and the statement allows that."""
    with session.store.lock:
        if table.name in tables:
            if if_not_exists:
                return False
            raise analyzing(f"Table '{table.name}' already exists", 1050, "42S01")
        for column in table.columns:
            if column.sequence:
                session.connection.execute(f"CREATE SEQUENCE IF NOT EXISTS {column.sequence}")
        session.connection.execute(storage_ddl(table, table.physical))
        tables[table.name] = table
        return True


def _like(session: Session, statement: CreateTable, database: str, name: str, number: int) -> Table:
    other = session.native(statement.like or [], lambda missing: analyzing(f"Table {missing} is not found"))
    session.store.grants.need_table(session.user, "SELECT", other)
    if not all(column.is_certain for column in other.columns):
        raise unsupported("CREATE TABLE LIKE a table with AUTO_INCREMENT or generated columns")
    return Table(
        number, database, name, list(other.columns), other.model, list(other.keys), f"t{number}", other.comment,
        other.distribution, list(other.hash_columns), other.buckets, list(other.order), dict(other.properties),
        time.time(),
    )  # fmt: skip


def _from_query(session: Session, cursor: Cursor, statement: CreateTable) -> Compiled:
    """Columns of the table from those of the query; the front end widens texts (facts/starrocks_judged.md D13)."""
    compiled = session.compile(parse_query(cursor, session.release, session.mode("PIPES_AS_CONCAT")))
    names = [column.name for column in compiled.columns]
    if statement.names_only:
        if len(statement.names_only) != len(names):
            raise analyzing(
                f"Number of select columns [{len(statement.names_only)}] don't equal query statement's columns "
                f"[{len(names)}]"
            )
        names = statement.names_only
    statement.columns = [
        ColumnDefinition(name, _stored(column.type, session.release), column.nullable)
        for name, column in zip(names, compiled.columns, strict=True)
    ]
    keys = {key.lower() for key in statement.keys} if statement.model == "PRIMARY" else set()
    statement.columns = [
        ColumnDefinition(c.name, c.type, False if c.name.lower() in keys else c.nullable) for c in statement.columns
    ]
    return compiled


def _stored(kind: SqlType, version: tuple[int, int]) -> SqlType:
    if kind.name == "NULL":
        return SqlType("BOOLEAN")
    if kind.name in ("TIME", "UNKNOWN_TYPE"):
        raise unsupported(f"a column of type {kind.plain} in CREATE TABLE AS SELECT")
    # 4.0 and 4.1 widen every text (truth ddl-ctas-like-023)
    widened = kind.length >= STRING_LENGTH or (4, 0) <= version < (4, 2)
    return SqlType("VARCHAR", 1048576) if kind.name == "VARCHAR" and widened else kind


def _fill(session: Session, table: Table, source: Compiled) -> Result:
    try:
        return load_into(session, table, source, table.columns, "INSERT")
    except Exception:
        session.store.drop(table)
        session.connection.execute(f"DROP TABLE IF EXISTS {table.physical}")
        raise


def drop(session: Session, cursor: Cursor) -> None:
    if_exists = cursor.accept("IF EXISTS")
    path = cursor.path()
    cursor.accept("FORCE")
    cursor.end()
    try:
        table = session.native(path, unknown_table)
    except SqlError as error:
        if if_exists and error.code == 5502:
            return
        raise
    session.store.grants.need_table(session.user, "DROP", table)
    with session.store.write_lock(table):
        session.store.drop(table)
        session.connection.execute(f"DROP TABLE {table.physical}")


def create_view(session: Session, cursor: Cursor) -> None:
    """Only what SWAP needs: which tables a view reads and whether it is active. It cannot be queried."""
    if_not_exists = cursor.accept("IF NOT EXISTS")
    _, database, name = session.path(cursor.path())
    if cursor.accept("REFRESH"):
        if not cursor.accept_any("MANUAL", "ASYNC"):
            raise unsupported("this REFRESH clause")
    else:
        raise unsupported("a materialized view without REFRESH MANUAL or ASYNC")
    cursor.expect("AS")
    text = cursor.sql[cursor.start() :].strip()
    query = parse_query(cursor, session.release)
    session.store.grants.need(session.user, "CREATE MATERIALIZED VIEW", "DATABASE", database)
    if any((view.database, view.name) == (database, name) for view in session.store.views):
        if if_not_exists:
            return
        raise analyzing(f"Table '{name}' already exists", 1050, "42S01")
    if name in session.store.database(database):
        raise analyzing(f"Table '{name}' already exists", 1050, "42S01")
    before = {table.physical: table.id for table in session.store.tables()}
    sql = session.compile(query).sql
    bases = frozenset(number for physical, number in before.items() if f'"{physical}"' in sql)
    view = MaterializedView(session.store.new_id(), database, name, text, bases)
    with session.store.lock:
        session.store.views.append(view)
