"""A session with StarRocks, set so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.warehouse.errors import explained

# facts/starrocks_judged.md A1: both flags are needed (casts, decimals); setting sql_mode drops ONLY_FULL_GROUP_BY.
SQL_MODE = "ONLY_FULL_GROUP_BY,ALLOW_THROW_EXCEPTION,ERROR_IF_OVERFLOW,FORBID_INVALID_DATE"
_SETTINGS = (
    f"SET sql_mode = '{SQL_MODE}', time_zone = 'UTC', insert_max_filter_ratio = 0, "
    "insert_timeout = 14400, query_timeout = 14400"
)
_CONNECT_SECONDS = 15


@dataclass(frozen=True)
class Outcome:
    """What a statement changed, as StarRocks said it."""

    rows: int
    message: str


class WarehouseSession:
    """One MySQL-protocol connection."""

    def __init__(self, connection: Any, starrocks: StarRocksSettings) -> None:
        self._connection = connection
        self._starrocks = starrocks

    def rows(self, sql: str, subject: str = "the statement") -> list[tuple[Any, ...]]:
        with explained(self._starrocks, subject), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def run(self, sql: str, subject: str = "the statement") -> Outcome:
        with explained(self._starrocks, subject), self._connection.cursor() as cursor:
            affected = cursor.execute(sql)
            message = getattr(cursor._result, "message", b"") or b""
            return Outcome(affected, message.decode(errors="replace"))


@contextmanager
def warehouse_session(starrocks: StarRocksSettings) -> Iterator[WarehouseSession]:
    """A session with strict casts, UTC and no filtered rows.

    Raises:
        WarehouseError, WarehouseUnreachableError: wrong login, host does not answer, settings not taken.
    """
    import pymysql

    verify = True if starrocks.ca_file else None
    with explained(starrocks):
        connection = pymysql.connect(
            host=starrocks.host,
            port=starrocks.port,
            user=starrocks.user,
            password=starrocks.password.get_secret_value(),
            autocommit=True,
            charset="utf8mb4",
            connect_timeout=_CONNECT_SECONDS,
            ssl_ca=starrocks.ca_file,
            ssl_verify_cert=verify,
            ssl_verify_identity=verify,
        )
    try:
        session = WarehouseSession(connection, starrocks)
        session.run(_SETTINGS)
        _read_back(session)
        yield session
    finally:
        connection.close()


def _read_back(session: WarehouseSession) -> None:
    """Hints and misspelt settings are taken without a word (judged D7); the session's own answer is not."""
    mode, zone = session.rows("SELECT @@sql_mode, @@time_zone")[0]
    missing = set(SQL_MODE.split(",")) - set(str(mode).upper().split(","))
    if missing or str(zone).upper() != "UTC":
        raise WarehouseError(f"StarRocks did not take the session settings (sql_mode {mode}, time_zone {zone}).")
