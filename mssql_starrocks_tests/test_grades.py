"""How exact a copy is, with a writer at work: rows come in pairs whose sum is zero in every committed state."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pymssql
import pytest

from mssql_starrocks.engines.arrow import ArrowEngine
from mssql_starrocks.errors import ConfigError, NotCertifiedError, SourceError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.model import Grade
from mssql_starrocks.settings import Settings
from mssql_starrocks.source import point as points
from mssql_starrocks.source.chunking import plan as cutting
from mssql_starrocks.source.connect import ReaderSession
from mssql_starrocks.stages import reading
from mssql_starrocks_tests.platform import Platform, failed

PAIRS = 300
CHUNKS = 6
BEGINS = "SELECT TOP (1) 1 FROM [dbo].[pairs]"


class _Made(Platform):
    """A source table of pairs, six chunks, at most three connections, and the points that were held."""

    def __init__(self, box):
        super().__init__(box)
        self.more = {"MSSQL_MAX_CONNECTIONS": "3"}
        self.points = []
        rows = ", ".join(f"({i}, {n}, N'x')" for i in range(PAIRS) for n in (i, -i))
        self.source("CREATE TABLE dbo.pairs (id int IDENTITY(1, 1) NOT NULL PRIMARY KEY, pair int NOT NULL, "
                    "v int NOT NULL, t nvarchar(20) NULL)")  # fmt: skip
        self.source(f"INSERT INTO dbo.pairs (pair, v, t) VALUES {rows}")

    @property
    def settings(self) -> Settings:
        return Settings.load({**self.box.environment(), **self.more}, dotenv=None)

    def source(self, sql, database=None):
        return self.box.sqlserver.execute(sql, database)

    def chain(self, **config):
        return self.chains(engine="arrow", partitioning=CHUNKS, **config)["dbo.pairs"]

    def rows(self, chain, report):
        """What the load holds, as (id, pair, v)."""
        table = open_catalog(self.settings.lake).load_table(chain.names.lake)
        found = table.scan(snapshot_id=report.copied.snapshot_id).to_arrow()
        return sorted(zip(*(found[name].to_pylist() for name in ("id", "pair", "v")), strict=True))


@pytest.fixture
def made(own_box, monkeypatch):
    platform = _Made(own_box)

    @contextmanager
    def watched(*arguments):
        with points.hold_point(*arguments) as point:
            platform.points.append(point)
            yield point

    monkeypatch.setattr(reading, "hold_point", watched)
    return platform


@contextmanager
def connected(box) -> Iterator[pymssql.Cursor]:
    link = pymssql.connect(
        server="localhost",
        port=str(box.sqlserver.port),
        user="sa",
        password="Sandbox-Admin-1",
        database="Company",
        autocommit=True,
        encryption="require",
    )
    try:
        yield link.cursor()
    finally:
        link.close()


@contextmanager
def writing(box) -> Iterator[list[int]]:
    """Change and add pairs without rest; gives the number of each committed change."""
    stop, begun, done = threading.Event(), threading.Event(), []

    def write(cursor) -> None:
        while not stop.is_set():
            one = len(done) % PAIRS
            cursor.execute(f"BEGIN TRAN; UPDATE dbo.pairs SET v = v + 7 WHERE pair = {one} AND id % 2 = 0")
            cursor.execute(f"UPDATE dbo.pairs SET v = v - 7 WHERE pair = {one} AND id % 2 = 1")
            cursor.execute(
                f"INSERT INTO dbo.pairs (pair, v) VALUES ({PAIRS + len(done)}, 5), ({PAIRS + len(done)}, -5)"
            )
            cursor.execute("COMMIT")
            done.append(len(done))
            begun.set()

    with connected(box) as cursor:
        thread = threading.Thread(target=write, args=(cursor,))
        thread.start()
        try:
            assert begun.wait(60)
            yield done
        finally:
            stop.set()
            thread.join()


def one_state(rows) -> bool:
    """Every pair is whole and sums to zero."""
    sums, sizes = {}, {}
    for _, pair, v in rows:
        sums[pair] = sums.get(pair, 0) + v
        sizes[pair] = sizes.get(pair, 0) + 1
    return set(sums.values()) == {0} and set(sizes.values()) == {2}


def test_three_connections_copy_one_state_of_a_table_that_is_written_all_the_time(made):
    chain = made.chain()
    with writing(made.box) as done:
        for _ in range(3):
            before = len(done)
            report = made.snapshot(chain)
            assert len(done) > before
            assert not failed(made.prove_snapshot(chain))
            rows = made.rows(chain, report)
            assert one_state(rows)
            assert len(rows) == report.evidence.fingerprint.rows
    assert {(len(p.sessions), p.grade) for p in made.points} == {(3, Grade.B)}


def changed(cursor) -> bool:
    """Change every row, unless there is a lock."""
    try:
        cursor.execute("UPDATE dbo.pairs SET v = v + CASE id % 2 WHEN 0 THEN 1 ELSE -1 END")
    except pymssql.Error as error:
        if error.args[0] != 1222:
            raise
        return False
    return True


@pytest.fixture
def tried(made, monkeypatch):
    """A change of every row is tried whenever a session has begun its snapshot; whether each was let in."""
    made.more["MSSQL_CHUNK_PAUSE"] = "0.1"  # each connection gets chunks
    real, let_in = ReaderSession.rows, []

    def rows(session, sql):
        found = real(session, sql)
        if sql == BEGINS:
            with connected(made.box) as cursor:
                cursor.execute("SET LOCK_TIMEOUT 0")
                let_in.append(changed(cursor))
        return found

    monkeypatch.setattr(ReaderSession, "rows", rows)
    return let_in


def test_nobody_writes_between_the_snapshots_of_one_point(made, tried):
    chain = made.chain()
    report = made.snapshot(chain)
    assert tried == [False] * 3
    assert not failed(made.prove_snapshot(chain))
    assert one_state(made.rows(chain, report))


def test_without_the_lock_the_proof_fails(made, tried, monkeypatch):
    """The two tests above can fail: what they assert is the lock's doing."""
    monkeypatch.setattr(points, "_lock", lambda *_: True)
    chain = made.chain()
    report = made.snapshot(chain)
    assert tried == [True] * 3
    assert any("values" in summary or "rows" in summary for summary in failed(made.prove_snapshot(chain)))
    assert not one_state(made.rows(chain, report))
    with pytest.raises(NotCertifiedError):
        made.publish(chain)


