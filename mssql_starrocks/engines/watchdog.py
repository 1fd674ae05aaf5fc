"""End a connection that has sent nothing for too long: the drivers' own time-outs hang on a stalled network.

facts/sqlserver_measured.md 5. Only the time in which the driver is waited for counts, not the time in which we write.
A process beside ours does it (guard.py), since a driver may hold the interpreter's lock while it waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from mssql_starrocks.engines import guarding
from mssql_starrocks.errors import SourceUnreachableError
from mssql_starrocks.source.connect import ReaderSession


class Watchdog:
    """Watches sessions while it is open; in the main thread also that Ctrl-C is obeyed."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._guard = guarding.current()
        self._watches: dict[ReaderSession, guarding.Watch] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Watchdog:
        self._stack.enter_context(self._guard.signals())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def over(self, session: ReaderSession) -> Iterator[None]:
        """Watch one statement of the session.

        Raises:
            SourceUnreachableError: nothing came for the configured time; the connection is gone.
        """
        with self._guard.watch(session.descriptors(), self._patience) as watch:
            self._watches[session] = watch
            try:
                yield
            except Exception as error:
                if watch.struck:
                    raise SourceUnreachableError(
                        f"SQL Server sent nothing for {self._patience:g} s (MSSQL_STALL_TIMEOUT): connection given up."
                    ) from error
                raise

    def seen(self, session: ReaderSession) -> None:
        """Something came, or was done: the time begins anew."""
        self._watches[session].wait()

    def rest(self, session: ReaderSession) -> None:
        """The driver is not waited for just now."""
        self._watches[session].rest()

    def alive(self) -> None:
        """The main thread runs: it would see Ctrl-C by itself."""
        self._guard.alive()
