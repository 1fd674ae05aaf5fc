"""How many chunks, and how their edges are found: each way against the SQL Server stand-in."""

import pyarrow as pa
import pytest

from mssql_starrocks.model import Grade, Sizing
from mssql_starrocks.source.chunking import plan_chunks
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks.source.point import hold_point
from mssql_starrocks_tests.source.chunking.conftest import Limited, counts


def made(source, described, name, columns, keys, **data):
    """A table with one row per element of `data`'s lists."""
    source.execute(f"CREATE TABLE {name} ({columns}); {keys}")
    source.load_table("dbo", name, {c: c for c in data}, pa.table(data))
    return described(name)


def numbers(source, described, name, values):
    return made(source, described, name, "id int NOT NULL PRIMARY KEY, v int NULL", "", id=values)


@pytest.fixture(scope="module")
def skewed():
    """100,000 keys over a range of 10 million, 90 % of them in 1 % of it."""
    return sorted({*range(0, 10_000_000, 1000), *range(4_000_001, 4_090_001)})


@pytest.mark.parametrize(("refused", "how"), [((), "histogram"), (("dm_db_stats_histogram",), "walk")])
@pytest.mark.parametrize("wanted", [8, 20])
def test_skewed_keys_give_even_chunks(source, described, session, skewed, refused, how, wanted):
    name = f"skew_{how}_{wanted}"
    table = numbers(source, described, name, skewed)
    plan = plan_chunks(Limited(session, refused), table, Sizing(1 << 40, wanted))
    found = counts(session, table, plan)
    assert (plan.how, len(found)) == (how, wanted)
    assert max(found) <= 3 * min(found), found


