"""`mssql-starrocks api` as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys

import dagster as dg
import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from mssql_starrocks.api.store import JobStore

COMMAND = (sys.executable, "-m", "mssql_starrocks.cli", "api")


@pytest.fixture
def environment(source, home, tmp_path):
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {**inherited, **source.environment(), "DAGSTER_HOME": str(home)}


def _refused(environment, tmp_path, *arguments, code=2):
    done = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stderr


def test_what_is_refused_at_the_start(environment, tmp_path):
    assert "MSSQL_STARROCKS_API_TOKEN" in _refused(environment, tmp_path, "--host", "0.0.0.0")
    assert "MSSQL_STARROCKS_API_TOKEN" in _refused(environment, tmp_path, "--host", "0.0.0.0", "--no-token")
    wrong = {**environment, "DAGSTER_WEBSERVER_URL": "http://host:99999"}
    assert "error: webserver: http://host:99999 is not host:port" in _refused(wrong, tmp_path, "--no-token")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        said = _refused(environment, tmp_path, "--port", str(busy.getsockname()[1]))
    assert said.startswith("error: Port ")
    assert "Token" not in said
    del environment["DAGSTER_HOME"]
    said = _refused(environment, tmp_path)
    assert said.startswith("error: DAGSTER_HOME is not set")
    assert said.count("\n") == 1


def test_a_dagster_home_that_is_wrong_or_cannot_be_written_is_one_line(environment, tmp_path, home):
    (home / "history").write_text("a file where a folder belongs")
    said = _refused(environment, tmp_path, "--no-token", "--port", _free_port(), code=1)
    assert said.startswith(f"error: DAGSTER_HOME {home}: Dagster's storage there cannot be used (")
    assert said.count("\n") == 1
    (home / "dagster.yaml").write_text("a: [")
    said = _refused(environment, tmp_path, "--no-token", "--port", _free_port())
    assert said.startswith(f"error: {home}/dagster.yaml: while parsing")
    assert said.count("\n") == 1


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@retry(retry=retry_if_exception_type(httpx.ConnectError), wait=wait_fixed(0.05), stop=stop_after_delay(60))
def _healthy(url):
    return httpx.get(f"{url}/health").json()["status"] == "healthy"


@pytest.mark.parametrize("given", [None, "a-token-that-was-chosen"])
def test_it_says_as_json_where_it_serves(environment, tmp_path, given):
    port = _free_port()
    chosen = {"MSSQL_STARROCKS_API_TOKEN": given} if given else {}
    process = subprocess.Popen([*COMMAND, "--port", port, "--json"], cwd=tmp_path, env={**environment, **chosen},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        said = "".join(iter(process.stdout.readline, "}\n")) + "}"
        document = json.loads(said)
        bearer = {"Authorization": f"Bearer {given or document.pop('token')}"}
        assert document == {"version": 1, "url": f"http://127.0.0.1:{port}", "docs": f"http://127.0.0.1:{port}/docs"}
        assert httpx.get(document["docs"], headers=bearer).status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")


def test_it_serves_with_the_token_it_told_and_ends_at_ctrl_c(environment, tmp_path, home):
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([*COMMAND, "--port", port], cwd=tmp_path, env=environment, stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    try:
        token = process.stderr.readline().rsplit(": ", 1)[1].strip()
        assert _healthy(url)
        assert httpx.get(f"{url}/tables").status_code == 401
        bearer = {"Authorization": f"Bearer {token}"}
        body = {"source_schema": "shop", "table_name": "one", "target_schema": "served"}
        assert httpx.post(f"{url}/migrate/table", json=body, headers=bearer, timeout=60).json()["job_id"] == 1
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert token not in said
    assert "Traceback" not in said
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert JobStore(instance).get(1).status != "running"
