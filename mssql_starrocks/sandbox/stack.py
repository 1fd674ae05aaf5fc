"""The whole sandbox in one process: SQL Server, StarRocks, Glue and S3 on free loopback ports."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from mssql_starrocks.sandbox import aws
from mssql_starrocks.sandbox.certificate import Certificate, make_certificate
from mssql_starrocks.sandbox.sample import DATABASE, EVENTS, fill
from mssql_starrocks.sandbox.sqlserver import LocalServer, SqlServer
from mssql_starrocks.sandbox.starrocks import StarRocks

LOGIN, PASSWORD = "sandbox_reader", "Sandbox-Reader-1"
STARROCKS_USER, STARROCKS_PASSWORD = "root", "Sandbox-StarRocks-1"


class Sandbox:
    """Start with `with Sandbox() as box`; all state is in memory and in one temporary folder, gone at the end.

    `apart` runs SQL Server's stand-in in a process of its own, which clients in this process need: mssql-python's Rust
    driver holds the interpreter's lock while it waits for a long value.
    """

    def __init__(
        self,
        *,
        sample: bool = True,
        events: int = EVENTS,
        certificate: Certificate | None = None,
        apart: bool = True,
    ) -> None:
        self._sample, self._events, self._certificate = sample, events, certificate
        self._server = SqlServer if apart else LocalServer
        self._stack = ExitStack()

    def __enter__(self) -> Sandbox:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mssql_starrocks_sandbox_")))
            self.certificate = self._certificate or make_certificate(folder)
            self.aws = aws.Aws()
            stack.callback(self.aws.close)
            self.aws.start()
            users = {"sa": "Sandbox-Admin-1", LOGIN: PASSWORD}
            self.sqlserver = self._server(users=users, database=DATABASE, certificate=self.certificate)
            stack.callback(self.sqlserver.close)
            self.sqlserver.start()
            self.starrocks = StarRocks(users={STARROCKS_USER: STARROCKS_PASSWORD}, certificate=self.certificate)
            stack.callback(self.starrocks.close)
            self.starrocks.start()
            if self._sample:
                fill(self.sqlserver, self._events)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """The settings to use, under the names of `.env.example`."""
        authority = str(self.certificate.ca_file)
        return {
            "MSSQL_HOST": "localhost",  # Microsoft's ODBC driver matches no IP addresses in certificates
            "MSSQL_PORT": str(self.sqlserver.port),
            "MSSQL_USER": LOGIN,
            "MSSQL_PASSWORD": PASSWORD,
            "MSSQL_DATABASE": DATABASE,
            "MSSQL_CA_FILE": authority,
            "ICEBERG_CATALOG_TYPE": "glue",
            "AWS_REGION": aws.REGION,
            "AWS_ACCESS_KEY_ID": aws.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY,
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "S3_BUCKET": aws.BUCKET,
            "S3_WAREHOUSE_PATH": "warehouse",
            "STARROCKS_HOST": self.starrocks.host,
            "STARROCKS_PORT": str(self.starrocks.port),
            "STARROCKS_USER": STARROCKS_USER,
            "STARROCKS_PASSWORD": STARROCKS_PASSWORD,
            "STARROCKS_CA_FILE": authority,
            "STARROCKS_HTTP_PORT": str(self.starrocks.http_port),
        }


def run_in_foreground(tell: Callable[[Mapping[str, str]], None], *, sample: bool) -> None:
    """Serve until interrupted; `tell` hears the settings once, and the rest goes to standard error."""
    with Sandbox(sample=sample, apart=False) as box:
        tell(box.environment())
        print("# sandbox is up on loopback; Ctrl-C ends it", file=sys.stderr, flush=True)  # noqa: T201
        threading.Event().wait()
