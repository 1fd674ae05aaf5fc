"""The nastiest names through the whole chain: each table is certified, and nothing else happened."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mssql_starrocks.model import TableId
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.connect import control_session, reader_session
from mssql_starrocks.types.dialects import quote_starrocks, quote_tsql
from mssql_starrocks_tests.platform import Platform, failed

DATABASE = "Co]m'pany; DROP DATABASE x; --"
SCHEMA = 'sch]e\'ma."x"; --'
LONG = "]" * 128
TABLES = {
    "t]; DROP TABLE Canary; --": ["id", "v"],
    'it\'s `t` "q" \\': ["select", "a]b", "it's", 'say "x"', "`t`", "a.c", "a d", "{c}", "%s", "?", "@x", "$y"],
    "数量 😀 größe": ["数量", "größe", "1st", "__op", "\u0130x"],
    LONG: ["k" * 128, "m" * 128],
    "line\nbreak\ttab": ["c\nd", "e\tf", "--g", "/*h"],
    "NULL": ["null", "TABLE", "group", "key"],
    "[/red]{0}%d": ["[/red]", "{0}", "%d"],
}


@dataclass
class Hostile(Platform):
    """The platform on another database of the same server."""

    @property
    def settings(self) -> Settings:
        return Settings.load(self.box.environment() | {"MSSQL_DATABASE": DATABASE}, dotenv=None)


def columns_sql(names) -> str:
    key, *others = (quote_tsql(name) for name in names)
    moments = [f"{name} datetime2(7) NULL" for name in others]
    return ", ".join([f"{key} nvarchar(30) NOT NULL PRIMARY KEY", *moments])


@pytest.fixture(scope="module")
def hostile(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        server = box.sqlserver
        server.execute(f"CREATE DATABASE {quote_tsql(DATABASE)}")
        server.execute(f"CREATE SCHEMA {quote_tsql(SCHEMA)}", DATABASE)
        server.execute("CREATE TABLE dbo.Canary (id int NOT NULL PRIMARY KEY)", DATABASE)
        for name, columns in TABLES.items():
            table = f"{quote_tsql(SCHEMA)}.{quote_tsql(name)}"
            server.execute(f"CREATE TABLE {table} ({columns_sql(columns)})", DATABASE)
            values = ["N'k''; DROP TABLE x; --'"] + ["'2024-02-29 23:59:59.1234567'"] * (len(columns) - 1)
            server.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})", DATABASE)
            values[0] = "N'\\'"
            server.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})", DATABASE)
        yield Hostile(box)


@pytest.mark.parametrize("name", TABLES, ids=[f"table{n}" for n in range(len(TABLES))])
def test_a_hostile_table_is_certified(hostile, name):
    chain = hostile.chains(lake_prefix="hostile_", partitioning=2)[str(TableId(SCHEMA, name))]
    for _ in range(2):
        assert not failed(hostile.copy(chain))
    database, table = map(quote_starrocks, chain.names.warehouse)
    key = quote_starrocks(chain.columns[0].name)
    assert sorted(hostile.warehouse(f"SELECT {key} FROM {database}.{table}")) == [("\\",), ("k'; DROP TABLE x; --",)]
    assert {c.source for c in chain.columns} == set(TABLES[name])


def test_nothing_else_happened(hostile):
    names = {table for (table,) in hostile.box.sqlserver.execute("SELECT name FROM sys.tables", DATABASE)}
    assert names == {*TABLES, "Canary"}
    chains = hostile.chains(lake_prefix="hostile_")
    assert len(chains) == len(TABLES) + 1


@pytest.mark.parametrize("name", ["[a]", "[a]; CREATE TABLE dbo.Injected (id int); --]", "a;b=c", "{a}", "a}b"])
def test_a_database_is_opened_by_its_own_name(hostile, name):
    """FreeTDS takes a name in brackets for one that is quoted already, and connection strings have braces."""
    hostile.box.sqlserver.execute(f"CREATE DATABASE {quote_tsql(name)}")
    mssql = hostile.settings.mssql.model_copy(update={"database": name})
    for opened in (control_session, reader_session):
        with opened(mssql) as session:
            assert session.rows("SELECT DB_NAME() AS n, COUNT(*) AS tables FROM sys.tables") == [(name, 0)]


def test_discover_shows_them(hostile, capsys):
    from mssql_starrocks.cli.discover import _show_discovered

    _show_discovered(list(hostile.chains(lake_prefix="hostile_").values()), [])
    assert "[/red]]{0}%d" in capsys.readouterr().out.replace("\n", "")
