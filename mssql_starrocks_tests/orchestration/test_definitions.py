"""What a person sees before the first run."""

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.refused import NO_MANIFEST
from mssql_starrocks.orchestration.translator import ChainTranslator, Stage
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.tables import things

ORDERS = [[stage, "sales", "orders"] for stage in ("mssql_snapshot", "iceberg_table", "starrocks_table")]


def graph(defs):
    return defs.resolve_asset_graph()


def spec(defs, *key):
    return graph(defs).get(dg.AssetKey(key)).to_asset_spec()


def test_every_table_is_a_chain_of_three(defs):
    dg.Definitions.validate_loadable(defs)
    names = {key.path[1:][0] + "/" + key.path[2] for key in graph(defs).executable_asset_keys}
    assert {"sales/orders", "sales/order_details", "hr_data/people"} <= names
    assert len(graph(defs).executable_asset_keys) == 4 * 3
    snapshot, lake, warehouse = (dg.AssetKey(k) for k in ORDERS)
    assert graph(defs).get(lake).parent_keys == {snapshot}
    assert graph(defs).get(warehouse).parent_keys == {lake}


def test_specs_show_where_and_what(defs):
    snapshot, lake, warehouse = (spec(defs, *key) for key in ORDERS)
    assert (snapshot.kinds, lake.kinds, warehouse.kinds) == ({"sqlserver"}, {"iceberg", "s3"}, {"starrocks"})
    assert snapshot.group_name == "sales"
    assert snapshot.tags["mssql/database"] == "My_Company"
    assert snapshot.tags["size_class"] == "small"
    assert snapshot.metadata["dagster/table_name"] == "My Company.sales.orders"
    assert warehouse.metadata["dagster/table_name"] == "sales.orders"
    assert "CREATE TABLE [sales].[orders]" in snapshot.description
    assert "All orders" in snapshot.description
    assert "PRIMARY KEY (`id`)" in warehouse.description


def test_columns_are_known_in_all_three_systems(defs):
    def types(key):
        return {c.name: c.type for c in spec(defs, *key).metadata["dagster/column_schema"].columns}

    assert types(ORDERS[0]) == {"id": "int", "name": "nvarchar(20)", "price": "decimal(9,2)"}
    assert types(ORDERS[1])["price"] == "decimal(9,2)"
    assert types(ORDERS[2])["name"] == "VARCHAR(60)"
    assert types(ORDERS[2])["migrated_at"] == "DATETIME"


def test_declared_losses_and_companions_are_described(defs):
    description = spec(defs, "mssql_snapshot", "sales", "order_details").description
    assert "| at | at |" in description


def test_owners_and_tags_of_the_configuration(manifest):
    options = {"sales.orders": {"owners": ("team:sales",), "tags": {"tier": "gold"}}}
    found = spec(build_definitions(manifest, Config.parse({"tables": options}, "test")), *ORDERS[0])
    assert (list(found.owners), found.tags["tier"]) == (["team:sales"], "gold")


def test_code_version_follows_the_mapping(manifest, defs):
    other = build_definitions(
        manifest, Config.parse({"tables": {"sales.orders": {"exclude_columns": ["price"]}}}, "test")
    )
    assert spec(defs, *ORDERS[1]).code_version != spec(other, *ORDERS[1]).code_version
    again = build_definitions(manifest, Config())
    assert spec(defs, *ORDERS[1]).code_version == spec(again, *ORDERS[1]).code_version


def test_pools_protect_source_target_and_each_lake_table(defs):
    pools = {tuple(d.key.path): d.op.pool for d in defs.assets if isinstance(d, dg.AssetsDefinition)}
    assert [pools[tuple(key)] for key in ORDERS] == ["mssql", "lake_sales__orders", "starrocks"]


def test_all_checks_are_blocking(defs):
    checks = [graph(defs).get_check_spec(key) for key in graph(defs).asset_check_keys]
    assert len(checks) == 4 * 6
    assert all(check.blocking for check in checks)
    assert {check.name for check in checks} == {"row_count", "schema", "values"}


def test_jobs_per_schema_everything_and_validate(defs):
    copies = {"copy_sales", "copy_dbo", "copy_hr_data", "copy_everything"}
    assert {job.name for job in defs.jobs} == {*copies, "validate", "rollback", "clean"}
    assert len(defs.resolve_job_def("copy_sales").asset_layer.executable_asset_keys) == 2 * 3
    validate = defs.resolve_job_def("validate").asset_layer
    assert len(validate.asset_graph.asset_check_keys) == 4 * 6


def test_cleaning_is_scheduled_and_waits_to_be_switched_on(defs):
    (schedule,) = defs.schedules
    assert (schedule.job_name, schedule.default_status) == ("clean", dg.DefaultScheduleStatus.STOPPED)


def test_a_schema_called_everything_keeps_its_job():
    manifest = make_manifest(things(schema="everything"))
    names = [job.name for job in build_definitions(manifest, Config()).jobs]
    assert {"copy_everything", "copy_schema_everything"} <= set(names)


