"""The whole chain through real protocols: TDS, Glue and S3, MySQL."""

import datetime as dt
from decimal import Decimal

import pytest

from mssql_starrocks.errors import LakeError, NotCertifiedError, SourceError, WarehouseError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform, failed

SAMPLE = (
    "hr.departments",
    "hr.employees",
    "hr.shifts",
    "ops.audit_log",
    "ops.devices",
    "ops.settings",
    "sales.customers",
    "sales.events",
    "sales.Order Details",
    "sales.order_lines",
    "sales.orders",
    "sales.price_history",
    "sales.products",
)


@pytest.fixture(scope="module")
def platform(box):
    return Platform(box)


@pytest.fixture(scope="module")
def chains(platform):
    return platform.chains(engine="arrow")


def test_discovery_sees_every_table(chains):
    assert sorted(chains) == sorted(SAMPLE)


@pytest.mark.parametrize("name", SAMPLE)
def test_every_sample_table_is_certified(platform, chains, name):
    reports = platform.copy(chains[name])
    assert not failed(reports)
    assert [r.name for r in reports] == ["row_count", "schema", "values"] * 2


def test_values_arrive_as_they_were(platform, chains):
    platform.copy(chains["sales.customers"])
    rows = platform.warehouse(
        "SELECT name, email, country, credit_limit, is_vip, created_at, created_at__ns100, notes "
        "FROM sales.customers ORDER BY id"
    )
    assert rows[0] == (
        "Acme Ltd",
        "sales@acme.example",
        "GB",
        Decimal("1250.5000"),
        1,
        dt.datetime(2019, 3, 31, 1, 59, 59, 999999),
        9,
        "oldest customer",
    )
    assert rows[1][0] == "株式会社さくら"
    assert rows[1][3] == Decimal("922337203685477.5807")
    assert rows[4][0] == "Emoji 🚀 Inc"
    assert rows[5][7] == "tab\tand\nnewline"
    assert rows[6][7] == "trailing blanks   "
    assert (rows[2][7], rows[3][7], rows[7][7]) == ("", None, "\\N")


def test_an_offset_is_kept_beside_the_instant(platform, chains):
    platform.copy(chains["ops.settings"])
    rows = {
        r[0]: r[1:]
        for r in platform.warehouse(
            "SELECT name, value, value__type, changed_at, changed_at__offset_min FROM ops.settings"
        )
    }
    assert rows["retries"] == ("3", "int", dt.datetime(2023, 12, 31, 10), 840)
    assert rows["greeting"][2:] == (dt.datetime(2024, 1, 1, 14), -840)
    assert rows["nothing"][:2] == (None, None)


def test_audit_columns_say_where_a_row_comes_from(platform, chains):
    report = platform.snapshot(chains["hr.departments"])
    platform.prove_snapshot(chains["hr.departments"])
    platform.publish(chains["hr.departments"])
    platform.load(chains["hr.departments"])
    seen = platform.warehouse("SELECT DISTINCT source_schema, load_id, migrated_at FROM hr.departments")
    assert [row[:2] for row in seen] == [("hr", report.load_id)]
    assert abs(seen[0][2] - dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)) < dt.timedelta(minutes=10)


def test_a_second_load_replaces_the_first_and_keeps_grants(platform, chains):
    chain = chains["hr.shifts"]
    platform.copy(chain)
    platform.warehouse("CREATE USER IF NOT EXISTS reader IDENTIFIED BY 'x'")
    platform.warehouse("GRANT SELECT ON TABLE hr.shifts TO USER reader")
    assert not failed(platform.copy(chain))
    assert "hr.shifts" in str(platform.warehouse("SHOW GRANTS FOR reader")).replace("`", "")
    assert platform.warehouse("SELECT count(*) FROM hr.shifts") == [(3,)]


def test_an_empty_table_arrives_empty_and_certified(platform, chains):
    assert not failed(platform.copy(chains["ops.audit_log"]))
    assert platform.warehouse("SELECT count(*) FROM ops.audit_log") == [(0,)]


