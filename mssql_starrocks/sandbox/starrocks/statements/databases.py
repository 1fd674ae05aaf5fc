"""CREATE / DROP DATABASE, USE."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import access_denied, plain, unknown_catalog, unsupported
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG, INFORMATION_SCHEMA
from mssql_starrocks.sandbox.starrocks.rules.names import check_database
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor


def _name(session: Session, cursor: Cursor) -> str:
    parts = cursor.path()
    catalog = parts[0] if len(parts) > 1 else session.catalog
    if catalog != DEFAULT_CATALOG:
        raise (
            unsupported("databases of an external catalog")
            if catalog in session.store.catalogs
            else (unknown_catalog(catalog))
        )
    return parts[-1]


def create(session: Session, cursor: Cursor) -> None:
    if_not_exists = cursor.accept("IF NOT EXISTS")
    name = _name(session, cursor)
    if cursor.peek() == "PROPERTIES":
        raise unsupported("properties of a database")
    cursor.end()
    session.store.grants.need(session.user, "CREATE DATABASE", "CATALOG", DEFAULT_CATALOG)
    check_database(name)
    with session.store.lock:
        exists = name in session.store.databases or name.lower() == INFORMATION_SCHEMA
        if exists and not if_not_exists:
            raise plain(f"Can't create database '{name}'; database exists", 1007)
        if not exists:
            session.store.databases[name] = {}


def drop(session: Session, cursor: Cursor) -> None:
    if_exists = cursor.accept("IF EXISTS")
    name = _name(session, cursor)
    cursor.accept("FORCE")
    cursor.end()
    store = session.store
    if name.lower() == INFORMATION_SCHEMA:
        raise access_denied("DROP", "DATABASE", name)
    if name not in store.databases:
        if if_exists:
            return
        raise plain(f"Can't drop database '{name}'; database doesn't exist", 1008)
    store.grants.need(session.user, "DROP", "DATABASE", name)
    with store.lock:
        tables = list(store.databases[name].values())
        for table in tables:
            store.drop(table)
        del store.databases[name]
        store.labels.forget_database(name)
        store.grants.forget_database(name)
        store.views = [view for view in store.views if view.database != name]
    for table in tables:
        session.connection.execute(f"DROP TABLE IF EXISTS {table.physical}")


def use(session: Session, cursor: Cursor) -> None:
    if cursor.kind() == "string":
        raise unsupported("USE 'catalog name'")
    parts = cursor.path()
    cursor.end()
    session.use(".".join(parts))
