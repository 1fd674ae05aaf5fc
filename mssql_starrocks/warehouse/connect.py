"""A session with StarRocks, set so that nothing is lost silently."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.transport import is_loopback, warehouse_exposures, warn_once
from mssql_starrocks.warehouse.errors import NO_TLS, explained, number_of

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

    def named(self, sql: str) -> list[dict[str, Any]]:
        """Rows by column name, for SHOW statements whose columns differ between versions."""
        with explained(self._starrocks), self._connection.cursor() as cursor:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @property
    def encrypted(self) -> bool:
        return bool(self._connection._secure)

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
    warn_once(*warehouse_exposures(starrocks))
    with explained(starrocks):
        connection = _connect(starrocks)
    try:
        session = WarehouseSession(connection, starrocks)
        session.run(_SETTINGS)
        _read_back(session)
        yield session
    finally:
        connection.close()


def _connect(starrocks: StarRocksSettings) -> Any:
    """Over TLS, and plainly only where the settings allow it and the server offers nothing else.

    pymysql's own default takes any certificate, and verifies no name without a CA file: hence our context.
    """
    import pymysql

    if starrocks.tls == "off":
        return _open(starrocks, None)
    try:
        return _open(starrocks, tls_context(starrocks))
    except pymysql.OperationalError as error:
        if number_of(error) != NO_TLS or starrocks.tls == "required" or starrocks.ca_file:
            raise
    if not is_loopback(starrocks.host):
        warn_once(
            f"StarRocks {starrocks.host}:{starrocks.port} offers no TLS: nothing to and from it is encrypted. "
            "STARROCKS_TLS=required refuses such a server, STARROCKS_TLS=off takes it without looking."
        )
    return _open(starrocks, None)


def _open(starrocks: StarRocksSettings, context: ssl.SSLContext | None) -> Any:
    import pymysql

    return pymysql.connect(
        host=starrocks.host,
        port=starrocks.port,
        user=starrocks.user,
        password=starrocks.password.get_secret_value(),
        autocommit=True,
        charset="utf8mb4",
        connect_timeout=_CONNECT_SECONDS,
        ssl=context,
        ssl_disabled=context is None,
    )


def tls_context(starrocks: StarRocksSettings) -> ssl.SSLContext:
    """By which authority the server's certificate is verified, over MySQL's protocol and over HTTP."""
    context = ssl.create_default_context(cafile=starrocks.ca_file)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # certificates of keytool lack what it asks for
    if starrocks.trust_server_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _read_back(session: WarehouseSession) -> None:
    """Hints and misspelt settings are taken without a word (judged D7); the session's own answer is not."""
    mode, zone = session.rows("SELECT @@sql_mode, @@time_zone")[0]
    missing = set(SQL_MODE.split(",")) - set(str(mode).upper().split(","))
    if missing or str(zone).upper() != "UTC":
        raise WarehouseError(f"StarRocks did not take the session settings (sql_mode {mode}, time_zone {zone}).")
