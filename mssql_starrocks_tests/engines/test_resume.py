"""A load that ended in the middle goes on where it ended, where that is safe; otherwise it begins anew and says so."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mssql_starrocks.lake import checkpoints, journal
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.model import Grade
from mssql_starrocks.source import kindness
from mssql_starrocks.stages import snapshotting
from mssql_starrocks_tests.engines.faulty import PAUSE, ROWS
from mssql_starrocks_tests.engines.interrupted import BROKEN, CHUNKS, Interrupted
from mssql_starrocks_tests.platform import failed

ENGINES = ("arrow", pytest.param("spark", marks=pytest.mark.spark))


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def often(monkeypatch):
    """A checkpoint whenever there is something to commit, and one connection whatever other tests have used."""
    monkeypatch.setattr(journal, "CHECKPOINT_BYTES", 0)
    monkeypatch.setattr(kindness, "_caps", {})


@pytest.fixture
def made(filled, spark_source, engine, often):
    yield Interrupted(filled, spark_source, engine)
    filled.sqlserver.faults.clear()


def test_chunks_that_are_committed_are_not_read_again(made):
    chain, kept = made.chain(maximum_grade="D"), BROKEN
    _, told = made.broken(chain)
    first = made.left(chain)
    assert first.chunks == frozenset(range(kept))
    assert f"{kept} chunks, {first.rows:,} rows are kept on branch audit_{first.load_id} for the next run" in told[-1]
    predicates = made.predicates(chain)
    again, report, lines = made.reads(predicates[:kept], chain)
    assert again == 0
    assert any(f"load {first.load_id} is resumed: {kept} of {CHUNKS} chunks, {first.rows:,} rows" in x for x in lines)
    assert (report.load_id, report.evidence.point) == (first.load_id, first.point)
    assert (report.copied.rows, report.copied.resumed_rows) == (ROWS, first.rows)
    assert made.whole(chain, report)
    assert not failed(made.prove_snapshot(chain))
    fresh, uninterrupted, _ = made.reads(predicates, chain)
    assert fresh >= CHUNKS
    assert uninterrupted.copied.resumed_rows == 0
    assert made.content(chain, uninterrupted) == made.content(chain, report)


def test_a_load_of_several_commits_is_a_load_like_any_other(made):
    chain = made.chain(maximum_grade="D")
    assert not failed(made.copy(chain))
    before = made.lake(chain).current_snapshot().snapshot_id
    made.source(f"DELETE FROM {made.name} WHERE id % 2 = 1")
    made.source(f"INSERT INTO {made.name} SELECT id, v FROM dbo.t WHERE id % 2 = 1")
    made.source(f"UPDATE {made.name} SET v = N'new' WHERE id < 5000")
    made.broken(chain)
    held = made.lake(chain)
    assert in_lake.newest_audit(held) is None
    assert in_lake.load_of(held, made.left(chain).load_id) is None
    assert not failed(made.copy(chain))
    load = in_lake.published(made.lake(chain))
    assert in_lake.load_before(made.lake(chain), load).snapshot_id == before
    assert made.warehouse(f"SELECT count(*), count(DISTINCT id), sum(v = 'new') FROM {made.name}") == [
        (ROWS, ROWS, 5000)
    ]
    assert made.audit_branches(chain) == []


@pytest.fixture
def arrow(filled, often):
    yield Interrupted(filled, None, "arrow")
    filled.sqlserver.faults.clear()


def test_grade_d_begins_anew_when_the_source_changed(arrow):
    chain = arrow.chain(maximum_grade="D")
    arrow.broken(chain)
    first = arrow.left(chain)
    arrow.source(f"UPDATE {arrow.name} SET v = N'changed' WHERE id = 3")
    report, lines = arrow.run(chain)
    assert any(f"load {first.load_id} is not resumed: the source changed since; the load restarts" in x for x in lines)
    assert report.load_id != first.load_id
    assert report.copied.resumed_rows == 0
    assert not failed(arrow.prove_snapshot(chain))
    rows = arrow.lake(chain).scan(snapshot_id=report.copied.snapshot_id).to_arrow().to_pylist()
    assert [r["v"] for r in rows if r["id"] == 3] == ["changed"]
    assert f"audit_{first.load_id}" in arrow.audit_branches(chain), "left to age"


def test_grade_b_begins_anew_and_says_so(arrow):
    chain = arrow.chain()
    _, lines = arrow.broken(chain)
    assert lines[-1].endswith("failed; grade B reads in one transaction: the load restarts")
    assert arrow.audit_branches(chain) == []
    spared = arrow.chain(maximum_grade="D")
    arrow.broken(spared)
    report, lines = arrow.run(chain)
    assert any("not resumed: grade B reads in one transaction: the load restarts" in line for line in lines)
    assert report.copied.resumed_rows == 0
    assert arrow.whole(chain, report)


def test_grade_a_goes_on_with_the_same_database_snapshot_only(arrow):
    def freeze(name):
        arrow.source(f"CREATE DATABASE {name} ON (NAME = Company, FILENAME = 'c.ss') AS SNAPSHOT OF Company")
        arrow.more["MSSQL_SNAPSHOT_DATABASE"] = name

    chain = arrow.chain()
    freeze("Company_1")
    arrow.broken(chain)
    first = arrow.left(chain)
    arrow.source(f"UPDATE {arrow.name} SET v = N'changed' WHERE id = 3")
    report, _ = arrow.run(chain)
    assert (report.evidence.grade, report.load_id, report.evidence.point) == (Grade.A, first.load_id, first.point)
    assert not failed(arrow.prove_snapshot(chain))
    arrow.broken(chain)
    freeze("Company_2")
    report, lines = arrow.run(chain)
    assert any("the source changed since; the load restarts" in line for line in lines)
    assert report.copied.resumed_rows == 0


def test_several_connections_commit_each_chunk_once(arrow, tmp_path, monkeypatch):
    """Also where a deadlock victim's chunk is read again, and in a catalog that is a file."""
    arrow.more |= {
        "MSSQL_MAX_CONNECTIONS": "3",
        "ICEBERG_CATALOG_TYPE": "sql",
        "ICEBERG_CATALOG_URI": f"sqlite:///{tmp_path}/catalog.db",
        "S3_BUCKET": "",
        "S3_WAREHOUSE_PATH": str(tmp_path / "warehouse"),
    }
    chain = arrow.chain(maximum_grade="D")
    arrow.box.sqlserver.faults.deadlock(arrow.predicates(chain)[2], after_rows=100, times=2)
    arrow.broken(chain)
    first = arrow.left(chain)
    monkeypatch.setattr(kindness, "_caps", {})
    again, report, _ = arrow.reads([arrow.predicates(chain)[n] for n in sorted(first.chunks)], chain)
    assert (again, report.copied.resumed_rows) == (0, first.rows)
    assert arrow.whole(chain, report)
    assert not failed(arrow.prove_snapshot(chain))


