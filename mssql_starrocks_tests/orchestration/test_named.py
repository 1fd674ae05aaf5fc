"""Several copies in one code location; without a name everything is called as ever."""

import asyncio
from contextlib import contextmanager

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from mssql_starrocks import stages
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, SourceError
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.component import Attributes, SqlServerToStarRocks
from mssql_starrocks.orchestration.resources import MssqlResource
from mssql_starrocks.orchestration.translator import ChainTranslator
from mssql_starrocks.source import discover as discovery
from mssql_starrocks_tests.orchestration.component_for_tests import OtherCopy
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.orchestration.test_alerts import died_event, tick
from mssql_starrocks_tests.orchestration.test_runs import SILENT

try:
    from dagster._utils.test.definitions import scoped_definitions_load_context
except ImportError:  # private, and moved before
    from dagster._core.definitions.definitions_load_context import scoped_definitions_load_context

COPIES = ["copy_dbo", "copy_everything", "copy_hr_data", "copy_sales"]
SCHEDULED = {"schedule": "0 2 * * *", "report": "reports"}
REFUSED = "sales.refused_one"


class Prefixed(ChainTranslator):
    """All keys of a copy under one word."""

    def __init__(self, word):
        self.word = word

    def get_asset_spec(self, props):
        found = super().get_asset_spec(props)
        return found.replace_attributes(key=found.key.with_prefix(self.word))


def copy_of(name="", manifest_file=None, told=None, **config):
    """A copy as somebody builds it in Python; its server is called as the copy."""
    return build_definitions(
        make_manifest(),
        Config(name=name, **SCHEDULED, **config),
        translator=Prefixed(name) if name else None,
        resources={"mssql": MssqlResource(host=f"{name}.server")} if name else None,
        manifest_file=manifest_file,
        receiver=(told if told is not None else []).append,
    )


def names(defs):
    """All that a location knows by name, but for assets."""
    ops = [node.name for job in ("rollback", "clean") for node in resolved(defs, job).nodes]
    return {
        "jobs": sorted(job.name for job in defs.jobs),
        "schedules": sorted(schedule.name for schedule in defs.schedules),
        "sensors": sorted(sensor.name for sensor in defs.sensors),
        "resources": sorted(defs.resources),
        "ops": sorted(ops),
    }


def resolved(defs, job):
    return next(defs.resolve_job_def(found.name) for found in defs.jobs if found.name.endswith(job))


def keys(defs):
    return {key.to_user_string() for key in defs.resolve_all_asset_keys()}


def test_without_a_name_nothing_is_called_otherwise(tmp_path):
    defs = copy_of(manifest_file=tmp_path / "manifest.json")
    assert names(defs) == {
        "jobs": ["clean", *COPIES, "rollback", "validate"],
        "schedules": ["clean_schedule", "refresh"],
        "sensors": ["alerts", "new_tables"],
        "resources": ["lake", "mssql", "spark", "starrocks"],
        "ops": ["remove_leftovers", "take_back"],
    }
    assert {"refused/sales/refused_one", "report/sales", "mssql_snapshot/sales/orders"} <= keys(defs)
    assert list(defs.metadata) == ["refused_tables"]


def test_a_name_comes_before_all_of_them(tmp_path):
    defs = copy_of("erp", manifest_file=tmp_path / "manifest.json")
    plain = names(copy_of(manifest_file=tmp_path / "manifest.json"))
    assert names(defs) == {what: [f"erp_{one}" for one in known] for what, known in plain.items()}
    assert defs.resolve_schedule_def("erp_refresh").job_name == "erp_copy_everything"
    assert list(defs.metadata) == ["erp_refused_tables"]


def test_asset_keys_have_no_name():
    found = build_definitions(make_manifest(), Config(name="erp", **SCHEDULED))
    assert {"report/sales", "mssql_snapshot/sales/orders"} <= keys(found)


def test_what_else_was_given_keeps_its_key():
    defs = build_definitions(make_manifest(), Config(name="erp"), resources={"bell": object()})
    assert sorted(defs.resources) == ["bell", "erp_lake", "erp_mssql", "erp_spark", "erp_starrocks"]


def test_two_copies_of_the_same_tables_and_one_without_a_name_fit(tmp_path):
    file = tmp_path / "manifest.json"
    merged = dg.Definitions.merge(*(copy_of(name, manifest_file=file) for name in ("", "erp", "crm")))
    dg.Definitions.validate_loadable(merged)
    assert {"report/sales", "erp/report/sales", "crm/report/sales"} <= keys(merged)
    assert {"refused/sales/refused_one", "refused/erp/sales/refused_one"} <= keys(merged)
    assert set(merged.metadata) == {"refused_tables", "erp_refused_tables", "crm_refused_tables"}


def test_two_copies_without_a_manifest_fit(caplog):
    merged = dg.Definitions.merge(*(build_definitions(None, Config(name=name)) for name in ("erp", "crm")))
    dg.Definitions.validate_loadable(merged)
    assert keys(merged) == {"mssql_starrocks/erp_no_manifest", "mssql_starrocks/crm_no_manifest"}


def test_each_chain_reads_its_own_server_also_in_one_run(fakes, monkeypatch):
    merged = dg.Definitions.merge(copy_of("erp"), copy_of("crm"))
    hosts = []

    def snapshot(chain, mssql, *rest):
        hosts.append(mssql.host)
        return fakes.snapshot(chain, mssql, *rest)

    monkeypatch.setattr(stages, "snapshot", snapshot)
    wanted = [dg.AssetKey([name, "mssql_snapshot", "sales", "orders"]) for name in ("erp", "crm")]
    with dg.DagsterInstance.ephemeral() as instance:
        job = merged.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance, asset_selection=wanted, run_config=SILENT).success
        assert merged.resolve_job_def("crm_clean").execute_in_process(instance=instance, run_config=SILENT).success
    assert sorted(hosts) == ["crm.server", "erp.server"]


