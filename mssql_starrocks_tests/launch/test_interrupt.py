"""Ctrl-C at the command line, as a process of its own: 130, nothing left behind, and the run known as cancelled."""

import json
import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest

from mssql_starrocks.orchestration.launch.stored import results_of_job
from mssql_starrocks_tests.test_doors import _session


@pytest.fixture(scope="module", autouse=True)
def tables(source):
    source.sqlserver.execute("CREATE SCHEMA slow")
    for name in ("slow.first", "slow.second"):
        source.sqlserver.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY)")
        source.sqlserver.execute(f"INSERT INTO {name} VALUES (1)")


@pytest.fixture
def started(source, folder):
    """`migrate` over a table whose rows stop coming, and one behind it."""
    struck = source.sqlserver.faults.struck()
    source.sqlserver.faults.stall("AS [id]")
    command = [sys.executable, "-m", "mssql_starrocks.cli", "migrate", "--schema", "slow", "--parallel", "1", "--json"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while source.sqlserver.faults.struck() == struck:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    yield process
    source.sqlserver.faults.clear()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def interrupted(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert _session(process.pid) == []
    assert "stopped" in err
    assert "Traceback" not in err
    assert '"stopped": true' in out
    assert out.count("stopped before it was done") == 2
    return [table["run_id"] for table in json.loads(out)["tables"]]


def test_ctrl_c(home, started):
    runs = interrupted(started)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [run] = instance.get_runs()
        assert runs == [run.run_id, None]
        assert run.status is dg.DagsterRunStatus.CANCELED
        [table] = results_of_job(instance, run.tags["mssql_starrocks/job_id"])
        assert (str(table.table), table.certified, table.error) == ("slow.first", False, "the run was cancelled")


def test_ctrl_c_where_nothing_is_kept(started):
    interrupted(started)
