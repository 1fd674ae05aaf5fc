"""The benchmarks' judge: a wrong copy is found, a right one is not accused."""

import sys
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from harness import table

ROWS = 500


@pytest.fixture
def copy():
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE copy AS {table._rows(0, ROWS)}")
        yield connection


def test_right(copy):
    assert table.differences(table.truth(ROWS), table.look(copy, "copy")) == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM copy WHERE id = 7", "499 rows instead of 500"),
        ("UPDATE copy SET amount = amount + 0.0001 WHERE id = 7", "values of amount differ"),
        ("UPDATE copy SET name = '' WHERE name IS NULL", "values of name differ"),
        ("UPDATE copy SET changed_at = changed_at + to_microseconds(1) WHERE id = 7", "values of changed_at differ"),
        ("UPDATE copy SET rank = (SELECT rank FROM copy WHERE id = 15 - c.id) FROM copy c "
         "WHERE copy.id = c.id AND c.id IN (7, 8)", "rows are mixed up"),
    ],
)  # fmt: skip
def test_wrong(copy, damage, found):
    copy.execute(damage)
    assert table.differences(table.truth(ROWS), table.look(copy, "copy")) == [found]
