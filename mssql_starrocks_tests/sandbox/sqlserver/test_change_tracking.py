"""Change Tracking as far as a point needs it (docs: Enable and disable change tracking; CURRENT_VERSION)."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

VERSION = "SELECT CHANGE_TRACKING_CURRENT_VERSION()"


@pytest.fixture
def tracked(server: SqlServer, connect: Any) -> Any:
    server.execute("ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)")
    server.execute("CREATE TABLE tracked (id int NOT NULL PRIMARY KEY, v int NULL)")
    server.execute("ALTER TABLE tracked ENABLE CHANGE_TRACKING")
    yield connect().cursor()
    server.execute("DROP TABLE tracked; ALTER DATABASE CURRENT SET CHANGE_TRACKING = OFF")


def one(cursor: Any, sql: str = VERSION) -> Any:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def test_a_database_that_tracks_nothing_has_no_version(connect: Any) -> None:
    assert one(connect().cursor()) is None


def test_each_transaction_that_changes_rows_is_one_version(tracked: Any) -> None:
    assert one(tracked) == 0
    tracked.execute("INSERT INTO tracked VALUES (1, 1), (2, 2)")
    assert one(tracked) == 1
    tracked.execute("UPDATE tracked SET v = 3 WHERE id = 7")
    assert one(tracked) == 1
    tracked.execute("BEGIN TRANSACTION; UPDATE tracked SET v = 3; DELETE FROM tracked WHERE id = 1; COMMIT TRANSACTION")
    assert one(tracked) == 2
    tracked.execute("BEGIN TRANSACTION; DELETE FROM tracked; ROLLBACK TRANSACTION")
    assert one(tracked) == 2


def test_the_catalog_says_what_is_tracked_since_when(tracked: Any) -> None:
    tracked.execute("INSERT INTO tracked VALUES (1, 1)")
    tracked.execute("CREATE TABLE second (id int NOT NULL PRIMARY KEY)")
    tracked.execute("ALTER TABLE second ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF)")
    tracked.execute("SELECT OBJECT_NAME(object_id), begin_version FROM sys.change_tracking_tables ORDER BY 1")
    assert tracked.fetchall() == [("second", 1), ("tracked", 0)]
    tracked.execute("ALTER TABLE second DISABLE CHANGE_TRACKING; DROP TABLE second")
    assert one(tracked, "SELECT COUNT(*) FROM sys.change_tracking_databases WHERE database_id = DB_ID()") == 1


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON", 5088),
        ("ALTER DATABASE CURRENT SET CHANGE_TRACKING = OFF", 22115),
        ("ALTER TABLE tracked ENABLE CHANGE_TRACKING", 4996),
        ("CREATE TABLE heap (v int NULL); ALTER TABLE heap ENABLE CHANGE_TRACKING", 4997),
        ("TRUNCATE TABLE tracked", None),
    ],
)
def test_what_is_refused(tracked: Any, sql: str, number: int | None) -> None:
    with pytest.raises(pymssql.Error, match=str(number) if number else "not supported by the sandbox"):
        tracked.execute(sql)
    tracked.execute("DROP TABLE IF EXISTS heap")
