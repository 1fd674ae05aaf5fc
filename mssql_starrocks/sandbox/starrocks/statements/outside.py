"""Statements the sandbox does not run: what StarRocks would say before it ran them, then "not supported"."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import (
    SqlError,
    analyzing,
    plain,
    syntax_error,
    table_not_found,
    unsupported,
)
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.queries import parse_query

# First words that some statement of StarRocks has; others are syntax errors.
KNOWN = frozenset(
    """
    add admin alter analyze backup begin cancel clean clear create deallocate delete drop execute explain export help
    insert install kill load lock pause prepare recover refresh restore resume set show start stop submit suspend sync
    translate truncate uninstall unlock unset update
    """.upper().split()
)
# Beginnings that the grammar does not have, each seen refused by the front ends (truth).
NO_SUCH = (
    "CREATE CATALOG", "DROP EXTERNAL CATALOG", "INSERT", "DELETE", "SHOW VIEWS", "SHOW COUNT",
    "SHOW MASTER", "SHOW BINARY", "SHOW SLAVE", "SHOW COLLATE", "SHOW STORAGE ENGINES", "SHOW ROLES LIKE",
)  # fmt: skip
# Privileges on SYSTEM that are looked at first; one of them is enough.
SYSTEM = {
    "SHOW FRONTENDS": ("OPERATE", "NODE"), "ADMIN": ("OPERATE",), "SHOW USERS": ("GRANT",), "SHOW ROLES": ("GRANT",),
}  # fmt: skip


def refusal(session: Session, cursor: Cursor) -> SqlError:
    first = cursor.peek()
    if any(cursor.at(words) for words in NO_SUCH):
        return syntax_error(cursor.peek(1), cursor.start(), f"No viable statement for input '{cursor.sql[:80]}'")
    if session.release >= (4, 2) and cursor.at("MERGE INTO"):
        return unsupported("MERGE")
    if first in KNOWN and cursor.kind(1) in ("word", "string" if first == "HELP" else ""):
        return _known(session, cursor)
    if cursor.kind() == "word" or first == "":
        return syntax_error(cursor.sql.split()[0] if cursor.sql.split() else "<EOF>")
    return cursor.fail()


def _known(session: Session, cursor: Cursor) -> SqlError:
    not_here = unsupported(f"statement {' '.join(cursor.peek(at) for at in range(3)).strip()}")
    grants = session.store.grants
    for words, privileges in SYSTEM.items():
        if cursor.at(words) and not any(grants.on(session.user, name, "SYSTEM", "") for name in privileges):
            grants.need(session.user, " OR ".join(privileges), "SYSTEM")
    if cursor.accept("EXPLAIN"):
        _explain(session, cursor)
    elif cursor.accept("ANALYZE TABLE"):
        _analyze(session, cursor)
    elif cursor.accept("EXECUTE AS"):
        name = cursor.string() if cursor.kind() == "string" else cursor.name()
        grants.need(session.user, "IMPERSONATE", "USER", name)
    elif cursor.accept("CREATE VIEW"):
        _view(session, cursor)
    elif cursor.accept("SHOW CREATE VIEW"):
        _, database, name = session.path(cursor.path())
        session.store.table(database, name)
        return analyzing(f"'{database}'.'{name}' is not 'VIEW'")
    elif cursor.accept_any("SHOW PARTITIONS FROM", "SHOW TABLET FROM"):
        session.native(cursor.path(), table_not_found)
    elif cursor.accept("SHOW TRANSACTION"):
        _transaction(cursor)
    return not_here


def _explain(session: Session, cursor: Cursor) -> None:
    """The query of an EXPLAIN may be refused; its plan is not here."""
    if cursor.peek() in ("SELECT", "WITH", "("):
        session.compile(parse_query(cursor, session.release, session.mode("PIPES_AS_CONCAT")))
    elif session.release >= (4, 2) and cursor.peek() == "MERGE":
        return
    elif cursor.done() or cursor.peek() not in KNOWN | {"VERBOSE", "COSTS", "LOGICAL", "SCHEDULER"}:
        raise cursor.fail()
    elif session.release < (4, 1) and cursor.peek() in ("DELETE", "UPDATE"):
        what = cursor.accept_any("DELETE FROM", "UPDATE").split()[0]
        catalog, database, name = session.path(cursor.path())
        if catalog != DEFAULT_CATALOG:
            session.engine.lake(catalog).table(database, name)
            raise plain(f"Table of iceberg catalog doesn't support [{what}]")


def _analyze(session: Session, cursor: Cursor) -> None:
    parts = cursor.path()
    catalog, database, name = session.path(parts)
    if catalog == DEFAULT_CATALOG:
        session.store.grants.need_table(session.user, "INSERT", session.native(parts, table_not_found))
    elif name not in session.engine.lake(catalog).tables(database):
        raise table_not_found(name)


def _view(session: Session, cursor: Cursor) -> None:
    cursor.accept("IF NOT EXISTS")
    _, database, _ = session.path(cursor.path())
    if not cursor.accept("AS"):
        return
    query = parse_query(cursor, session.release)
    session.store.grants.need(session.user, "CREATE VIEW", "DATABASE", database)
    session.compile(query)


def _transaction(cursor: Cursor) -> None:
    if cursor.accept("WHERE") and cursor.name().upper() != "ID":
        raise analyzing("Where clause should looks like: ID = $transaction_id")
