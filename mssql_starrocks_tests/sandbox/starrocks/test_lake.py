from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.conftest import Client
from mssql_starrocks_tests.sandbox.starrocks.lake import Lake, append, create

TARGET = (
    "CREATE TABLE t (id bigint NOT NULL, s varchar(10), d decimal(10, 2), ts datetime, b varbinary(9)) PRIMARY KEY (id)"
)


@pytest.fixture
def ice(client: Client, lake: Lake) -> Client:
    for cache in (False, True):
        client.rows(f"DROP CATALOG IF EXISTS ice_{cache}")
        client.rows(lake.create_catalog_sql(f"ice_{cache}", cache))
    return client


def test_insert_select_of_a_pinned_snapshot(ice: Client, lake: Lake) -> None:
    ice.rows(TARGET)
    ice.rows("SET time_zone = 'UTC'")
    select = (
        "SELECT CAST(`id` AS BIGINT), `s`, CAST(`d` AS DECIMAL(10,2)), `ts`, `b` FROM `ice_False`.`truth_lake`.`orders`"
    )
    for name, rows in (("snap1", 2), ("snap2", 3)):
        number = lake.snapshots[name]
        ice.rows(
            f"INSERT INTO db.`t` WITH LABEL load_{name} (`id`, `s`, `d`, `ts`, `b`) {select} FOR VERSION AS OF {number}"
        )
        assert ice.affected == rows
        assert ice.value("SELECT count(*) FROM t") == rows
    assert ice.rows("SELECT s, CAST(d AS VARCHAR), CAST(ts AS VARCHAR), hex(b) FROM t WHERE id = 1") == [
        ("a", "1.50", "2020-01-01 12:00:00", "61")
    ]


def test_references_and_missing_snapshots(ice: Client, lake: Lake) -> None:
    orders = "SELECT count(*) FROM ice_False.truth_lake.orders FOR VERSION AS OF"
    assert [ice.value(f"{orders} {what}") for what in ("'certified'", '"wip"', lake.snapshots["snap2"])] == [2, 2, 3]
    for what, phrase in (
        ("'nosuch'", "Cannot find snapshot with reference name: nosuch"),
        (f"'{lake.snapshots['snap1']}'", "Cannot find snapshot with reference name"),
        ("1234567890123456", "Iceberg snapshot ID does not exists: 1234567890123456"),
        ("42", "Unsupported type for table version: 42"),
    ):
        assert phrase in ice.refused(f"{orders} {what}")[1]


def test_time_travel_by_time(ice: Client) -> None:
    orders = "SELECT count(*) FROM ice_False.truth_lake.orders"
    travels = ("FOR TIMESTAMP AS OF '2999-01-01 00:00:00'", "TIMESTAMP AS OF now()", "AS o")
    assert [ice.value(f"{orders} {travel}") for travel in travels] == [3, 3, 3]
    early = ice.refused(f"{orders} FOR SYSTEM_TIME AS OF '1999-01-01 00:00:00'")[1]
    assert early == "Invalid temporal version [1999-01-01 00:00:00]"
    assert "not supported by the sandbox" in ice.refused(f"{orders} FOR TIMESTAMP AS OF '2999-01-01'")[1]


def test_time_travel_uses_the_current_schema(ice: Client, lake: Lake) -> None:
    """facts/starrocks_judged.md A2."""
    old = f"FROM ice_False.truth_lake.evolved FOR VERSION AS OF {lake.snapshots['esnap1']}"
    assert ice.rows(f"SELECT * {old}") == [(1, "x", None)]
    assert "'gone' cannot be resolved" in ice.refused(f"SELECT gone {old}")[1]


def test_timestamptz_follows_the_session_zone(ice: Client) -> None:
    texts = []
    for zone in ("UTC", "+05:30", "America/New_York"):
        ice.rows(f"SET time_zone = '{zone}'")
        texts.append(ice.value("SELECT CAST(tz AS VARCHAR) FROM ice_False.truth_lake.orders WHERE id = 1"))
    assert texts == ["2020-01-01 12:00:00", "2020-01-01 17:30:00", "2020-01-01 07:00:00"]


def test_unreadable_columns(ice: Client) -> None:
    odd = "FROM ice_False.truth_lake.odd"
    assert ice.rows(f"SELECT id, hex(u) {odd}") == [(1, "0" * 31 + "1")]
    for what in ("*", "fx"):
        assert "Datatype of external table column [fx] is not supported" in ice.refused(f"SELECT {what} {odd}")[1]
    assert ice.value(f"SELECT count(*) {odd}") == 1


