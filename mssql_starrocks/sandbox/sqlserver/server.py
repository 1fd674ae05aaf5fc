"""The server: listens on loopback, one session per connection, and the same engine in process."""

import contextlib
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import pyarrow as pa

from mssql_starrocks.sandbox.certificate import Certificate
from mssql_starrocks.sandbox.sqlserver import bulk_fill, utf16, wire
from mssql_starrocks.sandbox.sqlserver.engine import Engine
from mssql_starrocks.sandbox.sqlserver.executor import Executor
from mssql_starrocks.sandbox.sqlserver.faults import Faults
from mssql_starrocks.sandbox.sqlserver.login import Encryption
from mssql_starrocks.sandbox.sqlserver.outcome import Done, Rows
from mssql_starrocks.sandbox.sqlserver.python_values import python_rows
from mssql_starrocks.sandbox.sqlserver.session import Session, Settings


class LocalServer:
    """The server inside this process. A driver that holds the GIL while it waits for rows would never get them
    (mssql-python does, for LOB columns): clients of the same process use process.SqlServer.

    `users` maps logins to passwords. `start()` (or `with`) returns when `port` accepts connections; `close()`
    ends the sessions and frees DuckDB. What it cannot answer exactly is error 50000 "not supported by the sandbox".
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        users: Mapping[str, str],
        database: str = "Company",
        certificate: Certificate | None,
        encryption: Encryption = "required",
        snapshot_isolation: bool = True,
        port: int = 0,
    ) -> None:
        if certificate is None and encryption == "required":
            raise ValueError("encryption='required' needs a certificate")
        self.port = port
        self.faults = Faults()
        self.engine = Engine(database, snapshot_isolation=snapshot_isolation)
        contexts = wire.contexts(certificate) if certificate is not None else None
        self._settings = Settings(self.engine, users, encryption, contexts, database, self.faults)
        self._listener: socket.socket | None = None
        self._sessions: dict[int, tuple[Session, threading.Thread]] = {}
        self._lock = threading.Lock()

    def start(self) -> "LocalServer":
        self._listener = socket.create_server((self.host, self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True, name="tds-accept").start()
        return self

    def close(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.faults.clear()
        with self._lock:
            sessions = list(self._sessions.values())
        for session, _ in sessions:
            session.close()
        for _, thread in sessions:
            thread.join(timeout=15)
        self.engine.close()

    def __enter__(self) -> "LocalServer":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def execute(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run a batch in process as sa; the rows of its last result set, as Python values."""
        executor = Executor(self.engine, "sa", database or self._settings.default_database)
        found: list[tuple[Any, ...]] = []
        try:
            for outcome in executor.run(utf16.admit(sql), {}):
                if isinstance(outcome, Rows):
                    found = python_rows(outcome)
                elif isinstance(outcome, Done) and outcome.rows is not None:
                    found = []
            executor.finish()
        finally:
            executor.close()
        return found

    def load_table(self, schema: str, table: str, columns: Mapping[str, str], data: pa.Table) -> None:
        """Append Arrow rows to an existing table; `columns` maps the table's column to the column of `data`.

        Same conversions and checks as INSERT .. SELECT, without parsing literals.
        """
        executor = Executor(self.engine, "sa", self._settings.default_database)
        try:
            executor.load(schema, table, columns, data)
        finally:
            executor.close()

    def fill(self, schema: str, table: str, select: str) -> None:
        """Fill an empty table from a DuckDB SELECT whose columns are the table's as this server stores them."""
        executor = Executor(self.engine, "sa", self._settings.default_database)
        try:
            bulk_fill.fill(executor, schema, table, select)
        finally:
            executor.close()

    def deny_select(self, user: str, table: str) -> None:
        """Reading `table` (name or schema.name, default database) is error 229 for this user from now on."""
        self.engine.deny_select(user, table)

    def replay(self, table: str) -> None:
        """Serve this table (schema.name, default database) from rows that are encoded once: see replay.py."""
        with self._lock:
            if self._sessions:
                raise RuntimeError("replay() is for a server without connections: no open transaction may differ")
        self.engine.replay.add(self._settings.default_database, table)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(client, self._settings)
            thread = threading.Thread(target=self._serve, args=(session,), daemon=True, name="tds-session")
            with self._lock:
                self._sessions[id(session)] = (session, thread)
            thread.start()

    def _serve(self, session: Session) -> None:
        try:
            session.run()
        finally:
            with self._lock:
                self._sessions.pop(id(session), None)
