from pathlib import Path

import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.model import Manifest
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.settings import NAMES
from mssql_starrocks_tests.orchestration.fake_stages import FakeStages
from mssql_starrocks_tests.tables import column, table, things

REQUIRED = {
    "MSSQL_HOST": "sql.example",
    "MSSQL_USER": "reader",
    "MSSQL_PASSWORD": "canary-source",
    "MSSQL_DATABASE": "Company",
    "AWS_SECRET_ACCESS_KEY": "canary-lake",
    "S3_BUCKET": "bucket",
    "STARROCKS_HOST": "sr.example",
    "STARROCKS_USER": "root",
    "STARROCKS_PASSWORD": "canary-warehouse",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Exactly the required settings, whatever the shell has."""
    for name in (*NAMES, "MSSQL_STARROCKS_CONFIG", "ALERT_WEBHOOK_URL", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def make_manifest(*more) -> Manifest:
    tables = (
        things(name="orders", rows=7, bytes=8192, description="All orders"),
        table(
            column("OrderID", "int", nullable=False),
            column("Line No", "int", nullable=False),
            column("at", "datetimeoffset", scale=7, description="when it was packed"),
            name="Order Details",
            key=("OrderID", "Line No"),
        ),
        table(column("id", "int", nullable=False), schema="dbo", name="表 $1"),
        table(column("code", "char", max_length=4, nullable=False), schema="HR-Data", name="people", key=("code",)),
        table(column("id", "int", nullable=False), column("shape", "cursor"), name="refused_one"),
    )
    return Manifest("My Company", "16.0", 3, True, True, "2026-01-01T00:00:00+00:00", tables + more)


@pytest.fixture
def manifest() -> Manifest:
    return make_manifest()


@pytest.fixture
def defs(manifest):
    return build_definitions(manifest, Config())


@pytest.fixture
def fakes(monkeypatch) -> FakeStages:
    return FakeStages().install(monkeypatch.setattr)


@pytest.fixture
def project(tmp_path: Path, manifest) -> Path:
    """A working folder as a user has it after discovery."""
    save_manifest(manifest, tmp_path / "manifest.json")
    (tmp_path / "mssql_starrocks.yaml").write_text("exclude: ['hr-data.*']\n")
    return tmp_path
