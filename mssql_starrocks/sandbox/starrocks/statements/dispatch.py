"""First words of a statement -> the function that answers it."""

from __future__ import annotations

from collections.abc import Callable

from mssql_starrocks.sandbox.starrocks.errors import syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.statements import alter as alter_table
from mssql_starrocks.sandbox.starrocks.statements import (
    catalogs,
    databases,
    describe,
    dml,
    insert,
    settings,
    show,
    tables,
    users,
)
from mssql_starrocks.sandbox.starrocks.wire.packets import Result

Handler = Callable[[Session, Cursor], Result | None]


def _nothing(session: Session, cursor: Cursor) -> None:
    """Outside an explicit transaction COMMIT and ROLLBACK mean nothing."""
    cursor.accept("WORK")
    cursor.end()


HANDLERS: dict[str, Handler] = {
    "SELECT": dml.select,
    "WITH": dml.select,
    "(": dml.select,
    "INSERT INTO": insert.insert_into,
    "INSERT OVERWRITE": insert.insert_overwrite,
    "DELETE FROM": dml.delete,
    "UPDATE": dml.update,
    "TRUNCATE TABLE": dml.truncate,
    "CREATE DATABASE": databases.create,
    "CREATE SCHEMA": databases.create,
    "DROP DATABASE": databases.drop,
    "DROP SCHEMA": databases.drop,
    "CREATE TABLE": tables.create,
    "DROP TABLE": tables.drop,
    "ALTER TABLE": alter_table.alter,
    "CREATE MATERIALIZED VIEW": tables.create_view,
    "CREATE EXTERNAL CATALOG": catalogs.create,
    "DROP CATALOG": catalogs.drop,
    "SHOW CREATE CATALOG": catalogs.show_create,
    "SET CATALOG": catalogs.set_catalog,
    "REFRESH EXTERNAL TABLE": catalogs.refresh,
    "USE": databases.use,
    "SET PASSWORD": users.set_password,
    "SET": settings.set_variables,
    "CREATE USER": users.create,
    "ALTER USER": users.alter,
    "DROP USER": users.drop,
    "GRANT": users.grant,
    "REVOKE": users.revoke,
    "SHOW GRANTS": users.show_grants,
    "COMMIT": _nothing,
    "ROLLBACK": _nothing,
    **show.HANDLERS,
    **describe.HANDLERS,
}
_ORDERED = sorted(HANDLERS, key=lambda words: -len(words.split()))
# First words that some statement of StarRocks has; others are syntax errors.
_OTHERS = frozenset(
    [
        "ADMIN",
        "ANALYZE",
        "BACKUP",
        "BEGIN",
        "CANCEL",
        "CLEAR",
        "CLEAN",
        "DEALLOCATE",
        "DROP",
        "CREATE",
        "EXECUTE",
        "EXPLAIN",
        "EXPORT",
        "INSTALL",
        "KILL",
        "LOAD",
        "LOCK",
        "PAUSE",
        "PREPARE",
        "RECOVER",
        "REFRESH",
        "RESTORE",
        "RESUME",
        "SHOW",
        "START",
        "STOP",
        "SUBMIT",
        "SUSPEND",
        "SYNC",
        "TRUNCATE",
        "UNINSTALL",
        "UNLOCK",
        "UNSET",
        "ALTER",
        "SET",
        "INSERT",
        "DELETE",
        "HELP",
        "ADD",
        "TRANSLATE",
        "CALL",
        "MERGE",
        "UPDATE",
    ]
) - {"CALL", "MERGE"}


def dispatch(session: Session, cursor: Cursor) -> Result:
    for hint in cursor.hints:
        settings.apply_hint(session, hint)
    for words in _ORDERED:
        if cursor.accept(words):
            return HANDLERS[words](session, cursor) or Result()
    first = cursor.peek()
    if first in _OTHERS and cursor.kind(1) in ("word", "string" if first == "HELP" else ""):
        raise unsupported(f"statement {' '.join(cursor.peek(at) for at in range(3)).strip()}")
    if cursor.kind() == "word" or first == "":
        raise syntax_error(cursor.sql.split()[0] if cursor.sql.split() else "<EOF>")
    raise cursor.fail()
