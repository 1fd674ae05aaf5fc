"""The arrow engine when the source, the network, the disk or the user let it down: an error, never a short table."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mssql_starrocks.errors import EngineError, LakeError, MssqlStarrocksError, SourceError, SourceUnreachableError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.files import RollingWriter
from mssql_starrocks.model import Grade
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.platform import Platform, failed

ROWS = 6_000
PATIENCE = 2  # s
QUERY = "SELECT [id] AS [id], [v] AS [v] FROM [dbo].[t]"
OFFSETS = sorted(random.Random(5).sample(range(1, 400_000), 10))  # noqa: S311 - not for secrets


class _Made(Platform):
    """A source table of 6,000 rows and a local lake."""

    def __init__(self, box, folder):
        super().__init__(box)
        self.folder = folder
        self.more = {
            "MSSQL_MAX_CONNECTIONS": "3",
            "MSSQL_STALL_TIMEOUT": str(PATIENCE),
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

    def chain(self, **config):
        return self.chains(engine="arrow", include=["dbo.t"], **config)["dbo.t"]

    def audit_branches(self, chain):
        table = open_catalog(self.settings.lake).load_table(chain.names.lake)
        return [name for name in table.refs() if name.startswith("audit_")]

    def check_converges(self, chain):
        """Nothing is left of the failure, and the next run does it."""
        assert self.audit_branches(chain) == []
        self.box.sqlserver.faults.clear()
        report = self.snapshot(chain)
        assert not failed(self.prove_snapshot(chain))
        assert sorted(self.ids(chain, report)) == list(range(ROWS))

    def ids(self, chain, report):
        table = open_catalog(self.settings.lake).load_table(chain.names.lake)
        return table.scan(snapshot_id=report.copied.snapshot_id).to_arrow()["id"].to_pylist()


@pytest.fixture(scope="module")
def filled(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        sandbox.sqlserver.execute("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, v nvarchar(60) NULL)")
        for first in range(0, ROWS, 1000):
            rows = ", ".join(f"({i}, N'{i:030d}')" for i in range(first, first + 1000))
            sandbox.sqlserver.execute(f"INSERT INTO dbo.t VALUES {rows}")
        yield sandbox


@pytest.fixture
def made(filled, tmp_path):
    yield _Made(filled, tmp_path)
    filled.sqlserver.faults.clear()


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("fault", ["cut", "kill"])
def test_a_stream_that_ends_too_early_is_an_error_wherever_it_ends(made, fault, offset):
    chain = made.chain()
    getattr(made.box.sqlserver.faults, fault)(QUERY, offset)
    with pytest.raises(SourceError) as raised:
        made.snapshot(chain)
    assert raised.value.transient, raised.value
    made.check_converges(chain)


def test_at_grade_d_a_deadlock_victims_chunk_is_read_again(made):
    chain = made.chain(maximum_grade="D", partitioning=6)
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500, times=2)
    report = made.snapshot(chain)
    assert report.evidence.grade is Grade.D
    assert sorted(made.ids(chain, report)) == list(range(ROWS))
    assert not failed(made.prove_snapshot(chain))


def test_at_grade_d_a_chunk_that_is_always_the_victim_is_given_up(made):
    chain = made.chain(maximum_grade="D")
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500, times=10)
    with pytest.raises(SourceError, match="deadlock victim"):
        made.snapshot(chain)
    made.check_converges(chain)


def test_at_grade_b_a_deadlock_ends_the_point(made):
    chain = made.chain(partitioning=6)
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500)
    with pytest.raises(SourceError, match="deadlock victim") as raised:
        made.snapshot(chain)
    assert raised.value.transient
    made.check_converges(chain)


@pytest.mark.parametrize("offset", [0, 5_000, 200_000])
def test_a_source_that_falls_silent_is_given_up(made, offset):
    chain = made.chain()
    made.box.sqlserver.faults.stall(QUERY, offset)
    with pytest.raises(SourceUnreachableError, match="sent nothing for 2 s .MSSQL_STALL_TIMEOUT"):
        made.snapshot(chain)
    made.check_converges(chain)


_ONE_COPY = """
import json, sys
from mssql_starrocks.settings import Settings
from mssql_starrocks.engines.arrow import peak_rss
from mssql_starrocks_tests.platform import Platform

class Box:
    def environment(self):
        return json.loads(sys.argv[1])

platform = Platform(Box())
chain = platform.chains(engine="arrow", include=[sys.argv[2]])[sys.argv[2]]
from mssql_starrocks.lake.catalog import open_catalog
open_catalog(platform.settings.lake)
before = peak_rss()
print("begins", flush=True)
try:
    platform.snapshot(chain)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(3)
except Exception as error:
    print(type(error).__name__, error, flush=True)
    sys.exit(4)
print("copied", peak_rss() - before, flush=True)
"""


def start(made, table="dbo.t"):
    import json

    return subprocess.Popen(
        [sys.executable, "-c", _ONE_COPY, json.dumps(made.environment), table],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    print(time, Path, EngineError, LakeError, MssqlStarrocksError, RollingWriter, start)
