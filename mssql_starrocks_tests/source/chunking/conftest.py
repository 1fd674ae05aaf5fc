"""A SQL Server stand-in whose tables the tests make, and sessions that may not do everything."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mssql_starrocks.model import Table
from mssql_starrocks.sandbox.sqlserver import SqlServer
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source.connect import Session, control_session
from mssql_starrocks.source.discover import discover

PASSWORD = "Secret1!"


@pytest.fixture(scope="package")
def source(certificate) -> Iterator[SqlServer]:
    with SqlServer(users={"sa": PASSWORD}, certificate=certificate) as running:
        yield running


@pytest.fixture(scope="package")
def mssql(source, certificate) -> MssqlSettings:
    return MssqlSettings(
        host="localhost",
        port=source.port,
        user="sa",
        password=PASSWORD,
        database="Company",
        ca_file=str(certificate.ca_file),
    )


@pytest.fixture(scope="package")
def session(mssql) -> Iterator[Session]:
    with control_session(mssql) as opened:
        yield opened


@pytest.fixture
def described(mssql, source):
    """What discovery says of a table of this server; the tables are gone after the test."""

    def one(name: str) -> Table:
        return next(table for table in discover(mssql).tables if table.id.name == name)

    yield one
    for (name,) in source.execute("SELECT name FROM sys.tables"):
        source.execute(f"DROP TABLE [{name}]")


@dataclass
class Limited:
    """A session whose server refuses statements with certain words; `answers` stands for what it cannot hold."""

    session: Session
    refused: tuple[str, ...] = ()
    answers: dict[str, list[tuple]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def rows(self, sql):
        self.asked.append(sql)
        for word, rows in self.answers.items():
            if word in sql:
                return rows
        for word in self.refused:  # the server's own error, on the wire
            sql = sql.replace(word, f"no_such_{word}")
        return self.session.rows(sql)

    def run(self, sql):
        self.session.run(sql)


def counts(session: Session, table: Table, plan) -> list[int]:
    """Rows of each chunk, after the server said that every row is in exactly one."""
    name = f"[{table.id.schema}].[{table.id.name}]"
    hits = [f"CASE WHEN {c.predicate or '1 = 1'} THEN 1 ELSE 0 END" for c in plan.chunks]
    strays = session.rows(f"SELECT COUNT(*) AS strays FROM {name} WHERE {' + '.join(hits)} <> 1")
    assert strays == [(0,)], [c.predicate for c in plan.chunks]
    each = ", ".join(f"COUNT(CASE WHEN {c.predicate or '1 = 1'} THEN 1 END) AS n{c.number}" for c in plan.chunks)
    total, *found = session.rows(f"SELECT COUNT(*) AS n, {each} FROM {name}")[0]
    assert sum(found) == total
    return found
