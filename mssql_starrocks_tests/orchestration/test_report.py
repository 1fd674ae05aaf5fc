"""When the report's asset runs; what it writes is tested with servers in `report/`."""

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration import report_asset
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks_tests.orchestration.test_runs import SILENT


@pytest.fixture
def gathered(monkeypatch):
    """Schemas that were asked for; the reports themselves need servers."""
    asked = []

    def gather(wanted, *_):
        asked.append(wanted)
        raise dg.Failure("no servers here")

    monkeypatch.setattr(report_asset, "gather", gather)
    return asked


def run(manifest, **config):
    defs = build_definitions(manifest, Config(report="reports", **config))
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def("copy_sales")
        return job.execute_in_process(instance=instance, raise_on_error=False, run_config=SILENT)


def test_it_runs_after_the_tables_of_its_schema_and_names_the_refused_ones(manifest, fakes, gathered):
    run(manifest)
    (asked,) = gathered
    assert fakes.calls[-1].startswith("prove_warehouse")
    assert {str(chain.table.id) for chain in asked.chains} == {"sales.orders", "sales.Order Details"}
    assert [str(refused.table) for refused in asked.refused] == ["sales.refused_one"]


def test_a_table_that_fails_keeps_it_from_running(manifest, fakes, gathered):
    fakes.failing = {"snapshot.values"}
    assert not run(manifest).success
    assert gathered == []


def test_it_is_off_by_default(manifest):
    keys = {spec.key.path[0] for spec in build_definitions(manifest, Config()).resolve_all_asset_specs()}
    assert "report" not in keys
