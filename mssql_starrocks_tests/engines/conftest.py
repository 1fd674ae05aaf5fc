"""A sandbox whose source may be let down."""

import random

import pytest

from mssql_starrocks_tests.engines.faulty import ROWS, Made, lengthy


@pytest.fixture(scope="session")
def filled(certificate):
    """A table of short values."""
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        chance = random.Random(5)
        sandbox.sqlserver.execute("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, v nvarchar(60) NULL)")
        for first in range(0, ROWS, 1000):
            rows = ", ".join(f"({i}, N'{chance.randbytes(15).hex()}')" for i in range(first, first + 1000))
            sandbox.sqlserver.execute(f"INSERT INTO dbo.t VALUES {rows}")
        yield sandbox


@pytest.fixture
def made(filled, tmp_path):
    yield Made(filled, tmp_path)
    filled.sqlserver.faults.clear()


@pytest.fixture(scope="session")
def long_values(filled):
    """The query of a table of 100 values of 18 kB."""
    return lengthy(filled, "l", 900)