def test_refused_table_is_visible_and_hides_no_other(defs, caplog):
    shown = spec(defs, "refused", "sales", "refused_one")
    assert "type cursor cannot be copied" in shown.description
    assert shown.group_name == "refused"
    assert dg.AssetKey(["refused", "sales", "refused_one"]) not in graph(defs).executable_asset_keys
    assert defs.metadata["refused_tables"].value.records[0].data["what"] == "sales.refused_one"


def test_refused_table_whose_ddl_cannot_be_written():
    from mssql_starrocks_tests.tables import column, table

    bad = table(column("g", "float"), name="only_float", key=())
    config = Config.parse({"audit_columns": {"migrated_at": None, "source_schema": None, "load_id": None}}, "test")
    defs = build_definitions(make_manifest(bad), config)
    assert "audit column" in spec(defs, "refused", "sales", "only_float").description


@pytest.mark.parametrize("wrong", [{"owners": ["bob"]}, {"tags": {"a b": "c"}}])
def test_owner_or_tag_that_dagster_refuses_of_a_translator_shows_with_its_table(manifest, wrong):
    class Wrong(ChainTranslator):
        def get_asset_spec(self, props):
            found = super().get_asset_spec(props)
            return found.replace_attributes(**wrong) if props.chain.names.table == "orders" else found

    defs = build_definitions(manifest, Config(), translator=Wrong())
    assert "tables: sales.orders: " in spec(defs, "refused", "sales", "orders").description
    assert len(graph(defs).executable_asset_keys) == 3 * 3


def test_colliding_names_are_refused_by_name():
    defs = build_definitions(make_manifest(things(name="order-details")), Config())
    shown = [s for s in defs.resolve_all_asset_specs() if "order_details" in s.key.path[-1]]
    assert len(shown) == 2
    assert all("sales.Order Details and sales.order-details" in s.description for s in shown)
    assert len(graph(defs).executable_asset_keys) == 3 * 3


def test_without_a_manifest_the_location_says_what_to_run(caplog):
    defs = build_definitions(None, Config())
    dg.Definitions.validate_loadable(defs)
    assert not graph(defs).executable_asset_keys
    assert "mssql-starrocks discover" in spec(defs, "mssql_starrocks", "no_manifest").description
    assert NO_MANIFEST in caplog.text


@pytest.mark.parametrize("name", ["", "erp"])
def test_a_configuration_that_leaves_no_table_shows(manifest, caplog, tmp_path, name):
    defs = build_definitions(manifest, Config(include=("slaes.*",), name=name), manifest_file=tmp_path / "m.json")
    dg.Definitions.validate_loadable(defs)
    shown = spec(defs, "mssql_starrocks", "erp_no_table" if name else "no_table")
    assert shown.group_name == "setup"
    assert "include: and exclude: leave none of 5 tables of My Company" in shown.description
    assert shown.description in caplog.text
    assert defs.metadata["erp_mssql_starrocks" if name else "mssql_starrocks"].value == shown.description
    assert [sensor.name for sensor in defs.sensors] == ["erp_new_tables" if name else "new_tables"]


def test_patterns_that_match_nothing_are_told(manifest, caplog):
    config = Config(include=("sales.*", "slaes.*"), exclude=("*.tmp",), tables={"hr.no": {}}, targets={"gone": "x"})
    defs = build_definitions(manifest, config)
    lost = ["slaes.*", "*.tmp", "hr.no", "targets: gone"]
    assert defs.metadata["unmatched_patterns"].value == lost
    assert [f"{pattern} matches no table of My Company" in caplog.text for pattern in lost] == [True] * 4
    caplog.clear()
    assert "unmatched_patterns" not in build_definitions(manifest, Config(include=("sales.*",))).metadata
    assert "matches no table" not in caplog.text


def test_a_manifest_without_tables_loads():
    defs = build_definitions(make_manifest().with_tables(()), Config())
    dg.Definitions.validate_loadable(defs)


class OurTranslator(ChainTranslator):
    """Everything under one prefix, an own group."""

    def get_asset_spec(self, props):
        found = super().get_asset_spec(props)
        extra = ["nightly"] if props.stage is Stage.LAKE else []
        return found.replace_attributes(key=found.key.with_prefix("erp-2.x"), group_name="erp", deps=extra)


def test_translator_may_rename_the_whole_chain(manifest):
    defs = build_definitions(manifest, Config(), translator=OurTranslator())
    dg.Definitions.validate_loadable(defs)
    lake = dg.AssetKey(["erp-2.x", *ORDERS[1]])
    assert graph(defs).get(lake).parent_keys == {dg.AssetKey(["erp-2.x", *ORDERS[0]]), dg.AssetKey("nightly")}
    assert graph(defs).get(lake).group_name == "erp"
    assert len(defs.resolve_job_def("copy_sales").asset_layer.executable_asset_keys) == 2 * 3


def test_default_target_database_comes_from_the_environment(manifest, environment):
    environment.setenv("STARROCKS_DATABASE", "copies")
    defs = build_definitions(manifest, Config())
    assert spec(defs, *ORDERS[2]).metadata["dagster/table_name"] == "copies.orders"
