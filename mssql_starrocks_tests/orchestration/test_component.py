"""The component in a project that knows nothing of ours."""

import asyncio
from contextlib import contextmanager

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.component import Attributes, SqlServerToStarRocks
from mssql_starrocks.source import discover as discovery
from mssql_starrocks_tests.orchestration.component_for_tests import OurCopy
from mssql_starrocks_tests.orchestration.conftest import make_manifest

try:
    from dagster._utils.test.definitions import scoped_definitions_load_context
except ImportError:  # private, and moved before
    from dagster._core.definitions.definitions_load_context import scoped_definitions_load_context


@contextmanager
def project(attributes, cls=SqlServerToStarRocks, refresh=True):
    """A project whose only definition is the component; refreshed as `dg utils refresh-defs-state` does."""
    contents = {"type": f"{cls.__module__}.{cls.__name__}", "attributes": attributes}
    with create_defs_folder_sandbox() as box:
        path = box.scaffold_component(component_cls=cls, defs_yaml_contents=contents)
        if refresh:
            with scoped_definitions_load_context(), box.load_component_and_build_defs(path) as (component, _):
                asyncio.run(component.refresh_state(box.project_root))
        with scoped_definitions_load_context(), box.load_component_and_build_defs(path) as (component, defs):
            yield component, defs


@pytest.fixture(autouse=True)
def hosts(monkeypatch):
    """Discovery without a server; yields the hosts that were asked."""
    asked = []

    def discover(mssql):
        asked.append(mssql.host)
        return make_manifest()

    monkeypatch.setattr(discovery, "discover", discover)
    return asked


def assets(defs):
    return defs.resolve_asset_graph().executable_asset_keys


def test_attributes_are_the_fields_of_the_configuration():
    assert set(Attributes.model_fields) == {*Config.model_fields, "state_key"}


def test_before_the_first_refresh_it_loads_and_says_what_to_do(hosts):
    with project({}, refresh=False) as (_, defs):
        assert not assets(defs)
        assert not hosts


def test_state_becomes_assets_checks_jobs_and_the_sensor():
    attributes = {"include": ["sales.*"], "engine": "arrow", "tables": {"sales.orders": {"owners": ["team:sales"]}}}
    with project(attributes) as (component, defs):
        assert component.config == Config.parse(attributes, "test")
        assert len(assets(defs)) == 2 * 3
        assert {job.name for job in defs.jobs} == {"copy_sales", "copy_everything", "validate", "clean", "rollback"}
        assert [sensor.name for sensor in defs.sensors] == ["new_tables"]
        dg.Definitions.validate_loadable(defs)


def test_loading_asks_no_server(hosts, monkeypatch):
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    with project({}):
        assert hosts == ["sql.example"]  # by the refresh alone


def test_templates_in_attributes(environment):
    environment.setenv("OUR_SCHEMA", "hr-data")
    with project({"include": ["{{ env.OUR_SCHEMA }}.*"]}) as (_, defs):
        assert {key.path[1] for key in assets(defs)} == {"hr_data"}


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"includes": ["a"]}, "includes"), ({"chunk_mb": "many"}, "chunk_mb"), ({"engine": "hadoop"}, "engine")],
)
def test_wrong_attributes_are_named(attributes, message):
    with pytest.raises(Exception, match=r"defs\.yaml") as caught, project(attributes, refresh=False):
        pass
    assert message in str(caught.value.__cause__)


def test_subclass_overrides_specs_execution_and_resources(hosts, fakes):
    with project({"include": ["sales.orders"]}, OurCopy) as (component, defs):
        assert isinstance(component, OurCopy)
        assert hosts == ["their.server"]
        keys = assets(defs)
        assert {defs.resolve_asset_graph().get(key).group_name for key in keys} == {"erp"}
        with dg.DagsterInstance.ephemeral() as instance:
            result = defs.resolve_job_def("copy_sales").execute_in_process(instance=instance)
            log = "".join(record.user_message for record in instance.all_logs(result.run_id))
        assert fakes.settings["mssql"].host == "their.server"
        assert "ours: warehouse" in log


def test_made_in_python():
    component = SqlServerToStarRocks(Config(include=("dbo.*",)), state_key="erp")
    assert component.defs_state_config.key == "erp"
    assert not component.defs_state_config.refresh_if_dev


def test_foreign_resource_is_refused(tmp_path, monkeypatch):
    component = SqlServerToStarRocks(Config())
    monkeypatch.setattr(component, "resources", lambda: {"mssql": object()})
    with pytest.raises(ConfigError, match="MssqlResource"):
        component.write_state_to_path(tmp_path / "state")
