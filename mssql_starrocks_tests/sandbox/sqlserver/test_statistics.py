"""Statistics functions and TABLESAMPLE: what their documentation says of any answer holds for these."""

from typing import Any

import pyarrow as pa
import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

HISTOGRAM = (
    "SELECT h.step_number, {high} AS high, h.range_rows, h.equal_rows, h.distinct_range_rows, h.average_range_rows "
    "FROM sys.dm_db_stats_histogram({table}, {stats}) h ORDER BY h.step_number"
)


@pytest.fixture(scope="module")
def skewed(server: SqlServer) -> int:
    server.execute("CREATE TABLE skewed (k int NULL, d date NULL, at datetime NULL)")
    server.execute("CREATE CLUSTERED INDEX ix_k ON skewed (k); CREATE INDEX ix_at ON skewed (at)")
    keys = [None] * 5 + [7] * 400 + list(range(10, 3_010))
    server.load_table("dbo", "skewed", {"k": "k"}, pa.table({"k": pa.array(keys, pa.int32())}))
    return int(server.execute("SELECT OBJECT_ID('skewed') AS id")[0][0])


def rows(connect: Any, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    cursor = connect(**more).cursor()
    cursor.execute(sql)
    return list(cursor.fetchall())


def test_each_step_counts_its_rows(server: SqlServer, connect: Any, skewed: int) -> None:
    steps = rows(connect, HISTOGRAM.format(high="CAST(h.range_high_key AS int)", table=skewed, stats=1))
    assert steps[:2] == [(1, None, 0, 5, 0, 1), (2, 7, 0, 400, 0, 1)]
    assert len(steps) <= 200
    assert sum(between + equal for _, _, between, equal, *_ in steps) == 3_405
    (first, high, between, *_), *_ = steps[2:]
    assert rows(connect, f"SELECT COUNT(*) AS n FROM skewed WHERE k > 7 AND k < {high}") == [(between,)]
    assert first == 3
    for _, _, between, *rest in steps[2:]:
        assert rest == [1, between, 1]
    assert steps[-1][1] == 3_009


def test_properties_say_how_many_rows_were_read(connect: Any, skewed: int) -> None:
    sql = (
        "SELECT s.name, c.column_id, p.rows, p.rows_sampled, p.modification_counter FROM sys.stats s "
        "JOIN sys.stats_columns c ON c.object_id = s.object_id AND c.stats_id = s.stats_id "
        f"CROSS APPLY sys.dm_db_stats_properties(s.object_id, s.stats_id) p WHERE s.object_id = {skewed} "
        "ORDER BY s.stats_id"
    )
    assert rows(connect, sql) == [("ix_k", 1, 3_405, 3_405, 0), ("ix_at", 3, 3_405, 3_405, 0)]


def test_who_may_not_select_gets_no_rows(server: SqlServer, connect: Any, skewed: int) -> None:
    server.deny_select("reader", "skewed")
    login = {"user": "reader", "password": "Reader1!"}
    high = "CAST(h.range_high_key AS int)"
    assert rows(connect, HISTOGRAM.format(high=high, table=skewed, stats=1), **login) == []
    properties = f"SELECT p.rows FROM sys.dm_db_stats_properties({skewed}, 1) p"
    assert rows(connect, properties, **login) == []
    assert rows(connect, properties) == [(3_405,)]


@pytest.mark.parametrize(
    "sql",
    [
        HISTOGRAM.format(high="CAST(h.range_high_key AS date)", table="{0}", stats=1),  # it holds an int
        HISTOGRAM.format(high="h.step_number", table="{0}", stats=2),  # of datetime
        "SELECT p.steps FROM sys.dm_db_stats_properties({0}, 1) p",
        "SELECT 1 AS n FROM sys.stats s CROSS APPLY sys.dm_db_stats_histogram(s.object_id, s.stats_id) h",
        "SELECT 1 AS n FROM sys.dm_db_index_physical_stats(1, {0}, 1, 1, 1) p",
        "SELECT k FROM skewed TABLESAMPLE (100 ROWS)",
        "SELECT name FROM sys.tables TABLESAMPLE (10 PERCENT)",
    ],
)
def test_what_is_not_known_exactly_is_refused(connect: Any, skewed: int, sql: str) -> None:
    with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
        rows(connect, sql.format(skewed))


def test_a_sample_is_some_whole_rows_and_the_same_again(connect: Any, skewed: int) -> None:
    sql = "SELECT x.k FROM skewed AS x TABLESAMPLE SYSTEM ({0} PERCENT) REPEATABLE (3) WHERE x.k > 100 ORDER BY x.k"
    some = rows(connect, sql.format(30))
    every = rows(connect, sql.format(100))
    assert 0 < len(some) < len(every) == 2_909
    assert set(some) < set(every)
    assert rows(connect, sql.format(30)) == some
    assert rows(connect, sql.format(0)) == []
