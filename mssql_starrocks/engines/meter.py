"""CPU time and memory of a copy by Spark."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

_NANOSECOND = 1e-9
_REPORTS = 1000  # ms that reports of tasks may take


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

    def _tasks(self) -> float:
        spark = self._context._jsc.sc()
        with suppress(Exception):  # a report that is late is not worth a copy
            spark.listenerBus().waitUntilEmpty(_REPORTS)
        tracker, store = self._context.statusTracker(), spark.statusStore()
        total = 0
        for job in map(tracker.getJobInfo, tracker.getJobIdsForGroup(self._group)):
            for stage in job.stageIds if job else ():
                with suppress(Exception):  # Spark forgets the oldest of very many
                    data = store.lastStageAttempt(stage)
                    total += data.executorCpuTime() + data.executorDeserializeCpuTime()
        return float(total * _NANOSECOND)
