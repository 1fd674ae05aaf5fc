"""When the report's asset runs; what it writes is tested with servers in `report/`."""

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration import report_asset
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.translator import ChainTranslator
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


def report_of(manifest, translator=None, **config):
    defs = build_definitions(manifest, Config(report="reports", **config), translator=translator)
    return next(s for s in defs.resolve_all_asset_specs() if s.key.path[-2:] == ["report", "sales"])


class Translator(ChainTranslator):
    """What it is given, by table."""

    def __init__(self, **given):
        self.given = given

    def get_asset_spec(self, props):
        spec, given = super().get_asset_spec(props), self.given.get(props.chain.names.table, self.given)
        return spec.replace_attributes(
            key=spec.key.with_prefix(given.get("prefix", [])),
            group_name=given.get("group", spec.group_name),
            owners=given.get("owners", spec.owners),
        )


def test_it_follows_the_translator_where_its_tables_agree(manifest):
    spec = report_of(manifest, Translator(prefix=["erp", "eu"], group="finance", owners=["team:erp"]))
    assert (spec.key.path, spec.group_name, spec.owners) == (
        ["erp", "eu", "report", "sales"],
        "finance",
        ("team:erp",),
    )


def test_it_stays_as_it_is_where_they_differ(manifest):
    other = {"prefix": ["crm"], "group": "crm", "owners": ["team:crm"]}
    spec = report_of(manifest, Translator(prefix=["erp"], group="erp", owners=["team:erp"], order_details=other))
    assert (spec.key.path, spec.group_name, spec.owners) == (["report", "sales"], "sales", ())


def test_owners_of_the_configuration_are_those_of_tables(manifest):
    spec = report_of(manifest, tables={"sales.*": {"owners": ["team:a"]}})
    assert (spec.key.path, spec.group_name, spec.owners) == (["report", "sales"], "sales", ())


def test_a_named_copy_writes_files_of_its_own(manifest, fakes, monkeypatch):
    written = []

    def write(made, place, *_):
        written.append(place)
        raise dg.Failure("no servers here")

    monkeypatch.setattr(report_asset, "gather", lambda *_: None)
    monkeypatch.setattr(report_asset, "write", write)
    for name in ("", "erp"):
        defs = build_definitions(manifest, Config(report="reports/", name=name))
        with dg.DagsterInstance.ephemeral() as instance:
            job = defs.resolve_job_def("erp_copy_sales" if name else "copy_sales")
            job.execute_in_process(instance=instance, raise_on_error=False, run_config=SILENT)
    assert written == ["reports/sales.html", "reports/erp_sales.html"]


def test_it_is_off_by_default(manifest):
    keys = {spec.key.path[0] for spec in build_definitions(manifest, Config()).resolve_all_asset_specs()}
    assert "report" not in keys