@pytest.fixture
def statements_only(made):
    """RCSI: each statement sees one instant, transactions do not."""
    made.source("ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION OFF")
    made.source("ALTER DATABASE Company SET READ_COMMITTED_SNAPSHOT ON")
    return made


def test_grade_d_is_certified_when_nobody_writes(statements_only):
    chain = statements_only.chain()
    report = statements_only.snapshot(chain)
    assert report.evidence.grade is Grade.D
    assert not failed(statements_only.prove_snapshot(chain))
    assert len(statements_only.points[0].sessions) == 3
    assert statements_only.publish(chain).rows == 2 * PAIRS


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("UPDATE dbo.pairs SET v = v + 1 WHERE pair = 7", "values"),
        ("INSERT INTO dbo.pairs (pair, v) VALUES (1, 1)", "row_count"),
        ("DELETE FROM dbo.pairs WHERE pair = 250", "row_count"),
    ],
)
def test_grade_d_is_never_published_when_somebody_wrote(statements_only, monkeypatch, change, check):
    real, made = ArrowEngine.copy, statements_only
    monkeypatch.setattr(ArrowEngine, "copy", lambda *a: (made.source(change), real(*a))[1])
    chain = made.chain()
    made.snapshot(chain)
    assert check in [r.name for r in made.prove_snapshot(chain) if not r.passed]
    with pytest.raises(NotCertifiedError):
        made.publish(chain)
    monkeypatch.undo()
    made.snapshot(chain)  # the next run converges
    made.publish(chain)
    assert made.prove_snapshot(chain)[0].passed


