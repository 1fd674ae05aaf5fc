"""Live progress of running copies at the bottom of a terminal; nothing where the output is no terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from mssql_starrocks.engines.progress import Advance, watched_by


@contextmanager
def live_progress(screen: Console) -> Iterator[None]:
    """Show rows, bytes, rate and time left of every copy that runs meanwhile; lines printed to `screen` go above."""
    if not screen.is_terminal:
        yield
        return
    columns = SpinnerColumn(), BarColumn(24), TextColumn("{task.description} {task.fields[said]}", markup=False)
    with Progress(*columns, console=screen, transient=True) as bars, watched_by(_Bars(bars).show):
        yield


class _Bars:
    """One bar a load; it goes when the copy is done."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def show(self, advance: Advance) -> None:
        with self._lock:
            self._show(advance)

    def _show(self, advance: Advance) -> None:
        if advance.load_id not in self._tasks:
            total = advance.estimated_rows or None
            self._tasks[advance.load_id] = self._bars.add_task(str(advance.table), total=total, said="")
        task = self._tasks[advance.load_id]
        if advance.done:
            self._bars.remove_task(self._tasks.pop(advance.load_id))
            return
        completed = min(advance.rows, advance.estimated_rows) if advance.estimated_rows else advance.rows
        self._bars.update(task, completed=completed, said=str(advance))