def test_other_chunks_begin_anew(arrow):
    arrow.broken(arrow.chain(maximum_grade="D"))
    chain = arrow.chain(maximum_grade="D", partitioning=5)
    report, lines = arrow.run(chain)
    assert any("is not resumed: columns, chunks or how they are read are not the same" in line for line in lines)
    assert report.copied.resumed_rows == 0
    assert arrow.whole(chain, report)


def test_at_level_counts_grade_d_begins_anew(arrow):
    chain = arrow.chain(maximum_grade="D", proof="counts")
    arrow.broken(chain)
    assert arrow.audit_branches(chain) == []
    arrow.broken(arrow.chain(maximum_grade="D"))
    _, lines = arrow.run(chain)
    assert any("proof level counts does not show whether values changed since" in line for line in lines)


@pytest.mark.spark
def test_another_engine_goes_on_even_when_nothing_is_left_to_read(arrow, spark_source, monkeypatch):
    chain = arrow.chain(maximum_grade="D")
    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "finish", lambda self: (self.checkpoint(), 1 / 0))
        arrow.run(chain)
    first = arrow.left(chain)
    assert len(first.chunks) == CHUNKS
    arrow.spark, arrow.engine = spark_source, "spark"
    chain = arrow.chain(maximum_grade="D")
    report, _ = arrow.run(chain)
    assert (report.engine, report.load_id, report.copied.resumed_rows) == ("spark", first.load_id, ROWS)
    assert arrow.whole(chain, report)
    assert not failed(arrow.prove_snapshot(chain))


