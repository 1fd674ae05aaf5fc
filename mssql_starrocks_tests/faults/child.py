"""The chain in a process of its own, forked from a server that has imported everything and started nothing."""

import faulthandler
import multiprocessing
import os
import signal
import time
import types
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks_tests.faults import broken
from mssql_starrocks_tests.faults.points import stop_at

MARK = "FAULTS_RUN"  # in the environment of every process that a run starts
_LONGEST_WAIT = 0.02  # seconds between two tries: their number is under test, not their pauses


@dataclass(frozen=True)
class Order:
    """What a child does: one chain through one door; where it stops to ask; and which defect it is built with."""

    environment: Mapping[str, str]
    chain: Chain
    manifest: Manifest
    config: Config
    door: str = "stages"
    where: str = ""
    when: str = ""
    defect: str = ""


class ChecksFailedError(Exception):
    """A blocking check failed, as it stops a run in Dagster."""


def context() -> Any:
    """One fork server for the process; its children start in milliseconds."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["mssql_starrocks_tests.faults.warm"])
    return found


def main(order: Order, parent: Connection) -> None:
    """Run, and say how it went: `done`, or `failed` and why."""
    faulthandler.register(signal.SIGUSR1)  # shows where a run hangs
    os.environ.update(order.environment)
    _be_quick()
    if order.defect:
        broken.DEFECTS[order.defect]()
    if order.where:
        stop_at(order.where, order.when, lambda label: _ask(parent, label))
    try:
        _DOORS[order.door](order)
    except BaseException as error:
        said = ("failed", f"{type(error).__name__}: {error}")
    else:
        said = ("done", "")
    with suppress(OSError):  # nobody is there to hear it
        parent.send(said)
    os._exit(0)  # at once: what a process does at its end is not under test


def _ask(parent: Connection, label: str) -> None:
    parent.send(("reached", label))
    parent.recv()


def _be_quick() -> None:
    import botocore.endpoint
    import tenacity.nap

    def wait(seconds: float) -> None:
        time.sleep(min(seconds, _LONGEST_WAIT))

    tenacity.nap.time = botocore.endpoint.time = types.SimpleNamespace(sleep=wait, time=time.time)


def _stages(order: Order) -> None:
    from mssql_starrocks import stages
    from mssql_starrocks.settings import Settings
    from mssql_starrocks_tests.platform import NoSpark

    settings = Settings.load(order.environment, dotenv=None)
    chain, lake, starrocks = order.chain, settings.lake, settings.starrocks
    load_id = stages.snapshot(chain, settings.mssql, lake, NoSpark(), _quiet).load_id
    _refuse_failed(stages.prove_snapshot(chain, lake, load_id, settings.mssql))
    stages.publish(chain, lake, _quiet, load_id)
    stages.load(chain, lake, starrocks, _quiet, NoSpark())
    _refuse_failed(stages.prove_warehouse(chain, lake, starrocks))


def _dagster(order: Order) -> None:
    import dagster as dg

    from mssql_starrocks.orchestration import failures
    from mssql_starrocks.orchestration.build import build_definitions

    if hasattr(failures, "FIRST_WAIT"):
        failures.FIRST_WAIT = _LONGEST_WAIT
    job = build_definitions(order.manifest, order.config).resolve_job_def("copy_everything")
    silent = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=silent)
        if not result.success:
            texts = [e.event_specific_data.error.message.strip() for e in result.all_events if e.is_step_failure]
            raise ChecksFailedError(" | ".join(texts))


_DOORS = {"stages": _stages, "dagster": _dagster}


def _refuse_failed(reports: tuple[Any, ...]) -> None:
    failed = [r.summary for r in reports if not r.passed]
    if failed:
        raise ChecksFailedError("; ".join(failed))


def _quiet(_: str) -> None:
    pass
