"""CPU time and memory of a copy by Spark."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mssql_starrocks.engines.progress import Progress

if TYPE_CHECKING:
    from pyspark import SparkContext

_NANOSECOND = 1e-9
_REPORTS = 1000  # ms that reports of tasks may take
_ASK_EVERY = 1.0  # seconds


class Meter:
    """What a copy costs from now on, beside other copies of the same moment, which share this process and its JVM.

    CPU time is this process's and the driver JVM's, as the kernel counts it; on a cluster also that of the executors'
    tasks in the job group, as Spark counts it: without their compiler, garbage collector and start.
    """

    def __init__(self, context: SparkContext, group: str) -> None:
        self._context, self._group = context, group
        self._driver = context._jvm.java.lang.ProcessHandle.current()
        self._before = self._here()

    def cpu_seconds(self) -> float:
        on_executors = 0.0 if self._context._jsc.isLocal() else self._tasks()
        return self._here() - self._before + on_executors

    def peak_rss(self) -> int:
        """Peak memory in bytes of the driver's JVM, which with a local Spark does all the work; 0: not known."""
        status = Path(f"/proc/{self._driver.pid()}/status")
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return int(found.group(1)) * 1024 if found else 0

    def _here(self) -> float:
        jvm = self._driver.info().totalCpuDuration()
        return time.process_time() + (jvm.get().toNanos() * _NANOSECOND if jvm.isPresent() else 0.0)

    def rows_read(self) -> int:
        """Rows that the group's tasks have read so far; running tasks tell it every ten seconds."""
        return sum(int(stage.inputRecords()) for stage in self._stages())

    def wait_for_reports(self) -> None:
        with suppress(Exception):  # one that is late is not worth a copy
            self._context._jsc.sc().listenerBus().waitUntilEmpty(_REPORTS)

    def _tasks(self) -> float:
        self.wait_for_reports()
        total = sum(s.executorCpuTime() + s.executorDeserializeCpuTime() for s in self._stages())
        return float(total * _NANOSECOND)

    def _stages(self) -> Iterator[Any]:
        tracker, store = self._context.statusTracker(), self._context._jsc.sc().statusStore()
        for job in map(tracker.getJobInfo, tracker.getJobIdsForGroup(self._group)):
            for stage in job.stageIds if job else ():
                with suppress(Exception):  # Spark forgets the oldest of very many
                    yield store.lastStageAttempt(stage)


@contextmanager
def reported(meter: Meter, progress: Progress) -> Iterator[None]:
    """Tell the progress, from a thread of its own, what the tasks have read."""
    over, told = threading.Event(), 0

    def tell() -> None:
        nonlocal told
        with suppress(Exception):  # the context may have ended
            rows = meter.rows_read()
            progress.add(0, rows - told, 0)
            told = rows

    def ask() -> None:
        while not over.wait(_ASK_EVERY):
            tell()

    asker = threading.Thread(target=ask, daemon=True, name="spark progress")
    asker.start()
    try:
        yield
        meter.wait_for_reports()
    finally:
        over.set()
        asker.join()
        tell()
