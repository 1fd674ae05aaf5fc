"""Rows, bytes, rate and time left of a copy: in the log at intervals and for who watches; safe from any thread."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from mssql_starrocks.model import ExtractionPlan, TableId

_SAY_EVERY, _SHOW_EVERY = 10.0, 0.2  # seconds


@dataclass(frozen=True)
class Advance:
    """How far one copy is: rows and bytes read so far, the catalog's estimate of all rows, seconds since it began."""

    table: TableId
    load_id: str
    rows: int
    bytes: int
    estimated_rows: int
    seconds: float
    done: bool = False

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / max(self.seconds, 1e-6)

    @property
    def seconds_left(self) -> float:
        return max(self.estimated_rows - self.rows, 0) / self.rate if self.rows else 0.0

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.bytes >> 20:,} MiB, {self.rate:,.0f} rows/s, {self.seconds_left:.0f} s left"


Watcher = Callable[[Advance], None]
_watchers: list[Watcher] = []


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Call `watcher` a few times a second with the advance of every copy of this process, from the copies' threads."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


class Progress:
    """Counts one copy."""

    def __init__(self, plan: ExtractionPlan, log: Callable[[str], None]) -> None:
        self._plan, self._log = plan, log
        self._lock = threading.Lock()
        self._chunks: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self._started = self._said = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        self._show(self._advance())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show(self._advance(done=True))

    def add(self, chunk: int, rows: int, size: int) -> None:
        """More rows of a chunk were read."""
        now = time.monotonic()
        with self._lock:
            before = self._chunks[chunk]
            self._chunks[chunk] = before[0] + rows, before[1] + size
            say, show = now - self._said > _SAY_EVERY, bool(_watchers) and now - self._shown > _SHOW_EVERY
            self._said, self._shown = now if say else self._said, now if show else self._shown
            advance = self._advance() if say or show else None
        if advance and say:
            self._log(f"{advance.table}: {advance}")
        if advance and show:
            self._show(advance)

    def again(self, chunks: Iterable[int]) -> None:
        """These chunks begin anew."""
        with self._lock:
            for chunk in chunks:
                self._chunks.pop(chunk, None)

    def _advance(self, *, done: bool = False) -> Advance:
        rows, size = (sum(part) for part in zip((0, 0), *self._chunks.values(), strict=True))
        plan = self._plan
        return Advance(
            table=plan.table,
            load_id=plan.load_id,
            rows=rows,
            bytes=size,
            estimated_rows=plan.estimated_rows,
            seconds=time.monotonic() - self._started,
            done=done,
        )

    def _show(self, advance: Advance) -> None:
        for watcher in tuple(_watchers):
            watcher(advance)
