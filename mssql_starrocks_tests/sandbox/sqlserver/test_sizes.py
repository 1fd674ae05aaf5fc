"""The largest table and the longest VALUES (Maximum capacity specifications, INSERT), and discovery of many tables."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

KINDS = ("int", "varchar(20)", "nvarchar(max)", "decimal(18,4)", "datetime2(7)", "bit", "float", "uniqueidentifier")


def test_1024_columns(connect: Any, server: SqlServer) -> None:
    listed = ", ".join(f"c{n} {KINDS[n % len(KINDS)]} NULL" for n in range(1023))
    server.execute(f"CREATE TABLE widest (id int NOT NULL PRIMARY KEY, {listed})")
    names = ", ".join(f"c{n}" for n in range(1023))
    values = ", ".join("N'é'" if n % len(KINDS) == 2 else "NULL" for n in range(1023))
    server.execute(f"INSERT INTO widest (id, {names}) VALUES (1, {values})")
    cursor = connect().cursor()
    cursor.execute("SELECT * FROM widest")
    [row] = cursor.fetchall()
    assert (len(row), row[0], row[3], row[1023]) == (1024, 1, "é", None)
    cursor.execute("SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('widest')")
    assert cursor.fetchone() == (1024,)
    with pytest.raises(pymssql.Error) as failure:
        cursor.execute(f"CREATE TABLE wider (id int, one_more int, {listed})")
    assert failure.value.args[0] == 1702


def test_1000_rows_of_values(connect: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE longest (id int NOT NULL PRIMARY KEY, t nvarchar(10), d decimal(9,2))")
    rows = [f"({n}, N'é{n}', {n}.5)" for n in range(1001)]
    server.execute(f"INSERT INTO longest VALUES {', '.join(rows[:1000])}")
    cursor = connect().cursor()
    cursor.execute("SELECT COUNT(*), SUM(d), MAX(id) FROM longest")
    count, total, last = cursor.fetchone()
    assert (count, str(total), last) == (1000, "500000.00", 999)
    with pytest.raises(pymssql.Error) as failure:
        cursor.execute(f"INSERT INTO longest VALUES {', '.join(rows)}")
    assert failure.value.args[0] == 10738