def test_a_row_that_changes_in_the_lake_is_found(platform, chains, monkeypatch):
    """A wrong copy is never published: the values check names the column, main and StarRocks stay as they were."""
    from mssql_starrocks.engines import arrow

    chain = chains["sales.products"]
    platform.copy(chain)
    before = _main(platform, chain)
    real = arrow.shape
    monkeypatch.setattr(arrow, "shape", lambda batch, *rest: _damaged(real(batch, *rest)))
    platform.snapshot(chain)
    monkeypatch.undo()
    reports = {r.name: r for r in platform.prove_snapshot(chain)}
    [column, row] = reports["values"].differences
    assert (column.what, row.what) == ("title", "row code=AB-100, column title")
    assert "hidden" in row.found
    with pytest.raises(NotCertifiedError, match=r"sales\.products"):
        platform.publish(chain)
    assert _main(platform, chain) == before
    assert not failed(platform.prove_warehouse(chain))


def test_a_row_that_changes_in_starrocks_is_found(platform, chains):
    chain = chains["hr.employees"]
    platform.copy(chain)
    platform.warehouse("UPDATE hr.employees SET name = 'X' WHERE department = 3")
    reports = {r.name: r for r in platform.prove_warehouse(chain)}
    assert reports["row_count"].passed
    assert [d.what for d in reports["values"].differences] == [
        "name",
        "row id=00000000-0000-0000-0000-000000000001, column name",
    ]
    platform.load(chain)
    assert not failed(platform.prove_warehouse(chain))


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_crash_between_stages_and_a_re_run_end_in_the_same_state(platform, chains, done):
    """Fresh state each time: only the lake and StarRocks remember."""
    chain = chains["sales.price_history"]
    for stage in (platform.snapshot, platform.prove_snapshot, platform.publish)[:done]:
        stage(chain)
    assert not failed(platform.copy(chain))
    assert platform.warehouse("SELECT count(*), sum(price) FROM sales.price_history") == [(5, Decimal("-999997.488"))]
    refs = open_catalog(platform.settings.lake).load_table(chain.names.lake).refs()
    assert not [name for name in refs if name.startswith("certified_")]


def test_stages_out_of_order_say_what_to_run_first(platform, own_box):
    own_box.sqlserver.execute("CREATE TABLE dbo.alone (id int NOT NULL PRIMARY KEY)")
    alone = Platform(own_box)
    chain = alone.chains()["dbo.alone"]
    with pytest.raises(LakeError, match="copy the table first"):
        alone.publish(chain)
    alone.snapshot(chain)
    with pytest.raises(LakeError, match="publish it first"):
        alone.load(chain)
    alone.publish(chain)
    with pytest.raises(WarehouseError, match="never loaded. Load it"):
        alone.prove_warehouse(chain)


def test_a_source_that_changed_since_discovery_is_not_published(own_box):
    own_box.sqlserver.execute("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, a int)")
    platform = Platform(own_box)
    chain = platform.chains()["dbo.t"]
    own_box.sqlserver.execute("ALTER TABLE dbo.t ADD b int NULL")
    platform.snapshot(chain)
    reports = {r.name: r for r in platform.prove_snapshot(chain)}
    assert "discover" in reports["schema"].summary
    own_box.sqlserver.execute("DROP TABLE dbo.t")
    with pytest.raises(SourceError, match=r"dbo\.t is not in (database )?Company any more: discover again"):
        platform.snapshot(chain)


def _main(platform, chain):
    return open_catalog(platform.settings.lake).load_table(chain.names.lake).current_snapshot().snapshot_id


def _damaged(batch):
    import pyarrow as pa

    at = batch.schema.get_field_index("title")
    values = batch.column(at).to_pylist()
    values[0] = values[0][::-1]
    arrays = [pa.array(values, f.type) if i == at else batch.column(i) for i, f in enumerate(batch.schema)]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