def test_grade_e_is_one_stream(made):
    made.source("ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION OFF")
    chain = made.chain()
    report = made.snapshot(chain)
    assert report.evidence.grade is Grade.E
    assert not failed(made.prove_snapshot(chain))
    assert [len(p.sessions) for p in made.points] == [1]


def test_grade_a_is_the_database_as_its_snapshot_has_it(made):
    chain = made.chain()
    with writing(made.box):
        made.source("CREATE DATABASE Company_0600 ON (NAME = Company, FILENAME = 'c.ss') AS SNAPSHOT OF Company")
        made.more["MSSQL_SNAPSHOT_DATABASE"] = "company_0600"
        report = made.snapshot(chain)
        assert not failed(made.prove_snapshot(chain))
    assert report.evidence.grade is Grade.A
    assert len(made.points[0].sessions) == 3
    created = made.source(
        "SELECT CONVERT(varchar(23), create_date, 121) FROM sys.databases WHERE name = 'Company_0600'"
    )
    assert report.evidence.point == created[0][0]
    rows = made.rows(chain, report)
    assert rows == sorted(made.source("SELECT id, pair, v FROM dbo.pairs", "Company_0600"))
    assert rows != sorted(made.source("SELECT id, pair, v FROM dbo.pairs"))
    assert one_state(rows)


def test_what_is_no_snapshot_of_the_database_is_refused(made):
    chain = made.chain()
    made.more["MSSQL_SNAPSHOT_DATABASE"] = "master"
    with pytest.raises(ConfigError, match="MSSQL_SNAPSHOT_DATABASE: master is no snapshot of Company"):
        made.snapshot(chain)
    made.more["MSSQL_SNAPSHOT_DATABASE"] = "Company_0700"
    with pytest.raises(SourceError, match="no database Company_0700.*check MSSQL_SNAPSHOT_DATABASE"):
        made.snapshot(chain)


def test_minimum_grade_refuses_and_says_what_to_do(statements_only):
    message = (
        r"Table dbo\.pairs can only be read at grade D, and minimum_grade is B: "
        r"ALTER DATABASE .* SET ALLOW_SNAPSHOT_ISOLATION ON gives B \(arrow\), MSSQL_SNAPSHOT_DATABASE gives A"
    )
    with pytest.raises(SourceError, match=message):
        statements_only.snapshot(statements_only.chain(minimum_grade="B"))
    assert statements_only.snapshot(statements_only.chain(minimum_grade="D")).evidence.grade is Grade.D


def test_maximum_grade_spares_the_source(made):
    report = made.snapshot(made.chain(maximum_grade="D"))
    assert report.evidence.grade is Grade.D
    assert made.points[0].grade is Grade.D


@pytest.mark.parametrize("lock", ["SELECT COUNT(*) FROM dbo.pairs WITH (TABLOCKX)", "UPDATE dbo.pairs SET v = 0"])
def test_a_locked_table_comes_through_one_connection(made, monkeypatch, lock):
    monkeypatch.setattr(points, "_LOCK_WAIT", 50)
    for source in ("histogram", "sample", "walk"):  # edges from the rows themselves: quantiles
        monkeypatch.setattr(cutting, source, lambda *_: None)
    chain = made.chain()
    with connected(made.box) as holder:
        holder.execute(f"BEGIN TRAN; {lock}")
        report = made.snapshot(chain)
        holder.execute("ROLLBACK")
    assert report.evidence.grade is Grade.B
    assert [len(p.sessions) for p in made.points] == [1]
    assert not failed(made.prove_snapshot(chain))
    assert one_state(made.rows(chain, report))


def test_the_version_of_a_tracked_table_is_recorded_with_its_point(made):
    made.source("ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON")
    made.source("ALTER TABLE dbo.pairs ENABLE CHANGE_TRACKING")
    made.source("INSERT INTO dbo.pairs (pair, v) VALUES (-1, 5), (-1, -5)")
    for grade in ("B", "D", "E"):
        assert made.snapshot(made.chain(maximum_grade=grade)).evidence.change_version == 1
    made.source("ALTER TABLE dbo.pairs DISABLE CHANGE_TRACKING")
    assert made.snapshot(made.chain()).evidence.change_version is None
