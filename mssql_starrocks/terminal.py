"""Live progress of running copies at the bottom of a terminal; nothing where the output is no terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from mssql_starrocks.engines.progress import Advance, watched_by
from mssql_starrocks.model import TableId
from mssql_starrocks.printable import one_line

if TYPE_CHECKING:
    from mssql_starrocks.orchestration.launch.job import TableEvent
    from mssql_starrocks.orchestration.launch.results import TableResult

_SAID = {
    "looking": "is it current?",
    "launched": "launched",
    "snapshot": "reading",
    "lake": "publishing",
    "warehouse": "loading",
    "checks": "proving",
}
_STYLES = {"certified": "green", "current": "cyan", "failed": "red"}


@contextmanager
def live_progress(screen: Console) -> Iterator[None]:
    """Show rows, bytes, rate and time left of every copy that runs meanwhile; lines printed to `screen` go above."""
    if not screen.is_terminal:
        yield
        return
    with _progress(screen) as bars, watched_by(_Bars(bars).show):
        yield


@contextmanager
def live_tables(screen: Console, total: int) -> Iterator[Callable[[TableEvent], None]]:
    """Show a bar for all tables and one for each that runs; a line for each that is done stays. Gives the watcher."""
    if not screen.is_terminal:
        yield lambda event: _tell(screen, event)
        return
    with _progress(screen) as bars:
        shown = _Tables(screen, bars, total)
        with watched_by(shown.advance):
            yield shown.show


def result_line(result: TableResult) -> Text:
    """One table's result in one line."""
    rows = "" if result.rows is None else f"{result.rows:,} rows"
    said = result.error or result.skipped or f"{result.seconds:.1f} s"
    parts = (f"{result.status:<9}", str(result.table), rows, said)
    return Text(one_line("  ".join(p for p in parts if p)), style=_STYLES[result.status])


def _progress(screen: Console) -> Progress:
    columns = SpinnerColumn(), BarColumn(24), TextColumn("{task.description} {task.fields[said]}", markup=False)
    return Progress(*columns, console=screen, transient=True)


def _tell(screen: Console, event: TableEvent) -> None:
    if event.result is not None:
        screen.print(result_line(event.result), soft_wrap=True, highlight=False)


class _Tables:
    """One bar for all tables, and one for each under way."""

    def __init__(self, screen: Console, bars: Progress, total: int) -> None:
        self._screen, self._bars, self._total = screen, bars, total
        self._tasks: dict[TableId, TaskID] = {}
        self._done = self._failed = 0
        self._lock = threading.Lock()
        self._all = bars.add_task("", total=total, said=f"0 of {total} tables")

    def show(self, event: TableEvent) -> None:
        with self._lock:
            if event.result is None:
                self._begin(event)
                return
            _tell(self._screen, event)
            if event.table in self._tasks:
                self._bars.remove_task(self._tasks.pop(event.table))
            self._done, self._failed = self._done + 1, self._failed + (not event.result.certified)
            failed = f", {self._failed} failed" if self._failed else ""
            self._bars.update(self._all, completed=self._done, said=f"{self._done} of {self._total} tables{failed}")

    def advance(self, advance: Advance) -> None:
        with self._lock:
            task = self._tasks.get(advance.table)
            if task is not None and not advance.done:
                self._bars.update(task, **_advanced(advance))

    def _begin(self, event: TableEvent) -> None:
        said = _SAID[event.moment]
        if event.table not in self._tasks:
            self._tasks[event.table] = self._bars.add_task(str(event.table), total=None, said=said)
        self._bars.update(self._tasks[event.table], total=None, said=said)


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
            self._tasks[advance.load_id] = self._bars.add_task(str(advance.table), total=None, said="")
        task = self._tasks[advance.load_id]
        if advance.done:
            self._bars.remove_task(self._tasks.pop(advance.load_id))
            return
        self._bars.update(task, **_advanced(advance))


def _advanced(advance: Advance) -> dict[str, Any]:
    total = advance.estimated_rows or None
    completed = min(advance.rows, advance.estimated_rows) if total else advance.rows
    return {"total": total, "completed": completed, "said": str(advance)}