def test_two_runs_never_go_on_with_the_same_load(made, monkeypatch):
    """Between one run's look at the branch and its first commit, another run goes on to the end."""
    chain = made.chain(maximum_grade="D")
    made.broken(chain)
    first, copy, winner = made.left(chain), snapshotting._copy, []

    def overtaken(*arguments):
        monkeypatch.setattr(snapshotting, "_copy", copy)
        monkeypatch.setattr(kindness, "_caps", {})
        winner.append(made.run(chain)[0])
        return copy(*arguments)

    monkeypatch.setattr(snapshotting, "_copy", overtaken)
    error, _ = made.run(chain)
    assert f"another run goes on with load {first.load_id}; this one stops" in str(error)
    assert winner[0].load_id == first.load_id
    assert made.whole(chain, winner[0])
    assert not failed(made.prove_snapshot(chain))


def test_small_tables_are_one_commit(made, monkeypatch):
    monkeypatch.setattr(journal, "CHECKPOINT_BYTES", 1 << 30)
    chain = made.chain(maximum_grade="D")
    report, _ = made.run(chain)
    ours = [s for s in made.lake(chain).snapshots() if in_lake.LOAD_ID in s.summary.additional_properties]
    assert [s.snapshot_id for s in ours] == [report.copied.snapshot_id]


def test_a_checkpoint_says_what_it_holds(arrow):
    chain = arrow.chain(maximum_grade="D")
    arrow.broken(chain)
    left = arrow.left(chain)
    said = checkpoints.checkpoint_properties(left)
    assert said["mssql-starrocks.chunks"] == "0-3"
    assert checkpoints.checkpoint_of(arrow.lake(chain), f"audit_{left.load_id}") == left
    assert (
        checkpoints.checkpoint_properties(replace(left, chunks=frozenset({0, 2, 3, 9})))["mssql-starrocks.chunks"]
        == "0,2-3,9"
    )
    assert BROKEN not in left.chunks


_ONE_COPY = """
import json, sys
from mssql_starrocks import stages
from mssql_starrocks.lake import journal
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.platform import Platform

class Child(Platform):
    settings = Settings.load(json.loads(sys.argv[1]), dotenv=None)

journal.CHECKPOINT_BYTES = 0
platform, options = Child(None), json.loads(sys.argv[2])
chain = platform.chains(**options)[options["include"][0]]
stages.snapshot(chain, platform.settings.mssql, platform.settings.lake, None, print)
"""


def test_a_process_that_was_killed_is_gone_on_with(arrow):
    chain = arrow.chain(maximum_grade="D")
    predicates = arrow.predicates(chain)
    before = arrow.box.sqlserver.faults.struck()
    arrow.box.sqlserver.faults.stall(predicates[BROKEN], after_bytes=2_000)
    environment = json.dumps({**arrow.box.environment(), **arrow.more})
    options = json.dumps(arrow.options(maximum_grade="D"))
    process = subprocess.Popen(
        [sys.executable, "-c", _ONE_COPY, environment, options], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while arrow.box.sqlserver.faults.struck() == before:
            assert process.poll() is None
            PAUSE.wait(0.05)
    finally:
        process.kill()
        process.wait()
    first = arrow.left(chain)
    assert first.chunks == frozenset(range(BROKEN))
    again, report, _ = arrow.reads(predicates[:BROKEN], chain)
    assert (again, report.load_id, report.evidence.point) == (0, first.load_id, first.point)
    assert arrow.whole(chain, report)
    assert not failed(arrow.prove_snapshot(chain))
