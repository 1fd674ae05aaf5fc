"""A source that can be let down in the middle of a copy, and copies in processes of their own."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import mssql_starrocks
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.platform import Platform, failed

ROWS = 6_000
LONG_ROWS = 100
QUERY = "SELECT [id] AS [id], [v] AS [v] FROM [dbo].[t]"
PAUSE = threading.Event()  # between two questions to a server that has two cores to answer with


class Made(Platform):
    """A source table of 6,000 rows and a local lake."""

    def __init__(self, box, folder):
        super().__init__(box)
        self.folder = folder
        self.more = {
            "MSSQL_MAX_CONNECTIONS": "3",
            "MSSQL_STALL_TIMEOUT": "300",
            "ICEBERG_CATALOG_TYPE": "sql",
            "ICEBERG_CATALOG_URI": f"sqlite:///{folder}/catalog.db",
            "S3_BUCKET": "",
            "S3_WAREHOUSE_PATH": str(folder / "warehouse"),
        }

    @property
    def environment(self):
        return {**self.box.environment(), **self.more}

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environment, dotenv=None)

    def chain(self, table="dbo.t", **config):
        return self.chains(engine="arrow", include=[table], **config)[table]

    def impatient(self):
        """Give a silent source up after the least time that can be set, one second."""
        self.more["MSSQL_STALL_TIMEOUT"] = "1"

    def audit_branches(self, chain):
        table = open_catalog(self.settings.lake).load_table(chain.names.lake)
        return [name for name in table.refs() if name.startswith("audit_")]

    def check_converges(self, chain, rows=ROWS):
        """Nothing is left of the failure, and the next run does it."""
        self.more["MSSQL_STALL_TIMEOUT"] = "300"
        assert self.audit_branches(chain) == []
        self.box.sqlserver.faults.clear()
        report = self.snapshot(chain)
        assert not failed(self.prove_snapshot(chain))
        assert sorted(self.ids(chain, report)) == list(range(rows))

    def ids(self, chain, report):
        table = open_catalog(self.settings.lake).load_table(chain.names.lake)
        return table.scan(snapshot_id=report.copied.snapshot_id).to_arrow()["id"].to_pylist()


_ONE_COPY = """
import json, sys
from pathlib import Path
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform
from mssql_starrocks.settings import Settings

class Child(Platform):
    settings = Settings.load(json.loads(sys.argv[1]), dotenv=None)

def peak():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)

platform, table = Child(None), sys.argv[2]
chain = platform.chains(engine="arrow", include=[table])[table]
open_catalog(platform.settings.lake)
before = peak()
try:
    platform.snapshot(chain)
except BaseException as error:
    print(type(error).__name__, error)
else:
    print("copied", peak() - before)
"""


@contextmanager
def child(made, table="dbo.t", before=None):
    """A copy in a process of its own."""
    root = str(Path(mssql_starrocks.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", _ONE_COPY, json.dumps(made.environment), table],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
        preexec_fn=before,  # noqa: PLW1509 - limits of the process, nothing else
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def readers(box):
    return box.sqlserver.execute("SELECT session_id FROM sys.dm_exec_sessions WHERE login_name = 'sandbox_reader'")


def lengthy(box, table, tens, rows=LONG_ROWS):
    value = f"REPLICATE(CAST(CAST(id + 1000000000 AS nvarchar(10)) AS nvarchar(max)), {tens})"
    box.sqlserver.execute(f"CREATE TABLE dbo.{table} (id int NOT NULL PRIMARY KEY, v nvarchar(max) NULL)")
    box.sqlserver.execute(f"INSERT INTO dbo.{table} SELECT id, {value} FROM dbo.t WHERE id < {rows}")
    return f"SELECT [id] AS [id], [v] AS [v] FROM [dbo].[{table}]"


def await_fault(made, process, before):
    while made.box.sqlserver.faults.struck() == before:
        assert process.poll() is None
        PAUSE.wait(0.05)
