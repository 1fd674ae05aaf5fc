"""Each row is in exactly one chunk, also rows that come at either end while the copy runs."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mssql_starrocks.source.chunks import plan_chunks, predicates
from mssql_starrocks_tests.tables import column, table, things


@given(
    edges=st.lists(st.integers(-1000, 1000), max_size=20, unique=True).map(sorted),
    values=st.lists(st.one_of(st.none(), st.integers(-1500, 1500)), max_size=50),
)
def test_chunks_are_disjoint_and_exhaustive(edges, values):
    chunks = predicates(column("k", "int"), [str(e) for e in edges])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (k INTEGER)")
        if values:
            connection.executemany("INSERT INTO t VALUES (?)", [[v] for v in values])
        for value, many in connection.execute("SELECT k, count(*) FROM t GROUP BY k").fetchall():
            connection.execute("CREATE OR REPLACE TABLE one AS SELECT ?::INTEGER AS k", [value])
            hits = [
                connection.execute(f"SELECT count(*) FROM one WHERE {_duck(c.predicate)}").fetchall()[0][0]
                for c in chunks
            ]
            assert sum(hits) == 1, (value, many)


def _duck(predicate: str) -> str:
    return predicate.replace("[k]", "k") or "true"


class _Session:
    """Answers the edge query."""

    def __init__(self, *keys):
        self.keys, self.asked = keys, []

    def rows(self, sql):
        self.asked.append(sql)
        return [(k,) for k in self.keys]

    def run(self, sql):
        raise AssertionError(sql)


@pytest.mark.parametrize(
    ("kind", "facts", "literal"),
    [
        ("nvarchar", {"max_length": 20}, "CAST(N'O''x' AS nvarchar(10))"),
        ("datetime2", {"scale": 7}, "CONVERT(datetime2(7), N'O''x', 121)"),
        ("datetime", {}, "CONVERT(datetime, N'O''x', 121)"),
        ("decimal", {"precision": 9, "scale": 2}, "CAST(N'O''x' AS decimal(9,2))"),
        ("uniqueidentifier", {}, "CAST(N'O''x' AS uniqueidentifier)"),
    ],
)
def test_edges_are_typed_literals(kind, facts, literal):
    source = table(column("id", kind, nullable=False, **facts), rows=10, bytes=1000)
    first, last = plan_chunks(_Session("O'x"), source, 500)
    assert first.predicate == f"[id] <= {literal}"
    assert last.predicate == f"[id] > {literal}"


def test_small_tables_heaps_and_unsuitable_keys_are_one_chunk():
    session = _Session()
    assert len(plan_chunks(session, things(rows=10, bytes=10), 500)) == 1
    assert len(plan_chunks(session, table(column("c", "int"), key=(), rows=10, bytes=5000), 500)) == 1
    assert len(plan_chunks(session, table(column("id", "sql_variant", nullable=False), rows=9, bytes=5000), 500)) == 1
    assert session.asked == []
