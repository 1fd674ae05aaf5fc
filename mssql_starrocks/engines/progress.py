"""Rows, bytes, rate and time left of one copy, said at sensible intervals; safe to use from several threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mssql_starrocks.model import ExtractionPlan

_SAY_EVERY = 10.0  # seconds


class Progress:
    """Counts what was read, and remembers when anything last came."""

    def __init__(self, plan: ExtractionPlan, log: Callable[[str], None]) -> None:
        self._plan, self._log = plan, log
        self._lock = threading.Lock()
        self._started = self._said = time.monotonic()
        self.rows = self.bytes = 0

    def add(self, rows: int, size: int) -> None:
        with self._lock:
            self.rows, self.bytes = self.rows + rows, self.bytes + size
            due = time.monotonic() - self._said > _SAY_EVERY
            if due:
                self._said = time.monotonic()
        if due:
            self._log(f"{self._plan.table}: {self}")

    def forget(self, rows: int, size: int) -> None:
        """Rows of a chunk that is read again."""
        with self._lock:
            self.rows, self.bytes = self.rows - rows, self.bytes - size

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self._started, 1e-6)
        rate = self.rows / seconds
        left = max(self._plan.estimated_rows - self.rows, 0) / rate if rate else 0
        return f"{self.rows:,} rows, {self.bytes >> 20:,} MiB, {rate:,.0f} rows/s, {left:.0f} s left"
