"""The report at the end of a schema's job, and what Dagster recorded of the loads in it."""

import json

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.measures import recorded
from mssql_starrocks_tests.report.conftest import EVIL
from mssql_starrocks_tests.report.pages import Page

SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
WANTED = {"include": ("dbo.fine", "dbo.lossy"), "lake_prefix": "asset_", "targets": {"dbo": "asset_dbo"}}


@pytest.fixture
def environment(copied, monkeypatch):
    for name, value in copied.platform.box.environment().items():
        monkeypatch.setenv(name, value)


def definitions(copied, **config):
    return build_definitions(copied.manifest, Config(**WANTED, **config))


def keys(defs, job="copy_dbo"):
    return {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}


def test_it_belongs_to_the_jobs_of_its_schema_and_waits_for_every_table(copied):
    defs = definitions(copied, report="somewhere")
    assert "report/dbo" in keys(defs)
    assert "report/dbo" in keys(defs, "copy_everything")
    spec = next(s for s in defs.resolve_all_asset_specs() if s.key.path == ["report", "dbo"])
    assert {d.asset_key.to_user_string() for d in spec.deps} == {
        "starrocks_table/dbo/fine",
        "starrocks_table/dbo/lossy",
    }


@pytest.mark.parametrize("place", [pytest.param("folder", marks=pytest.mark.long), "s3"])
def test_a_schema_is_copied_and_reported(copied, environment, tmp_path, place):
    bucket = copied.platform.settings.lake.bucket
    folder = f"s3://{bucket}/reports" if place == "s3" else str(tmp_path / "reports")
    defs = definitions(copied, report=folder)
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_job_def("copy_dbo").execute_in_process(instance=instance, run_config=SILENT)
        told = done.asset_materializations_for_node("report__dbo")[0].metadata
        chain = copied.chain("fine")
        load_id = done.asset_materializations_for_node("mssql_snapshot__dbo__fine")[0].metadata["load_id"].value
        (snapshot, publish, load) = recorded(instance)(chain, load_id)
        assert recorded(instance)(chain, "another load") == ()
    assert (told["certified"].value, told["tables"].value, told["dagster/row_count"].value) == (True, 2, 6)
    assert (snapshot.rows, publish.rows, load.rows) == (3, 3, 3)
    assert snapshot.seconds > 0
    assert snapshot.bytes > 0
    page, document = read(copied, f"{folder}/dbo.html"), json.loads(read(copied, f"{folder}/dbo.json"))
    assert document["signature"] == told["signature"].value
    assert document["facts"][0]["stages"][0]["seconds"] == snapshot.seconds
    assert "Seconds of each stage" in Page(page).text
    assert EVIL not in page


def read(copied, location):
    from pyarrow.fs import LocalFileSystem

    from mssql_starrocks.lake.catalog import open_catalog

    store = LocalFileSystem()
    if "://" in location:
        table = open_catalog(copied.platform.settings.lake).load_table(copied.chain("fine").names.lake)
        store, location = table.io.fs_by_scheme("s3", location.split("/")[2]), location.removeprefix("s3://")
    with store.open_input_stream(location) as stream:
        return stream.read().decode()
