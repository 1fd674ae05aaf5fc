"""What `--resume` skips: only tables whose copy is certainly what the source holds."""

from contextlib import suppress

import pytest
from pyiceberg.exceptions import NoSuchTableError

from mssql_starrocks import stages
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform, failed

TABLE = "dbo.t"


@pytest.fixture(scope="module")
def place(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        yield Platform(box)


@pytest.fixture
def source(place):
    """The table made anew, and copied; gives a way to change it."""
    run = place.box.sqlserver.execute
    run("DROP TABLE IF EXISTS dbo.t")
    run("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, a nvarchar(20) NULL, b int NULL)")
    run("INSERT INTO dbo.t VALUES (1, N'one', 10), (2, N'two', 20), (3, NULL, 30)")
    return run


def look(place, table=TABLE, warehouse=True, **config):
    settings = place.settings
    chain = place.chains(**config)[table]
    return stages.is_current(chain, settings.mssql, settings.lake, settings.starrocks if warehouse else None)


def copy(place, table=TABLE):
    assert not failed(place.copy(place.chains()[table]))


@pytest.fixture
def copied(place, source):
    place.box.starrocks.execute("CREATE DATABASE IF NOT EXISTS dbo")
    place.box.starrocks.execute("DROP TABLE IF EXISTS dbo.t")
    with suppress(NoSuchTableError):  # the table made anew would be a change that needs a decision
        open_catalog(place.settings.lake).drop_table(place.chains()[TABLE].names.lake)
    copy(place)
    return source


def test_a_table_that_was_never_copied(place, source):
    found = look(place, lake_prefix="never_")
    assert (found.current, found.reason) == (False, "never copied")


def test_an_unchanged_table_is_current_until_a_row_changes(place, copied):
    found = look(place)
    assert found.current, found.reason
    assert found.rows == 3
    assert found.load_id
    assert found.snapshot_id
    copied("UPDATE dbo.t SET a = N'eno' WHERE id = 1")
    found = look(place)
    assert not found.current
    assert found.reason.startswith("the source changed: a")


def test_rows_that_swap_values_are_seen_at_level_rows_only(place, copied):
    copied("UPDATE dbo.t SET b = 30 - b WHERE id < 3")
    found = look(place)
    assert not found.current
    assert "rows as a whole" in found.reason
    copied("UPDATE dbo.t SET b = 30 - b WHERE id < 3")
    assert look(place).current


def test_another_number_of_rows(place, copied):
    copied("INSERT INTO dbo.t VALUES (4, N'four', NULL)")
    assert look(place).reason == "the source has 4 rows, the copy 3"


def test_a_definition_that_changed(place, copied):
    copied("ALTER TABLE dbo.t ADD c int NULL")
    assert not look(place).current


@pytest.mark.parametrize(
    "config", [{"exclude_columns": ["b"]}, {"columns": {"b": {"target": "BIGINT"}}}, {"proof": "counts"}]
)
def test_a_copy_that_is_planned_otherwise_now(place, copied, config):
    found = look(place, tables={TABLE: config})
    assert not found.current
    assert "planned otherwise" in found.reason or "proven at level rows" in found.reason


def test_starrocks_that_does_not_hold_the_published_snapshot(place, copied):
    chain = place.chains()[TABLE]
    place.snapshot(chain)
    place.prove_snapshot(chain)
    place.publish(chain)
    found = look(place)
    assert not found.current
    assert "not the published" in found.reason
    assert look(place, warehouse=False).current


def test_a_table_that_starrocks_lost(place, copied):
    place.box.starrocks.execute("DROP TABLE dbo.t")
    assert "was altered" in look(place).reason
    assert "never loaded" in look(place, targets={"dbo": "elsewhere"}).reason


def test_change_tracking_saves_the_scan(place):
    run = place.box.sqlserver.execute
    run("CREATE TABLE dbo.tracked (id int NOT NULL PRIMARY KEY)")
    run("ALTER DATABASE Company SET CHANGE_TRACKING = ON")
    run("ALTER TABLE dbo.tracked ENABLE CHANGE_TRACKING")
    run("INSERT INTO dbo.tracked VALUES (1)")
    copy(place, "dbo.tracked")
    place.box.sqlserver.faults.deadlock("HASHBYTES")  # would strike a scan
    found = look(place, "dbo.tracked")
    assert found.current
    assert "change tracking is still at version 1" in found.reason
    place.box.sqlserver.faults.clear()
    run("DELETE FROM dbo.tracked")
    run("INSERT INTO dbo.tracked VALUES (1)")
    assert "same rows" in look(place, "dbo.tracked").reason  # another version, the same content
    run("INSERT INTO dbo.tracked VALUES (2)")
    assert not look(place, "dbo.tracked").current
