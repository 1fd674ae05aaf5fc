"""The servers of a benchmark: SQL Server's stand-in in a process of its own, Glue and S3, and StarRocks if wanted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import table
from mssql_starrocks.sandbox import aws
from mssql_starrocks.sandbox.certificate import Certificate, make_certificate
from mssql_starrocks.sandbox.sqlserver import SqlServer
from mssql_starrocks.sandbox.starrocks import StarRocks

USER, PASSWORD, DATABASE = "sa", "Secret1!", "Bench"
_NO_WAREHOUSE = {"STARROCKS_HOST": "127.0.0.1", "STARROCKS_USER": "nobody"}  # settings must be complete
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Place:
    """What runs, and how clients reach it."""

    sqlserver: SqlServer
    environment: dict[str, str]

    def server_cpu(self) -> float:
        """CPU seconds that the stand-in has used so far."""
        fields = Path(f"/proc/{self.sqlserver.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def running(*, warehouse: bool = False, tls: bool = False) -> Iterator[Place]:
    """Without TLS the replayed rows go from file to socket; with it the stand-in must encrypt them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mssql_starrocks_bench_")))
        certificate = make_certificate(folder)
        server = SqlServer(users={USER: PASSWORD}, database=DATABASE, certificate=certificate, encryption="optional")
        stack.enter_context(server)
        store = aws.Aws()
        stack.callback(store.close)
        store.start()
        found = _lake(store) | _source(server, certificate, tls) | _NO_WAREHOUSE | {"BENCH_FOLDER": str(folder)}
        if warehouse:
            found |= _warehouse(stack, certificate)
        yield Place(server, found)


def with_table(place: Place, rows: int) -> None:
    """The benchmark's table, replayed from now on."""
    place.sqlserver.execute(f"CREATE SCHEMA {table.SCHEMA}")
    table.fill(place.sqlserver, rows)
    place.sqlserver.replay(f"{table.SCHEMA}.{table.NAME}")


def _source(server: SqlServer, certificate: Certificate, tls: bool) -> dict[str, str]:
    found = {
        "MSSQL_HOST": "localhost",
        "MSSQL_PORT": str(server.port),
        "MSSQL_USER": USER,
        "MSSQL_PASSWORD": PASSWORD,
        "MSSQL_DATABASE": DATABASE,
        "MSSQL_ENCRYPT": str(tls).lower(),
    }
    return found | ({"MSSQL_CA_FILE": str(certificate.ca_file)} if tls else {})


def _lake(store: aws.Aws) -> dict[str, str]:
    return {
        "ICEBERG_CATALOG_TYPE": "glue",
        "AWS_REGION": aws.REGION,
        "AWS_DEFAULT_REGION": aws.REGION,
        "AWS_ACCESS_KEY_ID": aws.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY,
        "AWS_ENDPOINT_URL": store.endpoint,
        "S3_BUCKET": aws.BUCKET,
        "S3_WAREHOUSE_PATH": "warehouse",
    }


def _warehouse(stack: ExitStack, certificate: Certificate) -> dict[str, str]:
    starrocks = StarRocks(users={"root": PASSWORD}, certificate=certificate)
    stack.callback(starrocks.close)
    starrocks.start()
    return {
        "STARROCKS_HOST": starrocks.host,
        "STARROCKS_PORT": str(starrocks.port),
        "STARROCKS_USER": "root",
        "STARROCKS_PASSWORD": PASSWORD,
        "STARROCKS_CA_FILE": str(certificate.ca_file),
    }
