"""Spark's JDBC source with Microsoft's driver: predicates, prepareQuery, the casts of the product."""

import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

pytestmark = pytest.mark.spark


def test_four_predicates_under_snapshot(server: SqlServer, spark) -> None:
    server.execute(
        "CREATE TABLE sparked (id int NOT NULL PRIMARY KEY, name nvarchar(20) NULL, at datetimeoffset(7) NULL)"
    )
    for number in range(8):
        server.execute(
            f"INSERT INTO sparked VALUES ({number}, N'Zoë {number} 😀', '2024-03-10 08:00:00.1234567 +05:30')"
        )
    frame = spark.read.jdbc(
        f"jdbc:sqlserver://localhost:{server.port};databaseName=Company;encrypt=true;trustServerCertificate=true",
        "(SELECT id, name, CAST(SWITCHOFFSET(at, '+00:00') AS datetime2(7)) AS utc, "
        "DATEPART(tzoffset, at) AS minutes FROM [dbo].[sparked]) q",
        predicates=["id < 2", "id >= 2 AND id < 4", "id >= 4 AND id < 6", "id >= 6 OR id IS NULL"],
        properties={
            "user": "sa",
            "password": "Secret1!",
            "driver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
            "prepareQuery": "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; SET LOCK_TIMEOUT 5000;",
        },
    )
    rows = {row["id"]: row for row in frame.collect()}
    assert frame.rdd.getNumPartitions() == 4
    assert sorted(rows) == list(range(8))
    assert rows[3]["name"] == "Zoë 3 😀"
    assert str(rows[3]["utc"]) == "2024-03-10 02:30:00.123456"
    assert rows[3]["minutes"] == 330
