"""First words of a statement -> the function that answers it."""

from __future__ import annotations

from collections.abc import Callable

from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.statements import alter as alter_table
from mssql_starrocks.sandbox.starrocks.statements import (
    catalogs,
    databases,
    describe,
    dml,
    fixed,
    insert,
    roles,
    settings,
    show,
    tables,
    users,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.statements.outside import refusal
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
    "ALTER CATALOG": catalogs.alter,
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
    "CREATE ROLE": roles.create,
    "DROP ROLE": roles.drop,
    "SET ROLE": roles.set_role,
    "GRANT": users.grant,
    "REVOKE": users.revoke,
    "SHOW GRANTS": users.show_grants,
    "COMMIT": _nothing,
    "ROLLBACK": _nothing,
    **show.HANDLERS,
    **fixed.HANDLERS,
    **describe.HANDLERS,
}
_ORDERED = sorted(HANDLERS, key=lambda words: -len(words.split()))


def dispatch(session: Session, cursor: Cursor) -> Result:
    for hint in cursor.hints:
        settings.apply_hint(session, hint)
    for words in _ORDERED:
        if cursor.accept(words):
            return HANDLERS[words](session, cursor) or Result()
    raise refusal(session, cursor)
