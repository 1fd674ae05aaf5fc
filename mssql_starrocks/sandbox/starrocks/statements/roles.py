"""Roles exist by name; nobody can hold one."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.rules.names import check_role
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor


def create(session: Session, cursor: Cursor) -> None:
    if_not_exists = cursor.accept("IF NOT EXISTS")
    name = cursor.name()
    comment = cursor.accept("COMMENT") and cursor.string()
    cursor.end()
    session.store.grants.need(session.user, "GRANT", "SYSTEM")
    check_role(name)
    if comment:
        raise unsupported("comments of roles")
    with session.store.lock:
        if name in session.store.roles and not if_not_exists:
            raise analyzing(f"Operation CREATE ROLE failed for {name} : role already exists")
        session.store.roles.add(name)


def drop(session: Session, cursor: Cursor) -> None:
    if_exists = cursor.accept("IF EXISTS")
    name = cursor.name()
    cursor.end()
    session.store.grants.need(session.user, "GRANT", "SYSTEM")
    if name in session.store.built_in_roles:
        raise unsupported(f"dropping the role {name}")
    with session.store.lock:
        if name not in session.store.roles and not if_exists:
            raise analyzing(f"Operation DROP ROLE failed for {name} : role not exists")
        session.store.roles.discard(name)


def set_role(session: Session, cursor: Cursor) -> None:
    if cursor.peek() not in ("ALL", "DEFAULT", "NONE"):
        name = cursor.string() if cursor.kind() == "string" else cursor.name()
        if name not in session.store.roles:
            raise analyzing(f"Cannot set role: cannot find role {name}!")
    raise unsupported("SET ROLE")
