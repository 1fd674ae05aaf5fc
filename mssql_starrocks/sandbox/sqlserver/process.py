"""The server in a process of its own, steered over a private socket; it ends when this process does."""

import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from mssql_starrocks.sandbox.certificate import Certificate
from mssql_starrocks.sandbox.sqlserver.login import Encryption


class RemoteFaults:
    """faults.Faults of the server's process."""

    def __init__(self, server: "SqlServer") -> None:
        self._server = server

    def stall(self, text: str, after_bytes: int = 0, times: int = 1) -> None:
        self._server.call("faults.stall", text, after_bytes, times)

    def kill(self, text: str, after_bytes: int = 0, times: int = 1) -> None:
        self._server.call("faults.kill", text, after_bytes, times)

    def cut(self, text: str, after_bytes: int, times: int = 1) -> None:
        self._server.call("faults.cut", text, after_bytes, times)

    def deadlock(self, text: str, after_rows: int = 0, times: int = 1) -> None:
        self._server.call("faults.deadlock", text, after_rows, times)

    def fail(self, text: str, number: int, message: str, after_rows: int = 0, times: int = 1) -> None:
        self._server.call("faults.fail", text, number, message, after_rows, times)

    def silence(self, text: str, after_rows: int = 0, times: int = 1) -> None:
        self._server.call("faults.silence", text, after_rows, times)

    def release(self) -> None:
        self._server.call("faults.release")

    def clear(self) -> None:
        self._server.call("faults.clear")

    def struck(self) -> int:
        return int(self._server.call("faults.struck"))


class SqlServer:
    """A SQL Server protocol server over DuckDB, for the sandbox and the tests; not a T-SQL engine.

    `users` maps logins to passwords. `start()` (or `with`) returns when `port` accepts connections; `close()`
    ends the sessions and frees DuckDB. What it cannot answer exactly is error 50000 "not supported by the sandbox".
    It runs in a child process, because mssql-python holds the GIL while it waits for LOB values.
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
        self.faults = RemoteFaults(self)
        self._options = {
            "users": dict(users),
            "database": database,
            "certificate": certificate,
            "encryption": encryption,
            "snapshot_isolation": snapshot_isolation,
            "port": port,
        }
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._control: Connection | None = None

    def start(self) -> "SqlServer":
        key = secrets.token_hex(16)
        with tempfile.TemporaryDirectory() as folder:
            address = str(Path(folder) / "control")
            with Listener(address, "AF_UNIX", authkey=key.encode()) as listener:
                command = [sys.executable, "-m", "mssql_starrocks.sandbox.sqlserver.child", address]
                self._child = subprocess.Popen(command, stdin=subprocess.PIPE)
                assert self._child.stdin is not None  # noqa: S101 - narrows the type
                self._child.stdin.write(key.encode() + b"\n")
                self._child.stdin.flush()
                self._control = listener.accept()
        self._control.send(self._options)
        self.port = self._answer()
        return self

    def close(self) -> None:
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
        if self._child is not None:
            assert self._child.stdin is not None  # noqa: S101 - narrows the type
            self._child.stdin.close()
            try:
                self._child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None

    def __enter__(self) -> "SqlServer":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def execute(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run a batch as sa, without TDS; the rows of its last result set, as Python values. Raises SqlError."""
        found: list[tuple[Any, ...]] = self.call("execute", sql, database)
        return found

    def load_table(self, schema: str, table: str, columns: Mapping[str, str], data: pa.Table) -> None:
        """Append Arrow rows to an existing table; `columns` maps the table's column to the column of `data`.

        Same conversions and checks as INSERT .. SELECT, without parsing literals.
        """
        self.call("load_table", schema, table, dict(columns), data)

    def fill(self, schema: str, table: str, select: str) -> None:
        """Fill an empty table from a DuckDB SELECT whose columns are the table's as this server stores them."""
        self.call("fill", schema, table, select)

    def deny_select(self, user: str, table: str) -> None:
        """Reading `table` (name or schema.name) is error 229 for this user from now on."""
        self.call("deny_select", user, table)

    def replay(self, table: str) -> None:
        """Serve this table (schema.name) from rows that are encoded once; nothing in the server can change after."""
        self.call("replay", table)

    @property
    def pid(self) -> int:
        """Of the server's process, whose CPU time a benchmark reads."""
        if self._child is None:
            raise RuntimeError("the sandbox SQL Server is not running")
        return self._child.pid

    def call(self, method: str, *arguments: Any) -> Any:
        """Run a method of LocalServer in the server's process."""
        with self._lock:
            if self._control is None:
                raise RuntimeError("the sandbox SQL Server is not running")
            self._control.send((method, arguments))
            return self._answer()

    def _answer(self) -> Any:
        assert self._control is not None  # noqa: S101 - narrows the type
        try:
            good, content = self._control.recv()
        except EOFError as gone:
            raise RuntimeError("the sandbox SQL Server's process has ended") from gone
        if not good:
            raise content
        return content
