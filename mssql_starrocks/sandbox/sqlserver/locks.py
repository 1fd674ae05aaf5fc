"""Table locks: shared, exclusive and the intents, held for a statement or a transaction. Rows are not locked.

Compatibility and LOCK_TIMEOUT: Transaction locking and row versioning guide, "Lock compatibility", and error 1222.
A deadlock's victim is who closes the circle; DEADLOCK_PRIORITY is not looked at.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from mssql_starrocks.sandbox.sqlserver.errors import SqlError

Mode = Literal["IS", "S", "IX", "X"]
_CONFLICTS: dict[Mode, tuple[Mode, ...]] = {
    "IS": ("X",),
    "S": ("IX", "X"),
    "IX": ("S", "X"),
    "X": ("IS", "S", "IX", "X"),
}
DEADLOCK = (
    "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim."
)


@dataclass(frozen=True)
class Lock:
    """What a session holds or waits for; `kept` until its transaction ends, else until the statement does."""

    session: int
    table: str
    mode: Mode
    kept: bool

    def conflicts(self, other: "Lock") -> bool:
        same = self.table == other.table and self.session != other.session
        return same and other.mode in _CONFLICTS[self.mode]


class Locks:
    """The locks of one server. Whoever waits, waits in the thread of its own session and holds nothing else up."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: list[Lock] = []
        self._waiting: list[Lock] = []  # in the order they came

    def take(self, lock: Lock, timeout: int, interrupted: Callable[[], bool]) -> None:
        """Wait until the lock is granted, at most `timeout` ms (-1: for ever).

        Raises:
            SqlError: 1222 after the time-out, 1205 where sessions wait for each other.
            InterruptedError: the client cancelled or went away.
        """
        until = None if timeout < 0 else time.monotonic() + timeout / 1000
        with self._changed:
            self._waiting.append(lock)
            try:
                while self._blockers(lock):
                    self._check(lock, interrupted)
                    left = None if until is None else until - time.monotonic()
                    if left is not None and left <= 0:
                        raise SqlError(1222, "Lock request time out period exceeded.", 16, 51)
                    self._changed.wait(left)
                self._held.append(lock)
            finally:
                self._waiting.remove(lock)
                self._changed.notify_all()

    def release(self, session: int, *, kept: bool) -> None:
        """End the session's locks: those of its statement, or with `kept` all of them."""
        with self._changed:
            self._held = [lock for lock in self._held if lock.session != session or (lock.kept and not kept)]
            self._changed.notify_all()

    def wake(self) -> None:
        """Let the waiting look whether they were interrupted."""
        with self._changed:
            self._changed.notify_all()

    def waits(self, session: int) -> tuple[str, int] | None:
        """The mode that the session waits for and the first session it waits for."""
        with self._changed:
            for lock in self._waiting:
                if lock.session == session and (found := self._blockers(lock)):
                    return lock.mode, found[0]
        return None

    def _check(self, lock: Lock, interrupted: Callable[[], bool]) -> None:
        if interrupted():
            raise InterruptedError("cancelled")
        if lock.session in self._behind(lock.session):
            raise SqlError(1205, DEADLOCK, 13, 51)

    def _blockers(self, lock: Lock) -> list[int]:
        """Sessions that hold a conflicting lock, or asked for one earlier; who holds the table already goes first."""
        found = [held.session for held in self._held if held.conflicts(lock)]
        if any(held.session == lock.session and held.table == lock.table for held in self._held):
            return found
        earlier = self._waiting[: self._waiting.index(lock)]
        return [*found, *(other.session for other in earlier if other.conflicts(lock))]

    def _behind(self, session: int) -> set[int]:
        """Everybody that the session waits for, directly or not."""
        seen: set[int] = set()
        following = list(self._waited_for(session))
        while following:
            one = following.pop()
            if one not in seen:
                seen.add(one)
                following += self._waited_for(one)
        return seen

    def _waited_for(self, session: int) -> Iterator[int]:
        for lock in self._waiting:
            if lock.session == session:
                yield from self._blockers(lock)


def of_read(hints: frozenset[str], isolation: str, *, versioned: bool) -> tuple[Mode, bool] | None:
    """The lock that reading a table takes, and whether it is kept; none where versions are read (RCSI)."""
    if "TABLOCKX" in hints or ("TABLOCK" in hints and hints & {"XLOCK", "UPDLOCK"}):
        return "X", True
    held = isolation in ("REPEATABLE READ", "SERIALIZABLE") or bool(
        hints & {"HOLDLOCK", "SERIALIZABLE", "REPEATABLEREAD"}
    )
    if "TABLOCK" in hints:
        return "S", held
    if "XLOCK" in hints:
        return "IX", True
    if isolation == "READ UNCOMMITTED" or (versioned and not held and not hints & {"UPDLOCK"}):
        return None
    return "IS", held or "UPDLOCK" in hints


def of_write(hints: frozenset[str]) -> Mode:
    return "X" if hints & {"TABLOCK", "TABLOCKX"} else "IX"
