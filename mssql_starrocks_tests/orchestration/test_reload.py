"""Reloading through a real webserver, which loads our real code location."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from dagster_graphql import DagsterGraphQLClient
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.orchestration.reload import ReloadError, reload_location
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.tables import things

REPOSITORY = Path(__file__).parents[2]
ASSETS = "{ assetNodes { assetKey { path } } }"


def free_port() -> int:
    """dagster-webserver takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def webserver(project):
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    command = [
        sys.executable,
        "-m",
        "dagster_webserver",
        "-w",
        str(REPOSITORY / "workspace.yaml"),
        "-h",
        host,
        "-p",
        port,
    ]
    settings = {**os.environ, "DAGSTER_HOME": str(project), "PYTHONPATH": str(REPOSITORY)}
    (project / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    with (project / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=project, env=settings, stdout=log, stderr=log)
        try:
            for attempt in Retrying(
                stop=stop_after_delay(60), wait=wait_fixed(0.3), retry=retry_if_exception_type(OSError)
            ):
                with attempt:
                    urllib.request.urlopen(f"http://{address}/server_info", timeout=5).close()
            yield address
        finally:
            process.terminate()
            process.wait(30)


def loaded_tables(address):
    host, port = address.split(":")
    nodes = DagsterGraphQLClient(host, int(port))._execute(ASSETS)["assetNodes"]
    return {tuple(node["assetKey"]["path"][1:]) for node in nodes}


def test_a_reload_brings_what_the_manifest_gained(webserver, project):
    assert ("sales", "invoices") not in loaded_tables(webserver)
    save_manifest(make_manifest(things(name="invoices")), project / "manifest.json")
    reload_location(webserver, "mssql_starrocks")
    assert ("sales", "invoices") in loaded_tables(webserver)

    with pytest.raises(ReloadError, match="other"):
        reload_location(webserver, "other")


def test_nobody_answers():
    with pytest.raises(ReloadError, match=r"did not reload .*refused") as caught:
        reload_location(f"127.0.0.1:{free_port()}", "mssql_starrocks")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost", "localhost:http", ":3000"])
def test_wrong_address(address):
    with pytest.raises(ConfigError, match="host:port"):
        reload_location(address, "mssql_starrocks")
