"""Faults a test can ask for: a lost connection before or after a statement took effect, an error in its place.

A request over HTTP is the text `PUT /api/transaction/load label=l`; its error is an HTTP 500, and a connection lost
`after` it is one whose answer never comes. `fail` and `drop` of a path hit the front end's port first.
"""

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
    amount: int = 0


class Faults:
    """`containing` is looked for in the statement's text; each fault happens `times` times."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._struck = 0

    def struck(self) -> int:
        """How many statements and requests have suffered so far."""
        return self._struck

    def drop_before(self, containing: str, times: int = 1) -> None:
        """The connection is closed and the statement never runs."""
        self._faults.append(_Fault(containing, "before", times))

    def drop_after(self, containing: str, times: int = 1) -> None:
        """The statement is committed, then the connection is closed without an answer."""
        self._faults.append(_Fault(containing, "after", times))

    def fail(self, containing: str, code: int, text: str, state: str = "HY000", times: int = 1) -> None:
        """The statement does not run and is answered with this error."""
        self._faults.append(_Fault(containing, "before", times, SqlError(code, state, text)))

    def cut_body(self, containing: str, after_bytes: int, times: int = 1) -> None:
        """The back end closes the connection inside a request's body."""
        self._faults.append(_Fault(containing, "body", times, amount=after_bytes))

    def publish_timeout(self, label: str, polls: int, times: int = 1) -> None:
        """A commit answers before it is visible, which it is when its state was asked for `polls` times."""
        self._faults.append(_Fault(label, "publish", times, amount=polls))

    def run_alter(self, table: str, polls: int, times: int = 1) -> None:
        """A change of columns is a job that runs until it was asked for `polls` times."""
        self._faults.append(_Fault(table, "alter", times, amount=polls))

    def cancel_alter(self, table: str, message: str, times: int = 1) -> None:
        """A change of columns is taken, and then given up."""
        self._faults.append(_Fault(table, "cancel", times, SqlError(0, "", message)))

    def alter_polls(self, table: str) -> int:
        return self._amount(table, "alter") or 0

    def alter_cancelled(self, table: str) -> str:
        with self._lock:
            for fault in self._faults:
                if fault.when == "cancel" and fault.times > 0 and fault.containing in table and fault.error:
                    fault.times -= 1
                    return fault.error.text
        return ""

    def body_cut(self, request: str) -> int | None:
        return self._amount(request, "body")

    def publish_polls(self, label: str) -> int:
        return self._amount(label, "publish") or 0

    def _amount(self, text: str, when: str) -> int | None:
        with self._lock:
            for fault in self._faults:
                if fault.when == when and fault.times > 0 and fault.containing in text:
                    fault.times -= 1
                    self._struck += 1
                    return fault.amount
        return None

    def clear(self) -> None:
        self._faults.clear()

    def check(self, sql: str, when: str) -> None:
        with self._lock:
            for fault in self._faults:
                if fault.when == when and fault.times > 0 and fault.containing in sql:
                    fault.times -= 1
                    self._struck += 1
                    raise fault.error or DropConnection
