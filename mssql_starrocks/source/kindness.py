"""A cap on the connections that read rows from one server, shared by all tables of this process."""

from __future__ import annotations

import threading
from types import TracebackType

from mssql_starrocks.settings import MssqlSettings

_caps: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_guard = threading.Lock()


class Grant:
    """One connection of the server's cap, waited for; and more of them, as far as they are free."""

    def __init__(self, mssql: MssqlSettings) -> None:
        with _guard:
            self._cap = _caps.setdefault((mssql.host, mssql.port), threading.BoundedSemaphore(mssql.max_connections))
        self._held = 0

    def __enter__(self) -> Grant:
        self._cap.acquire()
        self._held = 1
        return self

    def up_to(self, wanted: int) -> int:
        """How many connections may be open now, at most `wanted`; never waits."""
        while self._held < wanted and self._cap.acquire(blocking=False):
            self._held += 1
        return self._held

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cap.release(self._held)
