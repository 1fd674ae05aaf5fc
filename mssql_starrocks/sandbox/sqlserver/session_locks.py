"""What one session locks: reads as their hints and the isolation level say, writes as they are named."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.catalog import Database, Table
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.locks import Lock, Locks, Mode, of_read, of_write
from mssql_starrocks.sandbox.sqlserver.words import Words

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor

_SILENT = ("SNAPSHOT",)  # reads versions and locks nothing


class SessionLocks:
    """Locks are asked for while a statement is compiled and waited for before it touches DuckDB."""

    def __init__(self, locks: Locks, session: int, interrupted: Callable[[], bool]) -> None:
        self._locks, self._session, self._interrupted = locks, session, interrupted
        self.timeout = -1  # ms, @@LOCK_TIMEOUT
        self._asked: list[tuple[str, Mode, bool]] = []

    def ask_to_read(self, table: Table, hints: frozenset[str], isolation: str, *, versioned: bool) -> None:
        if isolation in _SILENT:
            if hints:
                raise unsupported("lock hints in a snapshot transaction")
            return
        found = of_read(hints, isolation, versioned=versioned)
        if found is not None:
            self._asked.append((table.physical, *found))

    def take(self) -> None:
        """Wait for what was asked."""
        asked, self._asked = self._asked, []
        for table, mode, kept in asked:
            self._locks.take(Lock(self._session, table, mode, kept), self.timeout, self._interrupted)

    def write(self, table: Table, hints: frozenset[str] = frozenset()) -> None:
        """Wait for the right to change rows, until the transaction ends."""
        self._locks.take(Lock(self._session, table.physical, of_write(hints), True), self.timeout, self._interrupted)

    def define(self, table: Table) -> None:
        """Wait for the right to change the table itself; stands for Sch-M."""
        self._locks.take(Lock(self._session, table.physical, "X", True), self.timeout, self._interrupted)

    def end_statement(self, *, in_transaction: bool) -> None:
        self._asked = []
        self._locks.release(self._session, kept=not in_transaction)

    def end_transaction(self) -> None:
        self._locks.release(self._session, kept=True)


def check_writable(database: Database) -> None:
    if database.read_only:
        raise SqlError(3906, f'Failed to update database "{database.name}" because the database is read-only.', 16, 1)


def before_definition(executor: "Executor", text: str) -> None:
    """Lock the tables that a DDL statement changes, before its DuckDB transaction begins."""
    check_writable(executor.database)
    words = Words(text)
    if words.accept("DROP", "TABLE"):
        words.accept("IF", "EXISTS")
    elif not (words.accept("ALTER", "TABLE") or words.accept("TRUNCATE", "TABLE")):
        if words.peek() != "CREATE" or "INDEX" not in {words.peek(n) for n in range(1, 4)}:
            return
        while not words.accept("ON"):
            words.take()
    more = True
    while more:
        parts = words.dotted()
        table = executor.database.find(parts[-2] if len(parts) > 1 and parts[-2] else "dbo", parts[-1])
        if table is not None:
            executor.locks.define(table)
        more = words.accept(",")
