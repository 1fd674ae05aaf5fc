"""What the pages of a chain's assets lead to: places outside of Dagster, and the columns they come from."""

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.places import glue_url
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.orchestration.test_runs import SILENT

DETAILS = [
    dg.AssetKey([stage, "sales", "order_details"]) for stage in ("mssql_snapshot", "iceberg_table", "starrocks_table")
]


def metadata(stage: int):
    graph = build_definitions(make_manifest(), Config()).resolve_asset_graph()
    return graph.get(DETAILS[stage]).metadata


def test_the_lakes_page_leads_to_glue_and_to_the_prefix(environment):
    environment.setenv("AWS_REGION", "eu-central-1")
    found = metadata(1)
    assert found["dagster/uri"] == "s3://bucket/warehouse/sales/order_details"
    assert found["glue/table"].value == (
        "https://eu-central-1.console.aws.amazon.com/glue/home?region=eu-central-1"
        "#/v2/data-catalog/tables/view/order_details?database=sales"
    )


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_other_clouds_of_aws_have_other_consoles(region, host):
    assert glue_url(region, "d", "t").startswith(f"https://{host}/glue/home?region={region}#")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_ENDPOINT_URL", "http://127.0.0.1:5000"), ("ICEBERG_CATALOG_TYPE", "rest")]
)
def test_what_is_not_aws_glue_has_no_page_there(environment, name, value):
    environment.setenv(name, value)
    found = metadata(1)
    assert "glue/table" not in found
    assert found["dagster/uri"].startswith("s3://bucket/")


def test_the_warehouses_page_leads_to_the_front_end(environment):
    environment.setenv("STARROCKS_HTTPS", "yes")
    found = metadata(2)
    assert found["dagster/uri"] == "starrocks://sr.example:9030/sales/order_details"
    assert found["starrocks/front_end"].value == "https://sr.example:8030/system?path=//dbs"


def test_settings_that_are_incomplete_cost_the_links_and_nothing_else(environment):
    environment.delenv("STARROCKS_USER")
    environment.setenv("ICEBERG_CATALOG_TYPE", "hive")
    assert "dagster/uri" not in metadata(1)
    assert "dagster/uri" not in metadata(2)


def test_tags_and_sizes_for_large_schemas(environment):
    graph = build_definitions(make_manifest(), Config()).resolve_asset_graph()
    tags = graph.get(DETAILS[0]).tags
    assert {k: v for k, v in tags.items() if not k.startswith("dagster/")} == {
        "mssql/database": "My_Company",
        "mssql/schema": "sales",
        "mssql/table": "sales.Order_Details",
        "size_class": "small",
    }
    assert "mssql/estimated_bytes" in metadata(0)


def test_the_ledger_says_how_many_columns_arrive_exactly():
    graph = build_definitions(make_manifest(), Config()).resolve_asset_graph()
    assert "2 of 3 columns arrive exactly." in graph.get(DETAILS[0]).description


def test_column_lineage_from_source_to_starrocks(defs, fakes):
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=instance, asset_selection=DETAILS, run_config=SILENT)
    made = {e.asset_key: e.materialization.metadata for e in result.get_asset_materialization_events()}
    lake = made[DETAILS[1]]["dagster/column_lineage"].lineage.deps_by_column
    warehouse = made[DETAILS[2]]["dagster/column_lineage"].lineage.deps_by_column
    assert lake["line_no"] == [dg.TableColumnDep(DETAILS[0], "Line No")]
    assert lake["at__offset_min"] == [dg.TableColumnDep(DETAILS[0], "at")]
    assert warehouse["line_no"] == [dg.TableColumnDep(DETAILS[1], "line_no")]
    schema = defs.resolve_asset_graph().get(DETAILS[2]).metadata["dagster/column_schema"]
    assert set(warehouse) == {column.name for column in schema.columns}
