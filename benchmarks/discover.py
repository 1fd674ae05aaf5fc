"""Discovery and planning of many tables against the sandbox. Usage: python benchmarks/discover.py [tables]"""

import os
import platform
import sys
import time

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.sandbox.stack import Sandbox
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.connect import ControlSession
from mssql_starrocks.source.discover import discover

COLUMNS = (
    "id int NOT NULL PRIMARY KEY, a bigint NULL, b decimal(18,4) NULL, c nvarchar(100) NULL, d varchar(50) NULL, "
    "e datetime2(7) NULL, f float NULL, g bit NULL, h uniqueidentifier NULL, i varbinary(max) NULL"
)


def main(tables: int) -> None:
    statements = 0
    rows = ControlSession.rows

    def counted(self, *arguments):
        nonlocal statements
        statements += 1
        return rows(self, *arguments)

    ControlSession.rows = counted
    with Sandbox(sample=False) as box:
        for number in range(tables):
            box.sqlserver.execute(f"CREATE TABLE dbo.t{number:04d} ({COLUMNS})")
        settings = Settings.load(box.environment(), dotenv=None)
        started = time.perf_counter()
        manifest = discover(settings.mssql)
        discovered = time.perf_counter()
        chains, refused = plan_chains(manifest, Config())
        planned = time.perf_counter()
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, sandbox")
    print(f"{len(chains):,} tables x 10 columns, {len(refused)} refused, {statements} catalog queries")
    print(f"discovery {discovered - started:.2f} s, planning {planned - discovered:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
