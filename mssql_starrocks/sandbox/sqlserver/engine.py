"""What all sessions share: DuckDB, the databases, permissions, counters."""

import itertools
import threading
from typing import TYPE_CHECKING

import duckdb

from mssql_starrocks.sandbox.sqlserver.catalog import Database
from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.locks import Locks
from mssql_starrocks.sandbox.sqlserver.permissions import Permissions
from mssql_starrocks.sandbox.sqlserver.replay import Replay
from mssql_starrocks.sandbox.sqlserver.tsql import udfs

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor

SYSTEM_DATABASES = ("master", "tempdb", "model", "msdb")


class Engine:
    def __init__(self, database: str, *, snapshot_isolation: bool) -> None:
        self.duckdb = duckdb.connect(config={"threads": 1})
        self.duckdb.execute("SET timezone = 'UTC'")
        udfs.register(self.duckdb)
        names = (*SYSTEM_DATABASES, database)
        self.databases = {
            name.lower(): Database(name, number, snapshot_isolation=snapshot_isolation)
            for number, name in enumerate(names, 1)
        }
        self.lock = threading.RLock()  # catalog changes and cursors
        self.locks = Locks()
        self._sessions: dict[int, Executor] = {}
        self.object_ids = itertools.count(901578250, 16)
        self.row_versions = itertools.count(2001)
        self.session_ids = itertools.count(51)
        self.replay = Replay()
        self.permissions = Permissions()
        self._default = database

    def database_name(self, name: str) -> str | None:
        found = self.databases.get(name.lower())
        return found.name if found else None

    def database(self, name: str) -> Database:
        found = self.databases.get(name.lower())
        if found is None:
            raise SqlError(911, f"Database '{name}' does not exist. Make sure that the name is entered correctly.")
        return found

    def create_database(self, name: str) -> Database:
        if name.lower() in self.databases:
            raise SqlError(1801, f"Database '{name}' already exists. Choose a different database name.")
        with self.lock:
            number = max(base.database_id for base in self.databases.values()) + 1
            made = self.databases[name.lower()] = Database(name, number)
        return made

    def enter(self, session: "Executor") -> None:
        with self.lock:
            self._sessions[session.session_id] = session

    def leave(self, session: "Executor") -> None:
        with self.lock:
            self._sessions.pop(session.session_id, None)

    def sessions(self) -> "list[Executor]":
        with self.lock:
            return [self._sessions[number] for number in sorted(self._sessions)]

    def deny_select(self, user: str, table: str) -> None:
        schema, _, name = table.replace("[", "").replace("]", "").rpartition(".")
        self.permissions.deny_select(user, ((schema or "dbo").lower(), name.lower()))

    def may_select(self, user: str, schema: str, table: str) -> bool:
        return self.permissions.may_select(user, schema, table)

    def check_select(self, user: str, database: str, schema: str, table: str) -> None:
        if not self.may_select(user, schema, table):
            message = (
                f"The SELECT permission was denied on the object '{table}', database '{database}', schema '{schema}'."
            )
            raise SqlError(229, message, 14, 5)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self.lock:
            cursor = self.duckdb.cursor()
        cursor.execute("SET timezone = 'UTC'")
        return cursor

    def close(self) -> None:
        self.replay.close()
        self.duckdb.close()
