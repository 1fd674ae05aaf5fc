"""Faults a test can ask for: a lost connection before or after a statement took effect, an error in its place."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import DropConnection, SqlError


@dataclass
class _Fault:
    containing: str
    when: str
    times: int
    error: SqlError | None = None


class Faults:
    """`containing` is looked for in the statement's text; each fault happens `times` times."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()

    def drop_before(self, containing: str, times: int = 1) -> None:
        """The connection is closed and the statement never runs."""
        self._faults.append(_Fault(containing, "before", times))

    def drop_after(self, containing: str, times: int = 1) -> None:
        """The statement is committed, then the connection is closed without an answer."""
        self._faults.append(_Fault(containing, "after", times))

    def fail(self, containing: str, code: int, text: str, state: str = "HY000", times: int = 1) -> None:
        """The statement does not run and is answered with this error."""
        self._faults.append(_Fault(containing, "before", times, SqlError(code, state, text)))

    def clear(self) -> None:
        self._faults.clear()

    def check(self, sql: str, when: str) -> None:
        with self._lock:
            for fault in self._faults:
                if fault.when == when and fault.times > 0 and fault.containing in sql:
                    fault.times -= 1
                    raise fault.error or DropConnection
