"""The code location as Dagster's own commands load it, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
HEAVY = ("pyspark", "pyiceberg", "boto3", "mssql_python", "pymssql", "pymysql", "duckdb")
CHAIN = "mssql_snapshot/sales/orders,iceberg_table/sales/orders,starrocks_table/sales/orders"
IMPORT = "import mssql_starrocks.definitions as d"
PROBE = f"""
import socket, sys
def refuse(*_): raise AssertionError("a connection was opened")
socket.socket.connect = refuse
import mssql_starrocks.definitions as location
location.defs.get_repository_def()
print(len(location.defs.resolve_asset_graph().executable_asset_keys), [m for m in {HEAVY!r} if m in sys.modules])
"""


@pytest.fixture
def run(project, environment):
    def start(*command, **variables):
        (project / "home").mkdir(exist_ok=True)
        settings = {**os.environ, "DAGSTER_HOME": str(project / "home"), "PYTHONPATH": str(REPOSITORY), **variables}
        return subprocess.run(
            [sys.executable, *command], cwd=project, env=settings, capture_output=True, text=True, check=False
        )

    return start


def materialize(*select):
    return ("-m", "dagster", "asset", "materialize", "-m", "mssql_starrocks_tests.orchestration.location", *select)


def test_loading_imports_no_driver_and_opens_no_connection(run):
    found = run("-c", PROBE)
    assert found.stdout.strip() == "9 []", found.stderr


@pytest.mark.long  # CI itself runs them
def test_the_commands_of_ci(run):
    passed = run(*materialize("--select", CHAIN))
    assert passed.returncode == 0, passed.stderr
    failed = run(*materialize("--select", CHAIN), FAILING="snapshot.values")
    assert failed.returncode == 1
    assert "values: FAILED" in failed.stderr
    assert "iceberg_table__sales__orders - STEP_START" not in failed.stderr


def test_dagster_accepts_location_workspace_and_instance_settings(run, project):
    (project / "home").mkdir()
    (project / "home" / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    found = run("-m", "dagster", "definitions", "validate", "-w", str(REPOSITORY / "workspace.yaml"))
    assert found.returncode == 0, found.stdout + found.stderr
    assert "sales.refused_one is not copied" in found.stdout + found.stderr


def test_env_file_and_configuration_elsewhere(run, project, environment, tmp_path_factory):
    environment.delenv("MSSQL_DATABASE")
    (project / ".env").write_text("MSSQL_HOST=from.file\nMSSQL_DATABASE=FromFile\n")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "ours.yaml"
    elsewhere.write_text("manifest: none.json\n")
    code = f"{IMPORT}; m = d.defs.resources['mssql'].settings(); print(m.host, m.database, d.manifest_file)"
    found = run("-c", code, MSSQL_STARROCKS_CONFIG=str(elsewhere))
    # The environment wins over .env.
    assert found.stdout.split() == ["sql.example", "FromFile", str(elsewhere.parent / "none.json")]
    assert "mssql-starrocks discover" in found.stderr
