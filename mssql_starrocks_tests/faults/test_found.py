"""Defects that the harness found, each as small as it can be shown."""

import pytest

from mssql_starrocks.errors import SourceBusyError, SourceError, WarehouseUnreachableError
from mssql_starrocks.stages import snapshotting
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks_tests.platform import Platform

# https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
_THROTTLED = {
    1204: "The instance of the SQL Server Database Engine cannot obtain a LOCK resource at this time.",
    10928: "Resource ID : 1. The request limit for the database is 30 and has been reached.",
    10929: "Resource ID: 1. The request minimum guarantee is 0, maximum limit is 30, and the current usage for the "
    "database is 30. However, the server is currently too busy to support requests greater than 30 for this database.",
    40197: "The service has encountered an error processing your request. Please try again. Error code 40143.",
    40501: "The service is currently busy. Retry the request after 10 seconds. Incident ID: 0. Code: 0.",
    40613: "Database 'Company' on server 'sql' is not currently available. Please retry later.",
    49918: "Cannot process request. Not enough resources to process request. Please retry you request later.",
    49920: "Cannot process request. Too many operations in progress for subscription '0'.",
}


@pytest.fixture(scope="module")
def platform(disturbed):
    box = disturbed.world.box
    box.sqlserver.execute("CREATE TABLE dbo.found (id int NOT NULL PRIMARY KEY)")
    box.sqlserver.execute("INSERT INTO dbo.found VALUES (1)")
    return Platform(box)


@pytest.fixture
def chain(platform):
    return platform.chains(engine="arrow", include=["dbo.found"])["dbo.found"]


def test_a_source_that_goes_away_after_the_copy_is_no_error_of_the_lake(platform, chain, monkeypatch):
    """It was, and so it was permanent."""
    real = snapshotting._copy

    def copied_then_cut(*arguments):
        found = real(*arguments)
        platform.box.sqlserver.faults.cut("sys.columns", 0)
        return found

    monkeypatch.setattr(snapshotting, "_copy", copied_then_cut)
    with pytest.raises(SourceError) as raised:
        platform.snapshot(chain)
    assert raised.value.transient, raised.value


def test_a_throttled_source_may_be_asked_again(platform, chain):
    """The Rust driver gives texts without numbers, and these texts were not known: no retry was ever made."""
    for number, text in _THROTTLED.items():
        platform.box.sqlserver.faults.fail("SELECT [id] AS [id]", number, text)
        with pytest.raises(SourceBusyError) as raised:
            platform.snapshot(chain)
        assert raised.value.transient, number


def test_a_connection_that_was_lost_is_lost_for_every_later_statement(platform):
    """The answer of a load was lost, the load asked about over a new connection and found, and the next statement over
    the old one said `error 0`, a permanent one."""
    platform.box.starrocks.faults.drop_before("SELECT 41")
    with warehouse_session(platform.settings.starrocks) as session:
        for statement in ("SELECT 41", "SELECT 42"):
            with pytest.raises(WarehouseUnreachableError):
                session.rows(statement)
