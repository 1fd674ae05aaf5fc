"""Test hooks: what a statement whose text contains a given string shall suffer."""

import threading
from dataclasses import dataclass
from typing import Literal

from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.locks import DEADLOCK

Kind = Literal["stall", "kill", "cut", "error", "silence"]


@dataclass(frozen=True)
class Fault:
    kind: Kind
    text: str
    after: int = 0  # bytes (cut, stall, kill) or rows (error, silence)
    times: int = 1
    number: int = 1205  # of an error
    message: str = DEADLOCK

    @property
    def of_rows(self) -> bool:
        return self.kind in ("error", "silence")

    def failure(self) -> Exception:
        return SqlError(self.number, self.message, 13, 51) if self.kind == "error" else SilentFailure()


class SilentFailure(Exception):  # noqa: N818 - what the client is not told
    """The reply ends with a DONE that says error, and no ERROR token."""


class Faults:
    """Each fault strikes `times` times, then is spent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[list[Fault | int]] = []
        self._struck = 0
        self.released = threading.Event()  # set by release(): stalled statements go on

    def stall(self, text: str, after_bytes: int = 0, times: int = 1) -> None:
        """Send nothing more after exactly so many reply bytes, until release() or the client goes away."""
        self.released.clear()
        self._arm(Fault("stall", text, after_bytes, times))

    def kill(self, text: str, after_bytes: int = 0, times: int = 1) -> None:
        """Reset the connection (RST) after exactly so many reply bytes, as when the server process dies."""
        self._arm(Fault("kill", text, after_bytes, times))

    def cut(self, text: str, after_bytes: int, times: int = 1) -> None:
        """Close the connection in order (FIN) after exactly so many reply bytes, as a proxy does."""
        self._arm(Fault("cut", text, after_bytes, times))

    def deadlock(self, text: str, after_rows: int = 0, times: int = 1) -> None:
        """Error 1205 after so many rows."""
        self._arm(Fault("error", text, after_rows, times))

    def fail(self, text: str, number: int, message: str, after_rows: int = 0, times: int = 1) -> None:
        """Answer with this error after so many rows."""
        self._arm(Fault("error", text, after_rows, times, number, message))

    def silence(self, text: str, after_rows: int = 0, times: int = 1) -> None:
        """A failed DONE without an error, after so many rows (sqlserver_measured.md 5)."""
        self._arm(Fault("silence", text, after_rows, times))

    def release(self) -> None:
        self.released.set()

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
        self.release()

    def struck(self) -> int:
        """How many statements have suffered so far."""
        with self._lock:
            return self._struck

    def take(self, statement: str) -> Fault | None:
        with self._lock:
            for entry in self._armed:
                fault, left = entry
                assert isinstance(fault, Fault)  # noqa: S101 - narrows the type
                assert isinstance(left, int)  # noqa: S101 - narrows the type
                if left > 0 and fault.text.lower() in statement.lower():
                    entry[1] = left - 1
                    self._struck += 1
                    return fault
        return None

    def _arm(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append([fault, fault.times])
