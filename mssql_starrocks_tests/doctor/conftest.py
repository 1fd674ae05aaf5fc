"""A deployment in which everything is as it should be."""

import itertools
from pathlib import Path

import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.doctor import Patient, systems
from mssql_starrocks.doctor.finding import State, examine
from mssql_starrocks.source.discover import discover
from mssql_starrocks.warehouse.external import catalog_properties, create_catalog
from mssql_starrocks_tests.platform import Platform

_number = itertools.count()
LIMITS = Path(__file__).parents[2] / "dagster.yaml"


def healthy(box, **config) -> Patient:
    """Two tables in a schema of its own, the external catalog made."""
    schema = f"doctor{next(_number)}"
    box.sqlserver.execute(f"CREATE SCHEMA {schema}")
    for name in ("notes", "days"):
        box.sqlserver.execute(f"CREATE TABLE {schema}.{name} (id int NOT NULL PRIMARY KEY, v nvarchar(20))")
    settings = Platform(box).settings
    if ("mssr_lake",) not in [row[:1] for row in box.starrocks.execute("SHOW CATALOGS")]:
        box.starrocks.execute(create_catalog("mssr_lake", catalog_properties(settings.lake)))
    options = Config(include=(f"{schema}.*",), **config)
    chains, refused = plan_chains(discover(settings.mssql), options)
    assert not refused
    return Patient(settings, options, Path("mssql_starrocks.yaml"), chains)


def found(patient):
    return list(examine(systems(patient)))


def problems(patient):
    """What is not ok, as (what, state)."""
    return [(one.what, one.state.value) for one in found(patient) if one.state is not State.OK]


@pytest.fixture(scope="module")
def box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def patient(box):
    return healthy(box)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Dagster's, with its limits."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text(LIMITS.read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
