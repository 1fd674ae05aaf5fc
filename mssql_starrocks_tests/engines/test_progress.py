"""The advance of a copy: what watchers see, what the terminal shows, and what the load publishes at its end."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mssql_starrocks import stages
from mssql_starrocks.engines.progress import Advance, watched_by
from mssql_starrocks.model import Sizing, TableId
from mssql_starrocks.terminal import live_progress
from mssql_starrocks_tests.platform import Platform

EVENTS = TableId("sales", "events")


@pytest.fixture(scope="module")
def platform(box):
    return Platform(box)


def in_chunks(platform, prefix, **config):
    chain = platform.chains(engine="arrow", lake_prefix=prefix, **config)["sales.events"]
    return replace(chain, sizing=Sizing(max(chain.table.bytes // 5, 1)))


def test_watchers_see_a_copy_from_its_beginning_to_its_last_row(platform):
    seen = []
    with watched_by(seen.append):
        report = platform.snapshot(in_chunks(platform, "watched_"))
    assert {a.load_id for a in seen} == {report.load_id}
    assert (seen[0].rows, seen[0].done) == (0, False)
    assert (seen[-1].rows, seen[-1].done) == (2_000, True)
    assert seen[-1].bytes > 2_000
    platform.snapshot(in_chunks(platform, "unwatched_"))
    assert {a.load_id for a in seen} == {report.load_id}


def test_a_chunk_that_is_read_again_counts_once(platform):
    seen = []
    faults = platform.box.sqlserver.faults
    before = faults.struck()
    faults.deadlock("AS [id]", after_rows=100, times=1)
    with watched_by(seen.append):
        report = platform.snapshot(in_chunks(platform, "again_", maximum_grade="D"))
    assert faults.struck() == before + 1
    assert report.copied.rows == seen[-1].rows == 2_000


@pytest.mark.spark
def test_watchers_see_sparks_copies_too(box, spark_source):
    platform, seen, said = Platform(box, spark_source), [], []
    chain = platform.chains(engine="spark", lake_prefix="spark_watched_")["sales.events"]
    with watched_by(seen.append):
        report = stages.snapshot(chain, platform.settings.mssql, platform.settings.lake, spark_source, said.append)
    assert any("Spark's UI while it runs: http://127.0.0.1:" in line for line in said)
    assert {a.load_id for a in seen} == {report.load_id}
    assert (seen[-1].rows, seen[-1].done) == (2_000, True)


def test_rate_and_time_left():
    advance = Advance(EVENTS, "l1", rows=500, bytes=3 << 20, estimated_rows=2_000, seconds=2.0)
    assert (advance.rate, advance.seconds_left) == (250.0, 6.0)
    assert str(advance) == "500 rows, 3 MiB, 250 rows/s, 6 s left"
    assert replace(advance, rows=0).seconds_left == 0.0
    assert replace(advance, rows=3_000).seconds_left == 0.0  # the catalog's estimate was too low


def shown(platform, prefix, *, terminal):
    out = io.StringIO()
    with live_progress(Console(file=out, force_terminal=terminal, width=120)):
        platform.snapshot(in_chunks(platform, prefix))
    return out.getvalue()


def test_a_terminal_shows_the_table_while_it_is_copied(platform):
    assert "sales.events" in shown(platform, "shown_", terminal=True)


def test_what_is_no_terminal_stays_clean(platform):
    assert shown(platform, "piped_", terminal=False) == ""


def test_a_load_publishes_its_rates_and_its_memory(platform):
    from mssql_starrocks.orchestration.reports import snapshot_result

    report = platform.snapshot(in_chunks(platform, "rates_"))
    metadata = snapshot_result(report).metadata
    assert metadata["rows_per_cpu_second"] == round(2_000 / report.copied.cpu_seconds)
    assert metadata["rows_per_second"] == round(2_000 / report.copied.seconds)
    assert metadata["peak_memory_mib"] > 50
