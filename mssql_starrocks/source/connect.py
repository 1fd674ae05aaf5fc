"""Sessions with SQL Server: pymssql for the control plane, mssql-python for rows. Both encrypted and verified."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from mssql_starrocks.errors import SourceUnreachableError
from mssql_starrocks.model import TableId
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source import environment
from mssql_starrocks.source.errors import explained
from mssql_starrocks.source.sockets import Sockets, opened
from mssql_starrocks.transport import source_exposures, warn_once

if TYPE_CHECKING:
    import pyarrow as pa

Rows = list[tuple[Any, ...]]
_SETTINGS = "SET LOCK_TIMEOUT 60000; SET DEADLOCK_PRIORITY LOW"


class Session(Protocol):
    """What discovery, points and fingerprints need."""

    def rows(self, sql: str) -> Rows: ...

    def run(self, sql: str) -> None: ...


class ControlSession:
    """pymssql: catalog queries, sensors, evidence."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, sql: str) -> Rows:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def run(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)


class ReaderSession:
    """mssql-python: rows as Arrow record batches, exact types, no Python object per value."""

    def __init__(self, connection: Any, mssql: MssqlSettings, sockets: Sockets | None = None) -> None:
        self._connection, self._mssql, self._sockets = connection, mssql, sockets or Sockets()

    def abort(self) -> None:
        """End the connection from another thread: whatever waits on it fails, and the server stops its query."""
        self._sockets.shut()

    def descriptors(self) -> list[int]:
        """Of the connection's sockets, for another process that may have to end it."""
        return self._sockets.live()

    def rows(self, sql: str) -> Rows:
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def run(self, sql: str) -> None:
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def batches(self, sql: str, batch_rows: int, table: TableId) -> Iterator[pa.RecordBatch]:
        """Stream a result.

        Raises:
            SourceError: the statement failed, or the connection died in the middle; a result never just ends.
        """
        cursor = self._connection.cursor()
        try:
            with explained(self._mssql, table):
                cursor.execute(sql)
                with cursor.arrow_reader(batch_size=batch_rows) as reader:
                    yield from reader
        finally:
            with contextlib.suppress(Exception):  # a dead connection cannot close its cursor
                cursor.close()


@contextmanager
def control_session(mssql: MssqlSettings) -> Iterator[Session]:
    """A pymssql session in autocommit mode; with Entra authentication a session of mssql-python.

    Raises:
        SourceError, SourceUnreachableError: wrong login, no such database, host does not answer.
    """
    if mssql.authentication:  # pymssql has no parameter for tokens
        with reader_session(mssql) as reader:
            yield reader
        return
    _knock(mssql)
    warn_once(*source_exposures(mssql))
    import pymssql

    with explained(mssql):
        connection = pymssql.connect(
            server=environment.verified_name(mssql) if mssql.verified else mssql.host,
            port=str(mssql.port),
            user=mssql.user,
            password=mssql.password.get_secret_value(),
            database=mssql.database,
            login_timeout=mssql.login_timeout,
            autocommit=True,
            appname="mssql_starrocks",
            encryption="require" if mssql.encrypt else "off",
        )
    try:
        with explained(mssql):
            yield ControlSession(connection)
    finally:
        connection.close()


@contextmanager
def reader_session(mssql: MssqlSettings, label: str = "mssql_starrocks") -> Iterator[ReaderSession]:
    """An mssql-python session in autocommit mode, never pooled (facts/sqlserver_judged.md 1.3).

    It waits a minute at most for a lock, and is the one that ends in a deadlock. `label` is what an administrator sees
    of it as context_info in sys.dm_exec_sessions; the driver keeps the application's name for itself.

    Its drivers read the trust store once a process: all servers of a process share the first `ca_file`.

    Raises:
        SourceError, SourceUnreachableError: wrong login, no such database, host does not answer.
    """
    _knock(mssql)
    warn_once(*source_exposures(mssql))
    environment.choose_provider()
    import mssql_python

    mssql_python.pooling(enabled=False)
    with explained(mssql), environment.for_mssql_python(mssql), opened(mssql.port) as sockets:
        connection = mssql_python.connect(_connection_string(mssql), autocommit=True, timeout=mssql.login_timeout)
    session = ReaderSession(connection, mssql, sockets)
    try:
        with explained(mssql):
            session.run(f"{_SETTINGS}; SET CONTEXT_INFO 0x{label[:128].encode().hex()}")
            yield session
    finally:
        with contextlib.suppress(Exception):  # a dead connection cannot be closed
            connection.close()


def _knock(mssql: MssqlSettings) -> None:
    """The drivers take minutes, or for ever, to notice a dead host; a plain socket does not."""
    try:
        socket.create_connection((mssql.host, mssql.port), timeout=mssql.login_timeout).close()
    except OSError as error:
        raise SourceUnreachableError(
            f"SQL Server {mssql.host}:{mssql.port} does not answer ({error}): "
            "check MSSQL_HOST, MSSQL_PORT and the firewall."
        ) from error


def _connection_string(mssql: MssqlSettings) -> str:
    values = {
        "ApplicationIntent": "ReadOnly" if mssql.read_only_intent else None,
        "Server": f"{mssql.host},{mssql.port}",
        "Database": mssql.database,
        "UID": mssql.user,
        "PWD": mssql.password.get_secret_value(),
        "Encrypt": "yes" if mssql.encrypt else "no",
        "TrustServerCertificate": "yes" if mssql.trust_server_certificate else "no",
        "Authentication": mssql.authentication,
        "ConnectRetryCount": "0",  # else a refused login is tried again after 10 s
    }
    return ";".join(f"{key}={{{value.replace('}', '}}')}}}" for key, value in values.items() if value is not None)
