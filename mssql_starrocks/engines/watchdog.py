"""End a connection that has sent nothing for too long: the drivers' own time-outs hang on a stalled network.

facts/sqlserver_measured.md 5. Only the time in which the driver is waited for counts, not the time in which we write.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from mssql_starrocks.errors import SourceUnreachableError
from mssql_starrocks.source.connect import ReaderSession


class Watchdog:
    """Watches sessions from a thread of its own while it is open."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._seen: dict[ReaderSession, float] = {}
        self._barked: set[ReaderSession] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    @contextmanager
    def over(self, session: ReaderSession) -> Iterator[None]:
        """Watch one statement of the session.

        Raises:
            SourceUnreachableError: nothing came for the configured time; the connection is gone.
        """
        self.seen(session)
        try:
            yield
        except Exception as error:
            if session in self._barked:
                raise SourceUnreachableError(
                    f"SQL Server sent nothing for {self._patience:g} s (MSSQL_STALL_TIMEOUT): connection given up."
                ) from error
            raise
        finally:
            self._seen.pop(session, None)

    def seen(self, session: ReaderSession) -> None:
        """Something came, or was done: the time begins anew."""
        self._seen[session] = time.monotonic()

    def rest(self, session: ReaderSession) -> None:
        """The driver is not waited for just now."""
        self._seen.pop(session, None)

    def _watch(self) -> None:
        while not self._over.wait(min(self._patience / 4, 1.0)):
            late = time.monotonic() - self._patience
            for session, seen in list(self._seen.items()):
                if seen < late:
                    self._barked.add(session)
                    session.abort()
