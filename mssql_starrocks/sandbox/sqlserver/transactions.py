"""Transactions of one session: SQL Server's counting on top of DuckDB's, begun as late as the isolation allows."""

from collections.abc import Callable

import duckdb

from mssql_starrocks.sandbox.sqlserver.catalog import Database, Tracking
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import TransactionChanged
from mssql_starrocks.sandbox.sqlserver.tsql import moments

_HELD = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")


class Transactions:
    """READ COMMITTED reads run outside a DuckDB transaction until the first write; SNAPSHOT is DuckDB's MVCC."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, ended: Callable[[], None]) -> None:
        self._cursor, self._ended = cursor, ended
        self.depth = 0
        self.began = 0  # ticks, UTC
        self.isolation = "READ COMMITTED"
        self.abort_on_error = False
        self._open = False
        self._wrote = False
        self._doomed = False
        self._saved: list[tuple[Database, tuple[object, ...]]] = []
        self._tracked: list[Tracking] = []

    def note(self, tracking: Tracking) -> None:
        """The commit will be a version of it."""
        if not any(known is tracking for known in self._tracked):
            self._tracked.append(tracking)

    def _count_versions(self) -> None:
        for tracking in self._tracked:
            tracking.version += 1

    def begin(self, isolation: str = "") -> list[TransactionChanged]:
        if isolation:
            self.isolation = isolation
        self.depth += 1
        if self.depth == 1:
            self.began = moments.ticks_now()
        return [TransactionChanged("begin")] if self.depth == 1 else []

    def commit(self) -> list[TransactionChanged]:
        if not self.depth:
            raise SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self._check_doomed()
        self.depth -= 1
        if self.depth:
            return []
        if self._open:
            self._cursor.commit()
        self._count_versions()
        self._forget()
        return [TransactionChanged("commit")]

    def rollback(self) -> list[TransactionChanged]:
        if not self.depth:
            raise SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self.abandon()
        return [TransactionChanged("rollback")]

    def abandon(self) -> None:
        """Undo everything and have no transaction."""
        if self._open:
            self._cursor.rollback()
        for database, saved in self._saved:
            database.restore(saved)
        self.depth = 0
        self._forget()

    def _forget(self) -> None:
        self._open = self._wrote = self._doomed = False
        self._saved, self._tracked = [], []
        self._ended()

    def _check_doomed(self) -> None:
        if self._doomed:
            raise unsupported("going on in a transaction after a run-time error; roll it back")

    def before_read(self) -> None:
        self._check_doomed()
        if self.depth and not self._open and self.isolation in _HELD:
            self._start()

    def before_write(self) -> bool:
        """True when the caller must commit or undo by itself (autocommit)."""
        self._check_doomed()
        if not self.depth:
            self.began = moments.ticks_now()
            self._cursor.begin()
            self._open = True
            return True
        if not self._open:
            self._start()
        self._wrote = True
        return False

    def end_autocommit(self, *, good: bool) -> None:
        self._open = False
        if good:
            self._cursor.commit()
            self._count_versions()
        else:
            self._cursor.rollback()
        self._tracked = []

    def remember(self, database: Database) -> None:
        """Before a change of the catalog inside a transaction."""
        if self.depth and not any(known is database for known, _ in self._saved):
            self._saved.append((database, database.snapshot()))

    def _start(self) -> None:
        self._cursor.begin()
        self._open = True

    def failed(self, error: SqlError) -> bool:
        """After an error: True when the transaction is gone. DuckDB aborts on any, SQL Server on some."""
        if not self.depth:
            return False
        if self.abort_on_error or error.number in (245, 1205, 3960, 241, 242, 8114):
            self.abandon()
            return True
        if not self._open or self._alive():
            return False
        self._cursor.rollback()
        self._open = False
        if self._wrote or self.isolation in _HELD:  # SQL Server would go on; what was written or seen is lost here
            for database, saved in self._saved:
                database.restore(saved)
            self._doomed = True
        return False

    def _alive(self) -> bool:
        try:
            self._cursor.execute("SELECT 1").fetchall()
        except duckdb.Error:
            return False
        return True


def check_level(level: str) -> str:
    if level not in ("READ COMMITTED", "READ UNCOMMITTED", *_HELD):
        raise unsupported(f"isolation level {level}")
    return level
