"""What the comparison calls equal, and how it says what is not."""

import random

import pytest

from mssql_starrocks.model import ColumnPrint, Fingerprint
from mssql_starrocks.proof import key_differences, reports, value_differences
from mssql_starrocks.types.canonical import FLOAT_SCALE
from mssql_starrocks_tests.tables import chain, column, table


def floats(values):
    return ColumnPrint(0, low=min(values), high=max(values), total=sum(v / FLOAT_SCALE for v in values))


def compare(one: ColumnPrint, other: ColumnPrint, rows: int) -> list:
    return value_differences(Fingerprint(rows, {"c": one}), Fingerprint(rows, {"c": other}))


def test_a_sum_of_floats_may_depend_on_the_order_of_the_rows():
    values = [random.Random(1).uniform(-1e6, 1e6) for _ in range(50_000)]
    values += [-v for v in values]
    shuffled = random.Random(2).sample(values, len(values))
    assert not compare(floats(values), floats(shuffled), len(values))


@pytest.mark.parametrize("values", [[1.5], [1e300, 2.0], [-0.5, 3e-9, 1e15], [1.7976931348623157e308] * 3])
def test_floats_that_changed_are_found(values):
    changed = [values[0] * (1 + 1e-9), *values[1:]]
    assert compare(floats(values), floats(changed), len(values))
    assert not compare(floats(values), floats(values), len(values))


@pytest.mark.parametrize(
    "other", [ColumnPrint(1, digest="5"), ColumnPrint(0, digest="6"), ColumnPrint(0, low=1.0, high=1.0, total=1.0)]
)
def test_another_digest_or_null_count_is_a_difference(other):
    [difference] = compare(ColumnPrint(0, digest="5"), other, 3)
    assert (difference.what, difference.expected) == ("c", "0 nulls, digest 5")


def test_a_missing_and_a_foreign_column_are_differences():
    one, other = Fingerprint(1, {"a": ColumnPrint(0)}), Fingerprint(1, {"b": ColumnPrint(0)})
    assert next((d.what, d.found) for d in value_differences(one, other)) == ("a", "absent")
    assert len(value_differences(one, other)) == 2


def test_a_report_says_what_differs_first_and_how_much_more():
    one = Fingerprint(3, {"a": ColumnPrint(0, digest="1"), "b": ColumnPrint(0, digest="2")})
    other = Fingerprint(2, {"a": ColumnPrint(0, digest="3"), "b": ColumnPrint(1, digest="2")})
    counted, schema, values = reports("source", "lake", one, other, (), {"point": "now"})
    assert counted.summary == "row_count: rows should be 3 and is 2"
    assert schema.passed
    assert values.summary.endswith("and 1 more")
    assert counted.facts == {"expected_rows": 3, "found_rows": 2, "point": "now"}


def test_a_key_of_more_than_128_bytes_is_a_difference():
    made = chain(table(column("id", "nvarchar", max_length=200, nullable=False)))
    assert not key_differences(made, 128)
    assert "set key: none" in key_differences(made, 129)[0].expected
