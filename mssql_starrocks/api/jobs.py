"""Jobs from their request to their end; one process at a time for a DAGSTER_HOME."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import dagster as dg

from mssql_starrocks.api.requests import Request, stored_request
from mssql_starrocks.api.store import JobStore, StoredJob
from mssql_starrocks.errors import ConfigError, MssqlStarrocksError
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.home import explained, unusable
from mssql_starrocks.orchestration.launch.in_process import InProcess
from mssql_starrocks.orchestration.launch.job import Job, TableEvent
from mssql_starrocks.orchestration.launch.launch import Launch
from mssql_starrocks.orchestration.launch.prepare import Workplace
from mssql_starrocks.orchestration.launch.results import TableResult
from mssql_starrocks.orchestration.launch.stored import runs_of_job, table_of, table_result
from mssql_starrocks.settings import Settings, redacted

INTERRUPTED = "interrupted: the API was stopped before it was done; ask for it again"


class ConflictError(MssqlStarrocksError):
    """Another job is in the way, or has ended.

    Why: A table is in a job that is pending or running, or a job to cancel is done.
    Do: Wait for the job that the message names, or cancel it.
    """


@dataclass
class _Active:
    """A job of this process that has not ended."""

    stored: StoredJob
    job: Job
    launch: Launch
    told: set[TableId] = field(default_factory=set)
    moments: dict[str, str] = field(default_factory=dict)
    begun: bool = False
    cancelled: bool = False


class Jobs:
    """The jobs of one deployment; a context manager.

    Example:
        with Jobs(lambda: Workplace(Config.load(file), file), settings, home) as jobs:
            number = jobs.submit(MigrateTable(source_schema="sales", table_name="orders")).number

    """

    def __init__(self, place: Callable[[], Workplace], settings: Settings, home: Path, at_once: int = 4) -> None:
        """Open nothing yet.

        Args:
            place: configuration and manifest as they are now.
            settings: the connections.
            home: DAGSTER_HOME.
            at_once: jobs that run at the same time; others are pending.
        """
        self.place, self.home, self._settings = place, home, settings
        self._at_once = at_once
        self._active: dict[int, _Active] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._stack = ExitStack()

    def __enter__(self) -> Jobs:
        """Take the home and see to what an earlier process left: what ran is reported, what was pending is launched.

        Raises:
            ConfigError: DAGSTER_HOME is wrong, or another process serves it.
            HomeError: it cannot be read or written.
        """
        with ExitStack() as stack:
            self._door = stack.enter_context(InProcess(self._settings, self.home))
            stack.enter_context(_alone(self.home))
            self.store = JobStore(self._door.instance)
            self._threads = ThreadPoolExecutor(self._at_once, "mssql_starrocks job")
            self._stack = stack.pop_all()
        with explained(self.home):
            for job in self.store.unfinished():
                self._left(job)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what runs, within some seconds; what is pending is launched by the next process."""
        with self._lock:
            self._closing = True
            running = [active for active in self._active.values() if active.begun]
        for active in running:
            active.launch.stop()
        self._threads.shutdown(cancel_futures=True)
        self._stack.close()

    def submit(self, request: Request) -> StoredJob:
        """Plan, keep and launch a job.

        Raises:
            SelectionError: there is no such table; nothing was launched.
            ConflictError: one of its tables is in another job.
        """
        job = request.job(self.place())
        tables = job.tables
        with self._lock:
            self._refuse_busy(tables)
            stored = self.store.add(request.kind, request.model_dump(mode="json"), tables)
            self._start(stored, job)
        return stored

    def cancel(self, number: int) -> StoredJob:
        """End a job; what it had published stays.

        Raises:
            KeyError: there is no such job.
            ConflictError: it has ended.
        """
        with self._lock:
            active = self._active.get(number)
            if active is None:
                raise ConflictError(f"Job {number} is {self.store.get(number).status} already.")
            active.cancelled = True
            if not active.begun:
                del self._active[number]
                self._end(active, ())
                return self.store.get(number)
        active.launch.stop()
        return self.store.get(number)

    def moments(self, number: int) -> dict[str, str]:
        """The stages that tables of a running job are in."""
        active = self._active.get(number)
        return dict(active.moments) if active else {}

    def _refuse_busy(self, tables: tuple[TableId, ...]) -> None:
        for number, active in self._active.items():
            shared = set(tables) & set(active.stored.tables)
            if shared:
                raise ConflictError(f"{min(shared)} is in job {number}, which has not ended.")

    def _start(self, stored: StoredJob, job: Job) -> None:
        job = replace(job, job_id=stored.run.run_id)
        current = self.place().current_of(job.part) if job.resume else None
        launch = Launch(job, self._door, lambda event: self._hear(active, event), current)
        active = _Active(stored, job, launch)
        self._active[stored.number] = active
        self._threads.submit(self._run, active)

    def _run(self, active: _Active) -> None:
        with self._lock:
            if active.cancelled or self._closing:
                return
            active.begun = True
        try:
            self.store.begin(active.stored)
            self._end(active, active.launch.run().tables)
        except Exception as error:  # a defect; the job must not look as if it ran for ever
            self.store.fail(active.stored, redacted(f"{type(error).__name__}: {error}"))
        finally:
            with self._lock:
                del self._active[active.stored.number]

    def _hear(self, active: _Active, event: TableEvent) -> None:
        if event.result is None:
            active.moments[str(event.table)] = event.moment
        else:
            self.store.tell(active.stored, event.result)
            active.told.add(event.table)

    def _end(self, active: _Active, results: tuple[TableResult, ...]) -> None:
        found = {result.table: result for result in results}
        said = "cancelled before it was launched" if active.cancelled else INTERRUPTED
        tables = [found.get(t) or TableResult(t, certified=False, error=said) for t in active.stored.tables]
        for result in tables:
            if result.table not in active.told:
                self.store.tell(active.stored, result)
        if all(result.certified for result in tables):
            self.store.succeed(active.stored)
        elif active.cancelled:
            self.store.cancel(active.stored)
        else:
            self.store.fail(active.stored, reason(tables))

    def _left(self, stored: StoredJob) -> None:
        if stored.status == "running":
            self._interrupted(stored)
            return
        try:
            request = stored_request(stored.kind, stored.request)
            job = request.job(self.place())
        except (MssqlStarrocksError, ValueError) as error:
            self.store.fail(stored, redacted(f"Pending when the API was started again: {error}"))
            return
        with self._lock:
            self._start(stored, job)

    def _interrupted(self, stored: StoredJob) -> None:
        """The process that ran it is gone: say of each table how far it came."""
        instance, known = self.store.instance, self.store.results(stored)
        runs = {str(table_of(r.dagster_run.tags)): r for r in runs_of_job(instance, stored.run.run_id)}
        for table in stored.tables:
            if str(table) not in known:
                self.store.tell(stored, _found_dead(instance, table, runs.get(str(table))))
        self.store.fail(stored, INTERRUPTED)


def reason(tables: list[TableResult]) -> str:
    """Why a job failed, in one line."""
    failed = [table for table in tables if not table.certified]
    return f"{len(failed)} of {len(tables)} tables failed; {failed[0].table}: {failed[0].error}"


def _found_dead(instance: dg.DagsterInstance, table: TableId, record: dg.RunRecord | None) -> TableResult:
    if record is None:
        return TableResult(table, certified=False, error=INTERRUPTED)
    if record.dagster_run.is_finished:
        return table_result(instance, record)
    instance.report_run_failed(record.dagster_run, INTERRUPTED)
    return replace(table_result(instance, record), error=INTERRUPTED)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Numbers are given, and left jobs taken over, by one process."""
    try:
        file = (home / "mssql_starrocks_api.lock").open("w")
    except OSError as error:
        raise unusable(home, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"DAGSTER_HOME: another mssql-starrocks api serves {home}") from None
        yield
