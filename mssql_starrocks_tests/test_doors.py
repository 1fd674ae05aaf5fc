"""The ways in, as processes of their own: exit codes, messages without tracebacks."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mssql_starrocks_tests.platform import Platform, failed

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    """A folder as a user has it: a configuration, settings in the environment, a manifest."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "mssql_starrocks.yaml").write_text(
        "include: [hr.*, sales.customers]\nlake_prefix: doors_\ntargets: {hr: doors_hr}\n"
    )
    (folder / "home").mkdir()
    done = run(folder, box, "mssql-starrocks", "discover")
    assert done.returncode == 0, done.stderr
    assert "4 to copy" in done.stdout
    return folder


def run(folder, box, command, *arguments, **environment):
    values = {**os.environ, **box.environment(), "DAGSTER_HOME": str(folder / "home"), "COLUMNS": "200", **environment}
    return subprocess.run(
        [BIN / command, *arguments], cwd=folder, env=values, capture_output=True, text=True, check=False
    )


def test_a_failed_check_is_exit_code_1(project, box):
    """The tutorial's test has the command that copies."""
    config = {"include": ["hr.*", "sales.customers"], "lake_prefix": "doors_", "targets": {"hr": "doors_hr"}}
    platform = Platform(box)
    assert not failed(platform.copy(platform.chains(**config)["hr.shifts"]))
    box.starrocks.execute("DELETE FROM doors_hr.shifts WHERE starts = '00:00:00'")
    checks = run(project, box, "dagster", "job", "execute", "-m", "mssql_starrocks.definitions", "-j", "validate")
    assert checks.returncode == 1
    assert "rows should be 3 and is 2" in checks.stderr


def test_a_users_mistake_is_one_message_in_dagster_too(project, box):
    done = run(
        project,
        box,
        "dagster",
        "asset",
        "materialize",
        "-m",
        "mssql_starrocks.definitions",
        "--select",
        "mssql_snapshot/hr/shifts",
        MSSQL_PASSWORD="canary-wrong",
    )
    assert done.returncode == 1
    assert "refused the login of sandbox_reader" in done.stderr
    assert "canary-wrong" not in done.stdout + done.stderr


def test_discover_refuses_a_selection_that_matches_nothing(project, box, tmp_path):
    file = tmp_path / "none.yaml"
    file.write_text("include: [nowhere.*]\n")
    done = run(project, box, "mssql-starrocks", "discover", "--config", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "leave none of 13 tables" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "manifest.json").exists()


def test_a_missing_setting_is_named(project, box):
    done = run(project, box, "mssql-starrocks", "discover", MSSQL_HOST="")
    assert done.returncode == 2
    assert done.stderr.strip() == "error: MSSQL_HOST is not set: put it into .env or the environment"


def test_a_port_in_use_is_named(project, box):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        done = run(project, box, "mssql-starrocks", "ui", "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} cannot be had (Address already in use)" in done.stderr


@pytest.mark.spark
@pytest.mark.parametrize("said", ["snapshot", pytest.param("warehouse", marks=pytest.mark.long)])
def test_ctrl_c_leaves_no_process_behind(project, box, said):
    """The demo with its Spark, interrupted at the start of a stage."""
    command = [BIN / "mssql-starrocks", "demo", "sales.events"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if said in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, None), rest
    assert _session(process.pid) == []


def _session(leader: int) -> list[str]:
    """Commands of all living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_text().replace("\0", " ")[:80])
        except (OSError, ProcessLookupError):
            continue
    return found


@pytest.mark.long  # CI runs the demo of all tables
def test_the_demo_of_one_table_ends_certified(project, box):
    done = run(project, box, "mssql-starrocks", "demo", "hr.shifts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hr.shifts  arrow        3     3          3     6/6" in done.stdout
    assert "1 of 1 tables certified" in done.stdout


def test_the_sandbox_prints_settings_that_work_and_ends_on_sigterm(project, box):
    process = subprocess.Popen(
        [BIN / "mssql-starrocks", "sandbox", "--no-sample"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    settings = {}
    for line in process.stdout:
        name, value = line.strip().split("=", 1)
        settings[name] = value
        if name == "STARROCKS_CA_FILE":
            break
    from mssql_starrocks.settings import Settings
    from mssql_starrocks.source.discover import list_tables

    assert list_tables(Settings.load(settings, dotenv=None).mssql) == ()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 130
    assert _session(process.pid) == []
    assert not Path(settings["STARROCKS_CA_FILE"]).exists()


@pytest.mark.long
def test_the_demo_refuses_a_selection_that_matches_nothing(project, box):
    done = run(project, box, "mssql-starrocks", "demo", "nowhere.*")
    assert done.returncode == 2
    assert "No table of the sample database matches nowhere.*" in done.stderr


def test_dagster_itself_finds_the_definitions_valid(project, box):
    done = run(project, box, "dagster", "definitions", "validate", "-m", "mssql_starrocks.definitions")
    assert done.returncode == 0, done.stderr[-2000:]
