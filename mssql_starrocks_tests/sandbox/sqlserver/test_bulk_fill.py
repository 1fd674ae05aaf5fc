"""Rows made inside the stand-in: read back as they were made, and refused where they do not fit."""

import datetime as dt
from collections.abc import Iterator

import pytest

from mssql_starrocks.sandbox.sqlserver import LocalServer
from mssql_starrocks.sandbox.sqlserver.errors import SqlError


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(users={"sa": "Secret1!"}, certificate=None, encryption="off") as running:
        running.execute("CREATE TABLE dbo.t (id int IDENTITY PRIMARY KEY, name nvarchar(5) NOT NULL, at datetime2(3))")
        yield running


def test_rows_and_identity(server):
    select = "SELECT i::INT, 'n' || i, (i * 10000 + 719162 * 864000000000)::BIGINT FROM range(1, 4) r(i)"
    server.fill("dbo", "t", select)
    server.execute("INSERT INTO dbo.t (name) VALUES ('last')")
    epoch = dt.datetime(1970, 1, 1)
    assert server.execute("SELECT id, name, at FROM dbo.t ORDER BY id") == [
        *((i, f"n{i}", epoch + dt.timedelta(milliseconds=i)) for i in (1, 2, 3)), (4, "last", None)]  # fmt: skip


@pytest.mark.parametrize("name", ["NULL", "'sixsix'"])
def test_what_does_not_fit(server, name):
    with pytest.raises(SqlError, match="column name"):
        server.fill("dbo", "t", f"SELECT 1, {name}, NULL")
    assert server.execute("SELECT id FROM dbo.t") == []


def test_keys_are_unique(server):
    with pytest.raises(SqlError, match="PRIMARY KEY"):
        server.fill("dbo", "t", "SELECT 1, 'a', NULL FROM range(2)")


def test_only_once(server):
    server.fill("dbo", "t", "SELECT 1, 'a', NULL")
    with pytest.raises(SqlError, match="has rows"):
        server.fill("dbo", "t", "SELECT 2, 'a', NULL")