def test_chunks_are_about_so_many_bytes(source, described, session):
    table = numbers(source, described, "by_bytes", list(range(20_000)))
    plan = plan_chunks(session, table, Sizing(table.bytes // 5))
    assert len(plan.chunks) == 6
    assert plan_chunks(session, table, Sizing(table.bytes // 5, most=3)).chunks[-1].number == 2
    assert plan_chunks(session, table, Sizing(table.bytes)).how == "one stream"


def test_the_size_of_now_counts_not_that_of_the_discovery(source, described, session):
    table = numbers(source, described, "grown", [1])
    source.load_table("dbo", "grown", {"id": "id"}, pa.table({"id": list(range(2, 5_000))}))
    assert len(plan_chunks(session, table, Sizing(table.bytes)).chunks) > 2


@pytest.mark.parametrize(("rows", "wanted"), [(9_999, 1), (10_000, 8), (500_000, 11), (1_000_000, 16),
                                              (1_000_001, 20), (9_000_000, 28), (10**12, 200)])  # fmt: skip
def test_the_original_cuts_by_rows(rows, wanted):
    assert Sizing(1, "original").wanted(rows, 1 << 50) == wanted


def test_a_number_is_a_number():
    assert Sizing(1 << 40, 7, most=3).wanted(5, 5) == 7
    assert Sizing(1 << 40).wanted(0, 0) == 1


def test_sampled_pages_are_enough_for_even_chunks(source, described, session):
    wide = "id int NOT NULL PRIMARY KEY, " + ", ".join(f"c{n} char(250) NULL" for n in range(8))
    table = made(source, described, "sampled", wide, "", id=[n * n for n in range(40_000)])
    limited = Limited(session, ("dm_db_stats_histogram",))
    plan = plan_chunks(limited, table, Sizing(1 << 40, 8))
    found = counts(session, table, plan)
    assert (plan.how, len(found)) == ("sample", 8)
    assert max(found) <= 3 * min(found), found
    assert not any("COUNT(" in sql for sql in limited.asked)  # COUNT_BIG OVER the sample is no count of the table


def test_a_leading_value_of_many_chunks_is_cut_by_the_second_column(source, described, session):
    a = [7] * 9_000 + list(range(8, 1_008))
    table = made(source, described, "tenants", "a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)", "", a=a,
                 b=list(range(10_000)))  # fmt: skip
    plan = plan_chunks(session, table, Sizing(1 << 40, 10))
    found = counts(session, table, plan)
    assert len(found) == 10
    assert max(found) <= 3 * min(found), found
    assert any(c.predicate.startswith("[a] = CAST(N'7' AS int) AND [b] > ") for c in plan.chunks)


def test_a_value_that_nothing_cuts_stays_whole(source, described, session):
    keys = "CREATE CLUSTERED INDEX ix_days ON days (d)"
    table = made(source, described, "days", "d int NULL, v int NULL", keys, d=[None] * 100 + [5] * 900 + [6] * 100)
    plan = plan_chunks(session, table, Sizing(1 << 40, 10))
    assert counts(session, table, plan) == [1_000, 100]


def test_more_chunks_than_a_walk_takes_are_quantiles(source, described, session):
    table = numbers(source, described, "many", list(range(5_000)))
    limited = Limited(session, ("dm_db_stats_histogram",))
    plan = plan_chunks(limited, table, Sizing(1 << 40, 50))
    assert (plan.how, set(counts(session, table, plan))) == ("quantiles", {100})
    assert len(limited.asked) < 10


def test_stale_statistics_are_not_used(source, described, session):
    table = numbers(source, described, "stale", list(range(1_000)))
    fresh = Limited(session, answers={"p.modification_counter": [(1, 250)]})
    stale = Limited(session, answers={"p.modification_counter": [(1, 251)]})
    assert plan_chunks(fresh, table, Sizing(1 << 40, 4)).how == "histogram"
    assert plan_chunks(stale, table, Sizing(1 << 40, 4)).how == "walk"


def test_coarse_statistics_are_not_used(source, described, session):
    """As SQL Server's own of an identity column: three steps however many rows."""
    table = numbers(source, described, "coarse", list(range(1_000)))
    steps = [("0", 0.0, 1.0), ("998", 997.0, 1.0), ("999", 0.0, 1.0)]
    plan = plan_chunks(Limited(session, answers={"dm_db_stats_histogram": steps}), table, Sizing(1 << 40, 4))
    assert (plan.how, counts(session, table, plan)) == ("walk", [250] * 4)


def test_heaps_are_one_stream_unless_a_number_insists(source, described, session):
    ids = list(range(1_000))
    bare = made(source, described, "heap", "id int NOT NULL, v int NULL", "", id=ids)
    keyed = made(source, described, "keyed", "id int NOT NULL PRIMARY KEY NONCLUSTERED, v int NULL", "", id=ids)
    assert plan_chunks(session, bare, Sizing(1 << 40, 4)).how == "one stream"
    assert plan_chunks(session, keyed, Sizing(1024)).how == "one stream"
    assert len(counts(session, keyed, plan_chunks(session, keyed, Sizing(1 << 40, 4)))) == 4


def test_floats_and_what_is_no_table_are_one_stream(source, described, session):
    table = made(source, described, "floats", "id float NOT NULL PRIMARY KEY", "", id=[float(n) for n in range(1_000)])
    assert plan_chunks(session, table, Sizing(1 << 40, 4)).how == "one stream"
    source.execute("DROP TABLE floats")
    assert plan_chunks(session, table, Sizing(1 << 40, 4)).how == "one stream"


def test_edges_that_the_server_finds_out_of_order_are_not_used(source, described, session):
    table = numbers(source, described, "disorder", list(range(1_000)))
    steps = [(str(n), 0.0, 100.0) for n in (0, 500, 200, 300, 600, 100, 400, 700, 800, 999)]
    plan = plan_chunks(Limited(session, answers={"dm_db_stats_histogram": steps}), table, Sizing(1 << 40, 5))
    assert counts(session, table, plan) == [1_000]


@pytest.fixture
def partitioned(source, described, session):
    """A table as if partitioned on its leading column: the stand-in has no partitions, so its catalog rows are written
    here as sys.indexes, sys.partitions and sys.partition_range_values describe them."""

    def one(name, keys, right, parts):
        table = numbers(source, described, name, keys)
        answers = {
            "i.is_hypothetical": [(1, 1, True, 1, 1, 1)],
            "sys.partition_range_values": [(rows, right, upper) for rows, upper in parts],
        }
        return table, Limited(session, answers=answers)

    return one


@pytest.mark.parametrize("right", [True, False])
def test_partition_bounds_are_edges(source, partitioned, session, right):
    parts = [(100, "100"), (100, "200"), (0, "200000"), (600, "300000"), (200, None)]
    keys = [*range(200), *range(250_000, 250_600), *range(300_001, 300_201)]
    table, limited = partitioned(f"parts_{right}", keys, right, parts)
    plan = plan_chunks(limited, table, Sizing(1 << 40, 5))
    assert (plan.how, counts(session, table, plan)) == ("partitions", [200] * 5)
    source.execute(f"INSERT INTO {table.id.name} (id) VALUES (300000)")  # the boundary value itself
    assert counts(session, table, plan)[-2:] == ([200, 201] if right else [201, 200])
    bound = "[id] < CAST(N'300000' AS int)" if right else "[id] <= CAST(N'300000' AS int)"
    assert bound in plan.chunks[-2].predicate


def test_a_refusal_leaves_the_point_of_the_reading_session(source, mssql, described):
    table = numbers(source, described, "pointed", list(range(1_000)))
    with reader_session(mssql) as reader, hold_point([reader], reader, table, Grade.B) as point:
        plan = plan_chunks(Limited(reader, ("dm_db_stats_histogram",)), table, Sizing(1 << 40, 4))
        source.execute("INSERT INTO pointed (id) VALUES (-1)")
        assert (point.grade, plan.how, counts(reader, table, plan)) == (Grade.B, "walk", [250] * 4)


def test_a_refusal_that_ends_the_transaction_is_an_error(source, described, session):
    class Lost(Limited):
        def rows(self, sql):
            if "SELECT @@TRANCOUNT" in sql:
                return [(0,)]
            return super().rows(sql)

    table = numbers(source, described, "lost", list(range(1_000)))
    with pytest.raises(Exception, match="no_such_dm_db_stats_properties"):
        plan_chunks(
            Lost(session, ("dm_db_stats_properties",), {"t.object_id = ": [(1_000, 10, 1)]}),
            table,
            Sizing(1 << 40, 4),
        )
