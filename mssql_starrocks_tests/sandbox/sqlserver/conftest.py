"""One server for the whole folder; connections by real drivers."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

os.environ.setdefault("MSSQL_PYTHON_NATIVE_PROVIDER", "mssql-odbc")  # loads from the wheel alone

import mssql_python
import pymssql

from mssql_starrocks.sandbox.certificate import Certificate, make_certificate
from mssql_starrocks.sandbox.sqlserver import SqlServer

mssql_python.pooling(enabled=False)
PASSWORD = "Secret1!"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def server(certificate: Certificate) -> Iterator[SqlServer]:
    users = {"sa": PASSWORD, "reader": "Reader1!"}
    with SqlServer(users=users, certificate=certificate) as running:
        yield running


@pytest.fixture
def connect(server: SqlServer) -> Iterator[Callable[..., Any]]:
    """pymssql connections, closed at the end of the test."""
    opened = []

    def one(**more: Any) -> Any:
        options = {
            "user": "sa",
            "password": PASSWORD,
            "database": "Company",
            "encryption": "require",
            "autocommit": True,
        }
        made = pymssql.connect(server=server.host, port=str(server.port), **{**options, **more})
        opened.append(made)
        return made

    yield one
    for link in opened:
        link.close()


@pytest.fixture
def connect_odbc(server: SqlServer) -> Iterator[Callable[..., Any]]:
    """mssql-python connections."""
    opened = []

    def one(extra: str = "TrustServerCertificate=yes", **more: Any) -> Any:
        text = f"Server=localhost,{server.port};Database=Company;UID=sa;PWD={PASSWORD};Encrypt=yes;{extra}"
        made = mssql_python.connect(text, **{"autocommit": True, **more})
        opened.append(made)
        return made

    yield one
    for link in opened:
        link.close()
