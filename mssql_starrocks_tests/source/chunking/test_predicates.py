"""Predicates around edges, as text; that each row is in one of them is test_every_row_once.py."""

import pytest

from mssql_starrocks.source.chunking.literals import declared, literal, text_of
from mssql_starrocks.source.chunking.predicates import Edge, ascends, chunks
from mssql_starrocks_tests.tables import column

A, B = column("a", "int", nullable=False), column("b", "int", nullable=False)


def texts(columns, *edges):
    return [chunk.predicate for chunk in chunks(columns, edges)]


def test_without_edges_one_chunk_takes_all():
    assert texts([A]) == [""]


def test_one_column():
    assert texts([A], Edge(("1",)), Edge(("5",))) == ["[a] <= 1", "[a] > 1 AND [a] <= 5", "[a] > 5"]


def test_null_is_in_the_first_chunk():
    assert texts([column("a", "int")], Edge(("1",)), Edge(("5",)))[:2] == [
        "([a] <= 1 OR [a] IS NULL)",
        "[a] > 1 AND [a] <= 5",
    ]


def test_an_open_edge_is_before_its_value():
    assert texts([A], Edge(("1",), closed=False)) == ["[a] < 1", "[a] >= 1"]


def test_two_columns_seek_by_the_first():
    assert texts([A, B], Edge(("1", "7")), Edge(("2", "8"))) == [
        "[a] <= 1 AND ([a] < 1 OR [b] <= 7)",
        "[a] >= 1 AND ([a] > 1 OR [b] > 7) AND [a] <= 2 AND ([a] < 2 OR [b] <= 8)",
        "[a] >= 2 AND ([a] > 2 OR [b] > 8)",
    ]


def test_inside_one_leading_value_the_second_column_cuts():
    assert texts([A, B], Edge(("1", "7")), Edge(("1", "9")))[1] == "[a] = 1 AND [b] > 7 AND [b] <= 9"


@pytest.mark.parametrize(
    ("one", "two", "test"),
    [
        (Edge(("1",)), Edge(("2",)), "2 > 1"),
        (Edge(("1",), closed=False), Edge(("1",)), "1 >= 1"),
        (Edge(("1",), closed=False), Edge(("1", "5")), "1 >= 1"),
        (Edge(("1", "5")), Edge(("1",)), "1 >= 1"),
        (Edge(("1",)), Edge(("1", "5")), "1 > 1"),
        (Edge(("1", "5")), Edge(("1",), closed=False), "1 > 1"),
        (Edge(("1", "5")), Edge(("1", "6")), "1 >= 1 AND (1 > 1 OR 6 > 5)"),
    ],
)
def test_the_server_is_asked_whether_edges_ascend(one, two, test):
    assert ascends(one, two) == test


@pytest.mark.parametrize(
    ("kind", "facts", "wanted"),
    [
        ("int", {}, "CAST(N'O''x' AS int)"),
        ("nvarchar", {"max_length": 20}, "CAST(N'O''x' AS nvarchar(10))"),
        (
            "varchar",
            {"max_length": 10, "collation": "Cyrillic_General_CI_AS"},
            "CAST(N'O''x' COLLATE Cyrillic_General_CI_AS AS varchar(10))",
        ),
        ("datetime2", {"scale": 7}, "CONVERT(datetime2(7), N'O''x', 121)"),
        ("datetimeoffset", {"scale": 3}, "CONVERT(datetimeoffset(3), N'O''x', 121)"),
        ("datetime", {}, "CONVERT(datetime, N'O''x', 121)"),
        ("decimal", {"precision": 9, "scale": 2}, "CAST(N'O''x' AS decimal(9,2))"),
        ("uniqueidentifier", {}, "CAST(N'O''x' AS uniqueidentifier)"),
        ("binary", {"max_length": 16}, "CONVERT(binary(16), N'O''x', 1)"),
    ],
)
def test_literals_are_typed(kind, facts, wanted):
    assert literal(column("k", kind, **facts), "O'x") == wanted


def test_what_no_statement_can_carry_is_no_edge():
    assert [literal(column("k", "nvarchar", max_length=20), t) for t in ("a\0b", "a\ud83d", "\ufffd")] == [None] * 3


def test_types_without_an_exact_text_are_not_cut():
    assert declared(column("k", "float")) is None
    assert declared(column("k", "nvarchar", max_length=-1)) is None
    assert text_of(column("k", "datetime"), "[k]") == "CONVERT(nvarchar(4000), [k], 121)"
