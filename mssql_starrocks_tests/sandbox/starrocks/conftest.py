from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.lake import Lake, running_lake

PASSWORD = "secret"


class Client:
    """A pymysql connection whose `rows` returns what a statement answered."""

    def __init__(self, server: StarRocks, user: str = "root", password: str = PASSWORD, **options: Any) -> None:
        self.connection = pymysql.connect(
            host=server.host, port=server.port, user=user, password=password, autocommit=None, **options
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            self.affected = cursor.execute(sql)
            return list(cursor.fetchall())

    def value(self, sql: str) -> Any:
        ((value,),) = self.rows(sql)
        return value

    def refused(self, sql: str) -> tuple[int, str]:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            self.rows(sql)
        return caught.value.args[0], caught.value.args[1]

    def info(self) -> str:
        return self.connection._result.message[1:].decode()


@pytest.fixture(scope="session")
def lake() -> Iterator[Lake]:
    with running_lake() as found:
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[StarRocks]:
    with StarRocks(users={"root": PASSWORD}) as found:
        yield found


@pytest.fixture
def client(server: StarRocks) -> Iterator[Client]:
    """In a database of its own."""
    found = Client(server)
    found.rows("DROP DATABASE IF EXISTS db FORCE")
    found.rows("CREATE DATABASE db")
    found.rows("USE db")
    yield found
    if found.connection.open:
        found.connection.close()