@pytest.mark.parametrize("name", ["erp-2", "2erp", "_erp", "e r p", "ärp"])
def test_a_name_that_cannot_begin_others_is_refused(name):
    with pytest.raises(ConfigError, match=r"name: .*write letters, digits and _, a letter first"):
        Config.parse({"name": name}, "ours.yaml")
    with pytest.raises(ValueError, match="letters, digits and _"):
        Attributes(name=name)
    assert Attributes(name="{{ env.NAME }}").name == "{{ env.NAME }}"


# --- who alerts


def test_a_run_of_one_copy_is_told_by_that_copy_alone(location, fakes):
    fakes.failing = {"snapshot.values"}
    location.run("erp_copy_sales")
    assert location.heard() == {"erp": {"sales.orders", "sales.Order Details"}, "crm": set()}


def test_a_run_of_ones_own_job_is_told_whatever_failed(location, fakes):
    fakes.errors["clean"] = [SourceError("no ledger")] * 4
    location.run("crm_clean")
    assert location.heard() == {"erp": set(), "crm": {""}}


def test_a_materialisation_is_told_by_whose_tables_failed(location, fakes):
    fakes.failing = {"snapshot.values"}
    location.run("__ASSET_JOB", selection=[dg.AssetKey(["crm", "mssql_snapshot", "sales", "orders"])])
    assert location.heard() == {"erp": set(), "crm": {"sales.orders"}}


def test_of_a_run_over_both_each_tells_its_own(location, fakes):
    fakes.failing = {"snapshot.values"}
    chosen = [("erp", "orders"), ("crm", "order_details")]
    location.run("__ASSET_JOB", selection=[dg.AssetKey([n, "mssql_snapshot", "sales", t]) for n, t in chosen])
    assert location.heard() == {"erp": {"sales.orders"}, "crm": {"sales.Order Details"}}


def test_a_run_that_died_is_told_by_whose_assets_it_was_about(location):
    key = dg.AssetKey(["crm", "starrocks_table", "sales", "orders"])
    location.died("__ASSET_JOB", asset_selection=frozenset({key}))
    assert location.heard() == {"erp": set(), "crm": {""}}


def test_a_job_of_somebody_elses_over_our_assets_that_died_is_told(location):
    location.died("nightly")
    assert location.heard() == {"erp": {""}, "crm": set()}


def test_a_job_that_is_nobodys_is_told_by_nobody(location):
    location.died("unknown")
    assert location.heard() == {"erp": set(), "crm": set()}


class Location:
    """Two copies and a job of somebody else's over the tables of one; `told` is what each copy's receiver heard."""

    def __init__(self, instance):
        self.instance = instance
        self.told = {"erp": [], "crm": []}
        copies = [copy_of(name, told=told) for name, told in self.told.items()]
        nightly = dg.define_asset_job("nightly", selection=dg.AssetSelection.key_prefixes(["erp", "iceberg_table"]))
        self.defs = dg.Definitions.merge(*copies, dg.Definitions(jobs=[nightly]))

    def run(self, job, selection=None):
        result = self.defs.get_repository_def().get_job(job).execute_in_process(
            instance=self.instance, raise_on_error=False, run_config=SILENT, asset_selection=selection
        )  # fmt: skip
        assert not result.success
        self.tick(result.get_run_failure_event(), result.dagster_run)

    def died(self, job, **about):
        self.tick(died_event(job), dg.DagsterRun(job, **about))

    def tick(self, event, run):
        for name in self.told:
            tick(self.defs, self.instance, event, run, f"{name}_alerts")

    def heard(self):
        """The tables that each was told of; empty texts are runs that failed outside of any table."""
        return {name: {f.table for alert in alerts for f in alert.failures} for name, alerts in self.told.items()}


@pytest.fixture
def location():
    with dg.DagsterInstance.ephemeral() as instance:
        yield Location(instance)


# --- components


@contextmanager
def project(**components):
    """Components by their folder in one project, each refreshed; gives its definitions."""
    with create_defs_folder_sandbox() as box:
        for folder, (cls, attributes) in components.items():
            path = box.scaffold_component(
                component_cls=cls,
                defs_path=folder,
                defs_yaml_contents={"type": f"{cls.__module__}.{cls.__name__}", "attributes": attributes},
            )
            with scoped_definitions_load_context(), box.load_component_and_build_defs(path) as (component, _):
                asyncio.run(component.refresh_state(box.project_root))
        with scoped_definitions_load_context(), box.build_all_defs() as defs:
            yield defs


def test_components_of_one_project_have_connections_of_their_own(monkeypatch):
    asked = []
    monkeypatch.setattr(discovery, "discover", lambda mssql: asked.append(mssql.host) or make_manifest())
    erp = (SqlServerToStarRocks, {"name": "erp", "state_key": "erp", **SCHEDULED})
    crm = (OtherCopy, {"name": "crm", "state_key": "crm", **SCHEDULED})
    with project(erp=erp, crm=crm) as defs:
        dg.Definitions.validate_loadable(defs)
        assert {"erp_copy_sales", "crm_copy_sales", "erp_rollback", "crm_rollback"} <= {job.name for job in defs.jobs}
        hosts = [defs.resources[f"{name}_mssql"].settings().host for name in ("erp", "crm")]
        assert hosts == asked == ["sql.example", "other.server"]
