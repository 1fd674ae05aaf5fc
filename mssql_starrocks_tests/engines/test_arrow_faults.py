"""The arrow engine when the source, the network, the disk or the user let it down: an error, never a short table."""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import mssql_starrocks
from mssql_starrocks.errors import SourceError, SourceUnreachableError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.model import Grade
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.platform import Platform, failed

ROWS = 6_000
PATIENCE = 2  # s
QUERY = "SELECT [id] AS [id], [v] AS [v] FROM [dbo].[t]"
_PAUSE = threading.Event()  # between two questions to a server that has two cores to answer with
OFFSETS = sorted(random.Random(5).sample(range(1, 400_000), 10))


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
        chance = random.Random(5)
        sandbox.sqlserver.execute("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, v nvarchar(60) NULL)")
        for first in range(0, ROWS, 1000):
            rows = ", ".join(f"({i}, N'{chance.randbytes(15).hex()}')" for i in range(first, first + 1000))
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
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def readers(box):
    return box.sqlserver.execute("SELECT session_id FROM sys.dm_exec_sessions WHERE login_name = 'sandbox_reader'")


@pytest.mark.parametrize("after", [0, 700, ROWS])
def test_a_failed_done_without_an_error_is_an_error(made, after):
    """In a child: the Rust driver may wait for more while it holds the interpreter's lock."""
    made.chain()
    made.box.sqlserver.faults.silence(QUERY, after)
    with child(made) as process:
        said = process.communicate(timeout=60)[0]
    assert re.match(
        "SourceError .*DONE token without preceding ERROR|SourceUnreachableError .*sent nothing for 2 s", said
    )
    made.check_converges(made.chain())


def test_a_failed_done_among_long_values_is_an_error(made, long_values):
    made.box.sqlserver.faults.silence(long_values, 20)
    with child(made, "dbo.l") as process:
        said = process.communicate(timeout=60)[0]
    assert re.match(
        "SourceError .*DONE token without preceding ERROR|SourceUnreachableError .*sent nothing for 2 s", said
    )


@pytest.mark.xfail(strict=True, raises=subprocess.TimeoutExpired, reason="mssql-python holds the interpreter's lock")
def test_a_source_that_falls_silent_inside_a_long_value_is_given_up(made, long_values):
    """No thread of the process runs any more, the watchdog's and Ctrl-C's included; another process could end it."""
    made.box.sqlserver.faults.stall(long_values, 300_000)
    with child(made, "dbo.l") as process:
        process.communicate(timeout=10 * PATIENCE)


def test_memory_is_bounded_for_long_values(made):
    """100 values of 2 MB each on the wire, about as long as StarRocks can take them."""
    lengthy(made.box, "huge", 100_000)
    made.more["MSSQL_STALL_TIMEOUT"] = "300"
    with child(made, "dbo.huge") as process:
        said = process.communicate(timeout=120)[0].split()
    assert said[0] == "copied", said
    assert int(said[1]) < 300_000, "kB"


@pytest.fixture(scope="module")
def long_values(filled):
    """The query of a table of 100 values of 18 kB."""
    return lengthy(filled, "l", 900)


def lengthy(box, table, tens):
    value = f"REPLICATE(CAST(CAST(id + 1000000000 AS nvarchar(10)) AS nvarchar(max)), {tens})"
    box.sqlserver.execute(f"CREATE TABLE dbo.{table} (id int NOT NULL PRIMARY KEY, v nvarchar(max) NULL)")
    box.sqlserver.execute(f"INSERT INTO dbo.{table} SELECT id, {value} FROM dbo.t WHERE id < 100")
    return f"SELECT [id] AS [id], [v] AS [v] FROM [dbo].[{table}]"


def test_ctrl_c_ends_the_query_and_leaves_no_branch(made):
    made.more["MSSQL_STALL_TIMEOUT"] = "300"
    faults = made.box.sqlserver.faults
    before = faults.struck()
    faults.stall(QUERY, 5_000)
    with child(made) as process:
        while faults.struck() == before:
            assert process.poll() is None
            _PAUSE.wait(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[0]
    assert said.startswith("KeyboardInterrupt")
    while readers(made.box):  # the server needs a moment to see that the connections are gone
        _PAUSE.wait(0.05)
    made.check_converges(made.chain())


def test_a_full_disk_is_a_clear_error_and_nothing_is_published(made):
    made.chain()
    with child(made, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))) as process:
        said = process.communicate(timeout=60)[0]
    assert re.match(r"LakeError table dbo\.t: OSError: .*(File too large|No space)", said), said
    made.check_converges(made.chain())