def test_cached_metadata_is_stale_until_refresh(ice: Client, lake: Lake) -> None:
    name = "growing"
    table = create(lake, name, NestedField(1, "id", LongType()))
    try:
        append(table, [{"id": 1}])
        counts = "SELECT count(*) FROM ice_{}.truth_lake.growing"
        assert [ice.value(counts.format(cache)) for cache in (True, False)] == [1, 1]
        second = append(table, [{"id": 2}])
        assert [ice.value(counts.format(cache)) for cache in (True, False)] == [1, 2]
        assert "snapshot ID does not exists" in ice.refused(f"{counts.format(True)} FOR VERSION AS OF {second}")[1]
        ice.rows("REFRESH EXTERNAL TABLE ice_True.truth_lake.growing")
        assert ice.value(counts.format(True)) == 2
    finally:
        lake.catalog.drop_table(f"truth_lake.{name}")


def sqlite_lake(folder: Path) -> tuple[SqlCatalog, str]:
    """A catalog on sqlite and the statement that gives it to StarRocks: the name is stored in the catalog's tables, so
    both sides must use the same (facts/starrocks_measured.md 4)."""
    database, warehouse = f"{folder}/cat.db", f"file://{folder}/wh"
    catalog = SqlCatalog("sqlite_lake", uri=f"sqlite:///{database}", warehouse=warehouse)
    catalog.create_namespace("ns")
    sql = (
        'CREATE EXTERNAL CATALOG sqlite_lake PROPERTIES ("type"="iceberg", "iceberg.catalog.type"="jdbc", '
        f'"iceberg.catalog.uri"="jdbc:sqlite:{database}", "iceberg.catalog.warehouse"="{warehouse}")'
    )
    return catalog, sql


def test_format_version_3_is_refused(client: Client, tmp_path: Path) -> None:
    """PyIceberg reads version 3 but cannot write it: the metadata file is edited."""
    catalog, sql = sqlite_lake(tmp_path)
    table = catalog.create_table("ns.newer", Schema(NestedField(1, "id", LongType())))
    file = Path(table.metadata_location.removeprefix("file://"))
    metadata = json.loads(file.read_text())
    file.write_text(json.dumps(metadata | {"format-version": 3, "next-row-id": 0}))
    client.rows(sql)
    try:
        assert "Iceberg format version 3" in client.refused("SELECT id FROM sqlite_lake.ns.newer")[1]
    finally:
        client.rows("DROP CATALOG sqlite_lake")


def test_delete_using_the_lake(ice: Client, lake: Lake) -> None:
    ice.rows(TARGET)
    ice.rows("INSERT INTO t (id) VALUES (1), (2), (3)")
    ice.rows(
        f"DELETE FROM t USING ice_False.truth_lake.orders FOR VERSION AS OF {lake.snapshots['snap2']} AS c "
        "WHERE t.id = c.id AND c.op = 'D'"
    )
    assert ice.rows("SELECT id FROM t ORDER BY id") == [(1,), (3,)]


def test_catalog_shows_no_secret(ice: Client) -> None:
    ((_, text),) = ice.rows("SHOW CREATE CATALOG ice_False")
    assert "testing" not in text
    assert '"te******ng"' in text
    assert ("truth_lake",) in ice.rows("SHOW DATABASES FROM ice_False")
    assert ("orders",) in ice.rows("SHOW TABLES FROM ice_False.truth_lake")


def test_external_select_needs_a_grant(server: StarRocks, ice: Client) -> None:
    ice.rows("CREATE USER IF NOT EXISTS lake_reader")
    reader = Client(server, "lake_reader", "")
    query = "SELECT count(*) FROM ice_False.truth_lake.orders"
    assert reader.refused(query)[0] == 5203
    ice.rows("SET CATALOG ice_False")
    ice.rows("GRANT SELECT ON TABLE truth_lake.orders TO USER lake_reader")
    assert reader.value(query) == 3
    assert ("ice_False",) not in [row[:1] for row in reader.rows("SHOW CATALOGS")]


def test_jdbc_catalog_on_sqlite(client: Client, tmp_path: Path) -> None:
    catalog, sql = sqlite_lake(tmp_path)
    table = catalog.create_table("ns.t", Schema(NestedField(1, "id", LongType()), NestedField(2, "s", StringType())))
    table.append(pa.table({"id": [1, 2], "s": ["a", None]}))
    client.rows(sql)
    try:
        assert client.rows("SELECT id, s FROM sqlite_lake.ns.t ORDER BY id") == [(1, "a"), (2, None)]
    finally:
        client.rows("DROP CATALOG sqlite_lake")
