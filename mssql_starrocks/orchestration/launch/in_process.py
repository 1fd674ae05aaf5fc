"""Runs in this process: the same assets and checks, one table's definitions a run, in the thread of the caller.

Runs in threads work, as measured on Dagster 1.13.27, with three exceptions that are worked round here: the in-memory
instance fails with "table is locked", so without DAGSTER_HOME each run has one of its own; `python_logs` are configured
anew at the start of each run, under a lock that deadlocks with another run's events, so they are left out; a run that
waits for a pool never sleeps and takes the interpreter from the others, so pools are left out, and `--parallel` and
MSSQL_MAX_CONNECTIONS limit instead.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.utils import make_new_run_id

from mssql_starrocks.chain import Chain
from mssql_starrocks.engines import guarding
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.alerts import webhook_from_environment
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.jobs import EVERYTHING, VALIDATE
from mssql_starrocks.orchestration.launch.alerting import alert
from mssql_starrocks.orchestration.launch.home import explained, opened
from mssql_starrocks.orchestration.launch.job import NO_RETRIES, Job, TableEvent, Watch
from mssql_starrocks.orchestration.launch.results import TableResult
from mssql_starrocks.orchestration.launch.stored import table_result
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.orchestration.translator import ChainProps, default_keys
from mssql_starrocks.settings import Settings
from mssql_starrocks.source import environment

_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# Captured output would be this process's own, of all threads at once.
_OVERRIDES = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
    "concurrency": {"pools": {"granularity": "run"}},
}


class InProcess:
    """The door to this process; a context manager. Spark, where a table needs it, is one session for all tables."""

    def __init__(self, settings: Settings, home: Path | None = None) -> None:
        """Open nothing yet.

        Args:
            settings: the connections.
            home: DAGSTER_HOME, where the runs are kept and the UI shows them; without it nothing is kept.
        """
        self._home, self._receiver = home, webhook_from_environment()
        self._spark = LazySpark(settings.spark)
        self._resources = {
            "mssql": _Given(settings.mssql),
            "lake": _Given(settings.lake),
            "starrocks": _Given(settings.starrocks),
            "spark": _GivenSpark(self._spark),
        }
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> InProcess:
        """Open the instance.

        Raises:
            ConfigError: DAGSTER_HOME is no folder, or its dagster.yaml is wrong.
            HomeError: it cannot be read or written.
        """
        self._instance = self._stack.enter_context(_persistent(self._home)) if self._home else None
        environment.prepare()
        self._guard = guarding.current()
        self._stack.enter_context(self._guard.signals())  # a driver may hold the interpreter's lock at Ctrl-C
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spark.stop()
        self._stack.close()

    @property
    def instance(self) -> dg.DagsterInstance:
        """The instance of `home`, for who keeps jobs there.

        Raises:
            ConfigError: there is no home, so that nothing is kept.
        """
        if self._instance is None:
            raise ConfigError("DAGSTER_HOME is not set: it is the only store of jobs and their runs")
        return self._instance

    def run(self, job: Job, chain: Chain, watch: Watch) -> TableResult:
        """Run the table's part of the job in this thread.

        Raises:
            HomeError: DAGSTER_HOME does not take the run.
        """
        kept = nullcontext(self._instance) if self._instance else dg.DagsterInstance.ephemeral()
        with kept as instance, explained(self._home):
            running = _Running(instance, threading.get_ident(), job.job_id)
            with self._lock:
                self._running[running.run_id] = running
            try:
                self._execute(job, chain, running, watch)
            finally:
                with self._lock:
                    if not running.interrupted:  # else `abandon` sees to it that the run is ended
                        del self._running[running.run_id]
            record = instance.get_run_record_by_id(running.run_id)
            if record is None:
                raise RuntimeError(f"run {running.run_id} was not stored")
            result = table_result(instance, record)
        if self._receiver and not result.certified and not running.interrupted:
            alert(self._receiver, job.what, result, job.config.webserver if self._home else None)
        return result

    def stop(self, job: Job) -> None:
        """Interrupt the job's runs as Ctrl-C would; those inside a driver's call hear of it when that returns."""
        for running in self._runs_of(job):
            running.interrupt()

    def abandon(self, job: Job) -> None:
        """Say of the job's runs that did not end in time that they are cancelled."""
        for running in self._runs_of(job):
            if self._instance is not None:  # else nothing is kept, and the run's own instance may be closed by now
                running.cancelled()
            with self._lock:
                self._running.pop(running.run_id, None)

    def alive(self) -> None:
        self._guard.alive()

    def _runs_of(self, job: Job) -> list[_Running]:
        with self._lock:
            return [running for running in self._running.values() if running.job_id == job.job_id]

    def _execute(self, job: Job, chain: Chain, running: _Running, watch: Watch) -> None:
        def execute(_: dg.AssetExecutionContext, props: ChainProps, run: Any) -> Any:
            watch(TableEvent(chain.table.id, props.stage.value, running.run_id))
            return run()

        # first, because it says why a table cannot be described; the definitions would only leave it out
        keys = default_keys(chain)
        alone = job.manifest.with_tables((chain.table,))
        targets = {chain.table.id.schema.lower(): chain.names.warehouse_database}
        config = job.config.taking_all().model_copy(update={"targets": targets})
        definitions = build_definitions(alone, config, resources=self._resources, execute=execute)
        own = Own(config.name)
        names = [found.name for found in definitions.jobs or () if found.name not in own.keys(EVERYTHING, VALIDATE)]
        name = own.named(VALIDATE) if job.proofs_only else names[0]
        whole = definitions.resolve_job_def(name)
        watch(TableEvent(chain.table.id, "checks" if job.proofs_only else "launched", running.run_id))
        if job.proofs_only:
            wanted = {dg.AssetCheckKey(keys[stage], check) for stage, check in job.checks}
            whole = whole.get_subset(asset_check_selection=wanted)
        whole.execute_in_process(
            instance=running.instance,
            raise_on_error=False,
            run_config=_SILENT,
            run_id=running.run_id,
            tags=job.tags(chain) | NO_RETRIES,
            asset_selection=None if job.proofs_only else [keys[stage] for stage in job.stages],
        )


@dataclass
class _Running:
    """A run under way."""

    instance: dg.DagsterInstance
    thread: int
    job_id: str
    run_id: str = field(default_factory=make_new_run_id)
    interrupted: bool = False

    def cancelled(self) -> None:
        """Say so of a run that has not ended."""
        run = self.instance.get_run_by_id(self.run_id)
        if run is not None and not run.is_finished:
            self.instance.report_run_canceled(run, "Stopped with the process that ran it.")

    def interrupt(self) -> None:
        """Raise in its thread, once, what Dagster raises at Ctrl-C; https://docs.python.org/3/c-api/init.html."""
        if not self.interrupted:
            self.interrupted = True
            what = ctypes.py_object(DagsterExecutionInterruptedError)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), what)


@dataclass(frozen=True)
class _Given:
    """In the place of a connection's resource: settings that are known, and never become a run's configuration."""

    value: Any

    def settings(self) -> Any:
        return self.value


@dataclass(frozen=True)
class _GivenSpark:
    """In the place of SparkResource, which would end the session with the first run."""

    spark: LazySpark

    def source(self) -> LazySpark:
        return self.spark


@contextmanager
def _persistent(home: Path) -> Iterator[dg.DagsterInstance]:
    with opened(home, _OVERRIDES) as instance:
        instance.get_yaml_python_handlers = list  # type: ignore[method-assign]  # logging.config.dictConfig, see above
        yield instance
