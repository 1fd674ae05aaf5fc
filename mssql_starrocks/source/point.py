"""Hold a consistency point: everything read through its sessions is the table as it was at one instant.

Grades, facts/sqlserver.md 3. One transaction cannot span connections: several sessions come to the same state of a
table by beginning their snapshots while a coordinator holds a shared lock on it, for milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from mssql_starrocks.errors import SourceError
from mssql_starrocks.model import Grade, Table
from mssql_starrocks.source import catalog_queries
from mssql_starrocks.source.connect import ReaderSession, Session
from mssql_starrocks.source.select import from_table

_LOCK_WAIT = 2000  # ms; readers wait behind the lock request, so it is short


@dataclass(frozen=True)
class Isolation:
    """What the database allows: snapshot transactions, and statements that see one instant (RCSI)."""

    snapshot: bool
    statement: bool
    frozen_from: str | None = None  # the database that this one is a snapshot of
    frozen_at: str | None = None

    def best(self, table: Table) -> Grade:
        """The best grade that any engine can get for the table."""
        if self.frozen_at is not None:
            return Grade.A
        if self.snapshot and not table.memory_optimized:  # error 41332
            return Grade.B
        return Grade.D if self.statement else Grade.E


@dataclass(frozen=True)
class Point:
    """The instant (UTC, by the server's clock), how exact it is, and the sessions that see it.

    `change_version` is Change Tracking's version from just before, None where the table is not tracked.
    """

    instant: str
    grade: Grade
    sessions: tuple[ReaderSession, ...]
    change_version: int | None = None


def isolation(session: Session) -> Isolation:
    """Ask the database that the session is in."""
    snapshot, committed, source, created = session.rows(catalog_queries.ISOLATION)[0]
    frozen = (str(source), str(created)) if source is not None else (None, None)
    return Isolation(snapshot == 1, bool(committed), *frozen)


def change_version(session: Session, table: Table) -> int | None:
    """Change Tracking's version, asked before the point is held: catching up from too early repeats, and loses nothing.

    In one plain batch, as the sequence of facts/sqlserver.md 4.1 wants it.
    """
    if not table.change_tracking:
        return None
    version = session.rows("SELECT CHANGE_TRACKING_CURRENT_VERSION()")[0][0]
    return None if version is None else int(version)


@contextmanager
def hold_point(
    sessions: Sequence[ReaderSession], coordinator: Session, table: Table, grade: Grade, frozen_at: str | None = None
) -> Iterator[Point]:
    """Make the sessions see one point of the table, as well as `grade` allows.

    The isolation level is set in a plain batch: inside sp_executesql it would be gone when the batch returns
    (facts/sqlserver.md 1.4). The transactions only read; they are rolled back at the end. Where the table's lock cannot
    be had in two seconds, the first session reads alone: its snapshot needs no lock.
    """
    if grade is Grade.A:
        yield Point(frozen_at or _now(sessions[0]), grade, tuple(sessions))
        return
    if grade is not Grade.B:
        yield Point(_now(sessions[0]), grade, tuple(sessions if grade is Grade.D else sessions[:1]))
        return
    with ExitStack() as stack:
        if len(sessions) > 1 and _lock(coordinator, table):
            held = _begin_all(stack, coordinator, sessions, table)
        else:
            held = _begin_all(stack, None, sessions[:1], table)
        yield Point(_now(held[0]), Grade.B, held)


def _begin_all(
    stack: ExitStack, coordinator: Session | None, sessions: Sequence[ReaderSession], table: Table
) -> tuple[ReaderSession, ...]:
    try:
        for session in sessions:
            session.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
            session.run("BEGIN TRANSACTION")
            stack.callback(_end, session)
            session.rows(f"SELECT TOP (1) 1 FROM {from_table(table.id)}")  # a snapshot begins with its first read
    finally:
        if coordinator is not None:
            coordinator.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
    return tuple(sessions)


def _lock(coordinator: Session, table: Table) -> bool:
    """Take a shared lock on the table, held until the coordinator's transaction ends."""
    coordinator.run(f"SET LOCK_TIMEOUT {_LOCK_WAIT}")
    coordinator.run("BEGIN TRANSACTION")
    try:
        # TOP (0) would be optimised away and lock nothing (facts/sqlserver.md 3)
        coordinator.rows(f"SELECT TOP (1) 1 FROM {from_table(table.id)} WITH (TABLOCK, HOLDLOCK)")
    except Exception:  # lock request time out; any other reason shows again in the reading itself
        coordinator.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        return False
    return True


def _end(session: ReaderSession) -> None:
    with suppress(Exception):  # a session that was aborted has no transaction any more
        session.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def refuse_below(grade: Grade, minimum: Grade | None, table: Table) -> None:
    """Stop where the configuration demands more than the source allows.

    Raises:
        SourceError: says what an administrator can do.
    """
    if minimum is not None and grade.value > minimum.value:
        raise SourceError(
            f"Table {table.id} can only be read at grade {grade.value}, and minimum_grade is {minimum.value}: "
            "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON gives B (arrow), MSSQL_SNAPSHOT_DATABASE gives A."
        )


def _now(session: Session) -> str:
    return str(session.rows("SELECT CONVERT(varchar(27), SYSUTCDATETIME(), 121)")[0][0])
