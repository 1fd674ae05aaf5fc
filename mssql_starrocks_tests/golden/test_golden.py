"""Every type and edge value through both engines, read back by clients and compared with what is written by hand."""

import pytest

from mssql_starrocks import stages
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks_tests.golden.model import exact
from mssql_starrocks_tests.golden.tables import CHOSEN, CONFIG, DEFAULT, TABLES
from mssql_starrocks_tests.platform import failed

ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))
each_table = pytest.mark.parametrize("golden_table", TABLES, ids=lambda t: t.name)


@pytest.fixture(scope="module")
def seen():
    """What each engine wrote, by table."""
    return {}


def wrong(found, expected):
    """The cells that differ, by row and column."""
    assert len(found) == len(expected)
    return {
        (row, name): (mine.get(name, "absent"), wanted.get(name, "absent"))
        for row, (mine, wanted) in enumerate(zip(exact(found), exact(expected), strict=True))
        for name in {*mine, *wanted}
        if mine.get(name) != wanted.get(name)
    }


def lake_rows(iceberg, chain):
    names = tuple(c.name for c in chain.columns)
    return iceberg.scan(selected_fields=(*names, "id")).to_arrow().sort_by("id").to_pylist()


def warehouse_rows(platform, chain):
    names = [c.name for c in chain.columns]
    listed = ", ".join(f"`{n}`" for n in names)
    rows = platform.warehouse(f"SELECT {listed} FROM {'.'.join(chain.names.warehouse)} ORDER BY id")
    return [dict(zip(names, row, strict=True)) for row in rows]


def plan(platform, golden_table, engine, prefix=""):
    named = {"include": (golden_table.id,), "tables": CONFIG, "lake_prefix": f"{prefix}{engine}_", "engine": engine}
    return platform.chains(**named, targets={"dbo": f"{prefix}{engine}"})[golden_table.id]


@each_table
@pytest.mark.parametrize("engine", ENGINES)
def test_values_are_what_the_vendors_say(golden, seen, engine, golden_table):
    chain = plan(golden, golden_table, engine)
    assert not failed(golden.copy(chain))
    iceberg = open_catalog(golden.settings.lake).load_table(chain.names.lake)
    in_lake = wrong(lake_rows(iceberg, chain), golden_table.lake())
    in_warehouse = wrong(warehouse_rows(golden, chain), golden_table.warehouse())
    assert (in_lake, in_warehouse) == ({}, {})
    schema = [(f.field_id, f.name, str(f.field_type), f.required, f.doc) for f in iceberg.schema().fields]
    found = (schema, fingerprint(iceberg, iceberg.current_snapshot().snapshot_id, chain.columns, chain.level))
    assert seen.setdefault(golden_table.name, found) == found


@pytest.mark.parametrize("golden_table", [DEFAULT, CHOSEN], ids=lambda t: t.name)
@pytest.mark.parametrize("lake", ["sql", "rest"], indirect=True)
def test_a_lake_of_another_catalog_holds_the_same(golden, lake, golden_table):
    """StarRocks' stand-in reads Glue only, so this ends at the published snapshot."""
    chain = plan(golden, golden_table, "arrow", "other_")
    stages.snapshot(chain, golden.settings.mssql, lake, golden.spark, lambda line: None)
    assert not failed(stages.prove_snapshot(chain, lake))
    stages.publish(chain, lake, lambda line: None)
    in_lake = wrong(lake_rows(open_catalog(lake).load_table(chain.names.lake), chain), golden_table.lake())
    assert in_lake == {}
