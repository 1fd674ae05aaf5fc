"""System-versioned tables: period columns, history, and the catalog (Temporal Tables)."""

import datetime
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

LAST = "9999-12-31 23:59:59.9999999"
TABLE = """
CREATE TABLE {name} (
  id int NOT NULL PRIMARY KEY, v int NULL,
  since datetime2(7) GENERATED ALWAYS AS ROW START{hidden} NOT NULL,
  until datetime2(7) GENERATED ALWAYS AS ROW END{hidden} NOT NULL,
  PERIOD FOR SYSTEM_TIME (since, until)
) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.{name}_past))
"""
PERIODS = "CONVERT(varchar(27), since, 121), CONVERT(varchar(27), until, 121)"


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@pytest.fixture
def prices(server: SqlServer, connect: Any) -> Any:
    server.execute(TABLE.format(name="prices", hidden=" HIDDEN"))
    yield connect().cursor()
    server.execute("ALTER TABLE prices SET (SYSTEM_VERSIONING = OFF); DROP TABLE prices; DROP TABLE prices_past")


def test_history_of_changes(prices: Any) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    prices.execute("INSERT INTO prices VALUES (1, 10), (2, 20)")
    assert rows(prices, "SELECT * FROM prices ORDER BY id") == [(1, 10), (2, 20)]
    [(start, end), (other, _)] = rows(prices, f"SELECT {PERIODS} FROM prices ORDER BY id")
    assert (end, other) == (LAST, start)
    assert before.isoformat(" ") <= start <= datetime.datetime.now(datetime.UTC).isoformat(" ")
    prices.execute("UPDATE prices SET v = 11 WHERE id = 1")
    prices.execute("DELETE FROM prices WHERE id = 2")
    [(changed, last)] = rows(prices, f"SELECT {PERIODS} FROM prices")
    assert last == LAST
    assert changed > start
    past = rows(prices, f"SELECT id, v, {PERIODS} FROM prices_past ORDER BY id")
    assert [row[:3] for row in past] == [(1, 10, start), (2, 20, start)]
    assert past[0][3] == changed
    assert past[1][3] > changed


def test_transaction_has_one_time(prices: Any) -> None:
    prices.execute("BEGIN TRANSACTION; INSERT INTO prices VALUES (1, 10)")
    prices.execute("INSERT INTO prices VALUES (2, 20); COMMIT")
    assert len(set(rows(prices, f"SELECT {PERIODS} FROM prices"))) == 1


def test_catalog(prices: Any) -> None:
    found = rows(
        prices,
        "SELECT t.name, t.temporal_type, t.temporal_type_desc, h.name FROM sys.tables t "
        "LEFT JOIN sys.tables h ON h.object_id = t.history_table_id WHERE t.name LIKE 'prices%' ORDER BY t.name",
    )
    assert found == [
        ("prices", 2, "SYSTEM_VERSIONED_TEMPORAL_TABLE", "prices_past"),
        ("prices_past", 1, "HISTORY_TABLE", None),
    ]
    columns = rows(
        prices,
        "SELECT name, is_hidden, generated_always_type, generated_always_type_desc, is_nullable FROM sys.columns "
        "WHERE object_id = OBJECT_ID('prices') AND column_id > 2 ORDER BY column_id",
    )
    assert columns == [("since", True, 1, "AS_ROW_START", False), ("until", True, 2, "AS_ROW_END", False)]
    assert rows(prices, "SELECT period_type_desc, start_column_id, end_column_id FROM sys.periods") == [
        ("SYSTEM_TIME_PERIOD", 3, 4)
    ]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("INSERT INTO prices (id, since) VALUES (1, '2024-01-01')", 13536),
        ("UPDATE prices SET since = '2024-01-01'", 13537),
        ("TRUNCATE TABLE prices", 13545),
        ("DROP TABLE prices_past", 13552),
        ("DELETE FROM prices_past", 50000),
        ("ALTER TABLE prices ADD x int", 50000),
    ],
)
def test_what_it_refuses(prices: Any, statement: str, number: int) -> None:
    with pytest.raises(pymssql.Error) as failure:
        prices.execute(statement)
    assert failure.value.args[0] == number


def test_visible_period_columns(server: SqlServer, connect: Any) -> None:
    server.execute(TABLE.format(name="shown", hidden=""))
    cursor = connect().cursor()
    cursor.execute("INSERT INTO shown (id, v) VALUES (1, 2)")
    cursor.execute("SELECT * FROM shown")
    assert [part[0] for part in cursor.description] == ["id", "v", "since", "until"]
    with pytest.raises(pymssql.Error, match="without a column list"):
        cursor.execute("INSERT INTO shown VALUES (1, 2)")


def test_needs_a_key_and_a_period(server: SqlServer) -> None:
    with pytest.raises(Exception, match="primary key"):
        server.execute(TABLE.format(name="keyless", hidden="").replace(" PRIMARY KEY", ""))
    with pytest.raises(Exception, match="period is not defined"):
        server.execute("CREATE TABLE never (id int NOT NULL PRIMARY KEY) WITH (SYSTEM_VERSIONING = ON)")
