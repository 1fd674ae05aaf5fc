"""One small database, copied; its tables are damaged by single tests, each its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.report import Asked, Report, gather
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.platform import Platform

EVIL = "<script>alert(1)</script>"
TABLES = ("fine", "lossy", "other", "behind", EVIL)
REFUSED = "CREATE TABLE dbo.refused (share float NOT NULL PRIMARY KEY)"


@dataclass
class Copied:
    platform: Platform
    manifest: Manifest
    config: Config

    def asked(self, *names: str) -> Asked:
        chains, refused = plan_chains(self.manifest, self.config)
        wanted = [f"dbo.{name}" for name in names]
        found = tuple(c for c in chains if str(c.table.id) in wanted or not wanted)
        left = tuple(r for r in refused if str(r.table) in wanted or not wanted)
        return Asked("a test", found, left, self.manifest, self.config)

    def report(self, *names: str) -> Report:
        settings = self.platform.settings
        return gather(self.asked(*names), settings.lake, settings.starrocks)

    def chain(self, name: str):
        return self.asked(name).chains[0]


@pytest.fixture(scope="session")
def copied(certificate) -> Iterator[Copied]:
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        for name in (*TABLES, "unloaded", "unpublished", "never"):
            _make(box.sqlserver, name)
        box.sqlserver.execute(REFUSED)
        platform = Platform(box)
        copied = Copied(platform, discover(platform.settings.mssql), Config(lake_prefix="report_"))
        for name in TABLES:
            platform.copy(copied.chain(name))
        for name in ("unloaded", "unpublished"):
            platform.snapshot(copied.chain(name))
        platform.publish(copied.chain("unloaded"))
        yield copied


def _make(server, name: str) -> None:
    extra = ", kind sql_variant NULL" if name == "lossy" else ""
    server.execute(
        f"CREATE TABLE dbo.[{name}] (id int NOT NULL PRIMARY KEY, [<b>name] nvarchar(40) NULL, share float NULL{extra})"
    )
    values = ", CAST(7 AS bigint)" if extra else ""
    rows = ", ".join(f"({n}, N'<img src=x onerror=alert(2)> {n}', {n}.5{values})" for n in (1, 2, 3))
    server.execute(f"INSERT INTO dbo.[{name}] VALUES {rows}")
