"""Defects that the harness found, each as small as it can be shown."""

import pytest

from mssql_starrocks.errors import SourceError, WarehouseUnreachableError
from mssql_starrocks.stages import snapshotting
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks_tests.platform import Platform


@pytest.fixture
def platform(own_box):
    own_box.sqlserver.execute("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY)")
    return Platform(own_box)


def test_a_source_that_goes_away_after_the_copy_is_no_error_of_the_lake(platform, monkeypatch):
    """It was, and so it was permanent."""
    real = snapshotting._copy

    def copied_then_cut(*arguments):
        found = real(*arguments)
        platform.box.sqlserver.faults.cut("sys.columns", 0)
        return found

    monkeypatch.setattr(snapshotting, "_copy", copied_then_cut)
    with pytest.raises(SourceError) as raised:
        platform.snapshot(platform.chains(engine="arrow")["dbo.t"])
    assert raised.value.transient, raised.value


def test_a_connection_that_was_lost_is_lost_for_every_later_statement(platform):
    """The answer of a load was lost, the load asked about over a new connection and found, and the next statement over
    the old one said `error 0`, a permanent one."""
    platform.box.starrocks.faults.drop_before("SELECT 41")
    with warehouse_session(platform.settings.starrocks) as session:
        for statement in ("SELECT 41", "SELECT 42"):
            with pytest.raises(WarehouseUnreachableError):
                session.rows(statement)
