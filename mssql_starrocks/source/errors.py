"""SQL Server's errors in our words. Numbers where the driver gives them, else the server's own phrases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mssql_starrocks.errors import (
    DISCOVER_AGAIN,
    MssqlStarrocksError,
    SourceBusyError,
    SourceError,
    SourceUnreachableError,
    is_transient_sql_server,
)
from mssql_starrocks.model import TableId
from mssql_starrocks.settings import MssqlSettings, redacted
from mssql_starrocks.types.dialects import quote_tsql

# The Rust driver of mssql-python gives texts without numbers; these phrases are the server's messages.
_PHRASES = {
    "cannot open database": 4060,  # comes together with 18456, and says more
    "login failed for user": 18456,
    "permission was denied on the object": 229,
    "invalid object name": 208,
    "invalid column name": 207,
    "deadlock victim": 1205,
    "lock request time out": 1222,
    "snapshot isolation": 3952,
    "cannot obtain a lock resource": 1204,
    "limit for the database is": 10928,  # "Resource ID : 1. The request limit for the database is 30 ..."
    "too busy to support requests": 10929,
    "encountered an error processing your request": 40197,
    "service is currently busy": 40501,
    "is not currently available": 40613,
    "not enough resources to process request": 49918,
    "operations in progress for subscription": 49920,  # and 49919
}
# How the drivers of mssql-python say that the connection is gone.
_GONE = (
    "communication link failure",
    "connection is broken",
    "connection reset",
    "connection was closed",
    "broken pipe",
    "tcp provider",
    "unexpected eof",
    "early eof",
    "connection closed",
    "timed out",
    "socket",
)


@contextmanager
def explained(mssql: MssqlSettings, table: TableId | None = None) -> Iterator[None]:
    """Turn any driver's exception into one of ours.

    Raises:
        SourceError, SourceUnreachableError: one or two lines with server, table and what to do.
    """
    try:
        yield
    except MssqlStarrocksError:
        raise
    except Exception as error:
        raise translate(error, mssql, table) from error


def translate(error: Exception, mssql: MssqlSettings, table: TableId | None = None) -> SourceError:
    number, text = _number_and_text(error)
    if "certificate" in text.lower():
        return SourceError(
            f"SQL Server {mssql.host}:{mssql.port} shows a certificate that is not trusted ({text[:160]}): "
            "set MSSQL_CA_FILE to the PEM file of its authority."
        )
    where = f"{mssql.host}:{mssql.port}"
    setting = "MSSQL_SNAPSHOT_DATABASE" if mssql.database == mssql.snapshot_database else "MSSQL_DATABASE"
    subject = f"table {table}" if table else "the statement"
    advice = {
        # pymssql shows only the last message of a refused login, also when it was the database (4060)
        18456: f"SQL Server {where} refused the login of {mssql.user} to {mssql.database}: "
        "check MSSQL_USER, MSSQL_PASSWORD and MSSQL_DATABASE.",
        4060: f"SQL Server {where} has no database {mssql.database} that {mssql.user} may open: check {setting}.",
        911: f"SQL Server {where} has no database {mssql.database}: check {setting}.",
        229: f"{mssql.user} may not read {subject}: " + (_grant(table, mssql.user) if table else text),
        208: f"{subject} is not in database {mssql.database} any more: {DISCOVER_AGAIN}",
        207: f"a column of {subject} is not there any more ({text}): {DISCOVER_AGAIN}",
        20002: f"SQL Server {where} ended the connection during login: its certificate is not trusted "
        "(set MSSQL_CA_FILE to the PEM file of its authority) or it speaks no TLS (MSSQL_ENCRYPT=false).",
    }.get(number)
    if advice:
        return SourceError(advice)
    gone = number in _LOST or any(phrase in text.lower() for phrase in _GONE)
    kind: type[SourceError] = SourceUnreachableError if gone else SourceError
    if not gone and is_transient_sql_server(number):
        kind = SourceBusyError
    return kind(f"SQL Server {where}, {subject}: {text}" + (f" (error {number})" if number else ""))


def _grant(table: TableId, user: str) -> str:
    """To be copied by an administrator, hence quoted."""
    return f"grant it with  GRANT SELECT ON {quote_tsql(table.schema)}.{quote_tsql(table.name)} TO {quote_tsql(user)};"


_LOST = frozenset({20002, 20003, 20004, 20006, 20009, 20047})  # FreeTDS: connection failed, timed out or died


def _number_and_text(error: Exception) -> tuple[int, str]:
    args = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    number = args[0] if args and isinstance(args[0], int) else 0
    raw = args[1] if len(args) > 1 else str(error)
    text = redacted(raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw))
    known = next((n for phrase, n in _PHRASES.items() if phrase in text.lower()), 0)
    if known and number not in (1205, 1222):
        number = known
    return number, _one_line(text)


def _one_line(text: str) -> str:
    text = text.split("DB-Lib error message", maxsplit=1)[0]
    text = re.sub(r"\[(Microsoft|SQL Server|ODBC Driver[^\]]*|mssql-odbc)\]", "", text)
    return " ".join(text.split())[:300] or "no message"
