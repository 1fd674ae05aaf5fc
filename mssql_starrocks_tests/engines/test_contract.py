"""One contract, every engine: the same plan gives the same Iceberg schema and the same fingerprints."""

import pytest

from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.model import Sizing
from mssql_starrocks_tests.platform import Platform, failed

TABLES = ("sales.customers", "sales.orders", "sales.products", "hr.employees", "hr.shifts", "ops.devices",
          "ops.settings", "ops.audit_log", "sales.price_history", "sales.Order Details", "hr.departments")  # fmt: skip
ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))


@pytest.fixture(scope="module")
def platform(box, spark_source):
    return Platform(box, spark_source)


@pytest.fixture(scope="module")
def seen():
    """What each engine wrote, by table."""
    return {}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_copy_is_certified_and_equal_whatever_the_engine(platform, seen, engine, table):
    chain = platform.chains(engine=engine, lake_prefix=f"{engine}_")[table]
    report = platform.snapshot(chain)
    assert not failed(platform.prove_snapshot(chain))
    lake = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    load = in_lake.newest_audit(lake)
    assert load.snapshot_id == report.copied.snapshot_id
    assert report.copied.rows == load.evidence.fingerprint.rows
    schema = [(f.field_id, f.name, str(f.field_type), f.required, f.doc) for f in lake.schema().fields]
    found = (schema, fingerprint(lake, load.snapshot_id, chain.columns, chain.level))
    assert seen.setdefault(table, found) == found


@pytest.mark.parametrize("engine", ENGINES)
def test_many_chunks_are_one_snapshot_with_every_row_once(platform, engine):
    from dataclasses import replace

    chain = platform.chains(engine=engine, lake_prefix=f"{engine}_chunks_")["sales.events"]
    chain = replace(chain, sizing=Sizing(max(chain.table.bytes // 5, 1)))
    report = platform.snapshot(chain)
    assert report.copied.rows == 2_000
    assert not failed(platform.prove_snapshot(chain))
    lake = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    assert len([s for s in lake.snapshots() if in_lake.LOAD_ID in s.summary.additional_properties]) == 1
