"""Columns that are declared in unusual ways: what is copied of them, and what is left out and says so."""

import datetime as dt
from decimal import Decimal

import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.platform import failed

ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))
DECLARED = """
CREATE TABLE dbo.declared (
  id bigint IDENTITY(-9223372036854775808, 1) NOT NULL, code dbo.code, fax dbo.code NULL,
  weight int SPARSE NULL, colour nvarchar(10) SPARSE, rest xml COLUMN_SET FOR ALL_SPARSE_COLUMNS,
  price decimal(9,2) NOT NULL, gross AS (price * 2) PERSISTED, version rowversion NOT NULL,
  PRIMARY KEY (code, id))
"""
TEMPORAL = """
CREATE TABLE dbo.versioned (
  id int NOT NULL PRIMARY KEY, v int NULL,
  since datetime2(7) GENERATED ALWAYS AS ROW START HIDDEN NOT NULL,
  until datetime2(7) GENERATED ALWAYS AS ROW END HIDDEN NOT NULL,
  PERIOD FOR SYSTEM_TIME (since, until)
) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.versioned_past))
"""


@pytest.fixture(scope="module")
def declared(golden):
    run = golden.box.sqlserver.execute
    run("CREATE TYPE dbo.code FROM varchar(20) NOT NULL")
    for statement in (DECLARED, TEMPORAL):
        run(statement)
    run("INSERT INTO dbo.declared (code, weight, price) VALUES ('a ', 7, 0.01)")
    run("INSERT INTO dbo.versioned VALUES (1, 10), (2, NULL)")
    run("UPDATE dbo.versioned SET v = 11 WHERE id = 1")
    return golden


def copied(platform, engine, table):
    named = {"include": (table,), "engine": engine, "lake_prefix": f"{engine}_", "targets": {"dbo": engine}}
    chain = platform.chains(**named)[table]
    assert failed(platform.copy(chain)) == []
    return chain


@pytest.mark.parametrize("engine", ENGINES)
def test_alias_sparse_computed_and_identity_columns(declared, engine):
    chain = copied(declared, engine, "dbo.declared")
    names = ["code", "id", "fax", "weight", "colour", "price", "gross", "version"]
    assert [c.name for c in chain.columns] == names
    assert {line.column: line.rule for line in chain.ledger}["rest"] == "not data"
    [(*row, version)] = declared.warehouse(f"SELECT {', '.join(names)} FROM {engine}.declared")
    assert row == ["a ", -(2**63), None, 7, None, Decimal("0.01"), Decimal("0.02")]
    assert version > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_temporal_table_with_its_hidden_period_and_its_history(declared, engine):
    copied(declared, engine, "dbo.versioned")
    copied(declared, engine, "dbo.versioned_past")
    rows = declared.warehouse(f"SELECT id, v, until, until__ns100, since FROM {engine}.versioned ORDER BY id")
    assert [row[:4] for row in rows] == [
        (1, 11, dt.datetime(9999, 12, 31, 23, 59, 59, 999999), 9),
        (2, None, dt.datetime(9999, 12, 31, 23, 59, 59, 999999), 9),
    ]
    assert declared.warehouse(f"SELECT id, v, until FROM {engine}.versioned_past") == [(1, 10, rows[0][4])]


def test_a_masked_column_is_refused_until_it_may_be_read(golden):
    run = golden.box.sqlserver.execute
    run("CREATE TABLE dbo.masked (id int PRIMARY KEY, card varchar(20) MASKED WITH (FUNCTION = 'default()') NULL)")
    _, [refused] = plan_chains(discover(golden.settings.mssql), Config(include=("dbo.masked",)))
    assert "dbo.masked.card" in refused.reason
    assert "UNMASK" in refused.reason
