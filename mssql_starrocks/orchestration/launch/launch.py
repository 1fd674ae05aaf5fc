"""Many tables through one door, some at a time; one that fails does not stop the others."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.job import Door, Job, TableEvent, Watch, quiet
from mssql_starrocks.orchestration.launch.results import STOPPED, MigrationResult, TableResult
from mssql_starrocks.settings import redacted
from mssql_starrocks.stages import Currency

THREAD = "mssql_starrocks launch"
_LAST_WORDS = 10.0  # seconds for runs that were asked to end

Current = Callable[[Chain], Currency]


class Launch:
    """One job on its way.

    Example:
        with InProcess(settings) as door:
            result = Launch(job, door).run()

    """

    def __init__(self, job: Job, door: Door, watch: Watch = quiet, current: Current | None = None) -> None:
        """Prepare; nothing is launched yet.

        Args:
            job: what to launch.
            door: where.
            watch: told of every event, from several threads; what it raises is lost.
            current: decides for `job.resume` whether a table needs nothing (stages.is_current).
        """
        self._job, self._door, self._watch, self._current = job, door, watch, current
        self._waiting: queue.SimpleQueue[Chain] = queue.SimpleQueue()
        for chain in job.chains:
            self._waiting.put(chain)
        self._done: dict[TableId, TableResult] = {}
        self._runs: dict[TableId, str] = {}
        self._stopping = threading.Event()

    @property
    def job_id(self) -> str:
        return self._job.job_id

    def stop(self) -> None:
        """Launch nothing more and ask what runs to end; `run` returns soon. Safe from any thread."""
        self._stopping.set()
        self._door.stop(self._job)

    def run(self) -> MigrationResult:
        """Run every table; returns when all are done, or some seconds after Ctrl-C or `stop`."""
        started = time.monotonic()
        for refused in self._job.refused:
            self._finish(self._failed(refused.table, refused.reason))
        workers = min(self._job.parallel, len(self._job.chains))
        # daemons: a driver that hangs after Ctrl-C must not keep the process
        threads = [threading.Thread(target=self._work, name=THREAD, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        try:
            self._wait(threads)
        except KeyboardInterrupt:
            self.stop()
        if self._stopping.is_set():
            self._last_words(threads)
        return self._result(time.monotonic() - started)

    def _wait(self, threads: list[threading.Thread]) -> None:
        while not self._stopping.is_set() and any(thread.is_alive() for thread in threads):
            next(t for t in threads if t.is_alive()).join(0.2)  # a join without time-out would not see Ctrl-C
            self._door.alive()

    def _last_words(self, threads: list[threading.Thread]) -> None:
        until = time.monotonic() + _LAST_WORDS
        while any(thread.is_alive() for thread in threads):
            if time.monotonic() > until:
                break
            self._door.stop(self._job)  # again: a run may have begun meanwhile
            next(t for t in threads if t.is_alive()).join(0.2)
        self._door.abandon(self._job)  # an interrupt may have come where Dagster does not look

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                chain = self._waiting.get_nowait()
            except queue.Empty:
                return
            self._finish(self._one(chain))

    def _one(self, chain: Chain) -> TableResult:
        try:
            return self._skipped(chain) or self._door.run(self._job, chain, self._say)
        except MssqlStarrocksError as error:
            return self._failed(chain.table.id, str(error))
        except BaseException as error:  # a defect, or the interrupt of `stop`; the other tables go on
            said = STOPPED if self._stopping.is_set() else f"{type(error).__name__}: {error}"
            return self._failed(chain.table.id, said)

    def _failed(self, table: TableId, error: str) -> TableResult:
        """Without a result of its run, if there was one."""
        return TableResult(table, certified=False, run_id=self._runs.get(table), error=_one_line(error))

    def _skipped(self, chain: Chain) -> TableResult | None:
        if not self._job.resume or self._current is None:
            return None
        self._say(TableEvent(chain.table.id, "looking"))
        found = self._current(chain)
        if not found.current:
            return None
        return TableResult(chain.table.id, certified=True, rows=found.rows, load_id=found.load_id,
                           snapshot_id=found.snapshot_id, skipped=found.reason)  # fmt: skip

    def _finish(self, result: TableResult) -> None:
        self._done[result.table] = result
        self._say(TableEvent(result.table, "done", result.run_id, result))

    def _say(self, event: TableEvent) -> None:
        if event.run_id:
            self._runs[event.table] = event.run_id
        with contextlib.suppress(Exception):  # whoever watches must not harm a copy
            self._watch(event)

    def _result(self, seconds: float) -> MigrationResult:
        tables = tuple(self._done.get(t) or self._failed(t, STOPPED) for t in self._job.tables)
        return MigrationResult(self.job_id, tables, seconds, self._stopping.is_set())


def _one_line(text: str) -> str:
    return redacted(" ".join(text.split()))
