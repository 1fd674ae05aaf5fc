"""What the comparison calls equal, and how it says what is not."""

import pytest

from mssql_starrocks.model import ColumnPrint, Fingerprint
from mssql_starrocks.proof import key_differences, reports, value_differences
from mssql_starrocks_tests.tables import chain, column, table


def compare(one: ColumnPrint, other: ColumnPrint, rows: int) -> list:
    return value_differences(Fingerprint(rows, {"c": one}), Fingerprint(rows, {"c": other}))


@pytest.mark.parametrize("other", [ColumnPrint(1, digest="5"), ColumnPrint(0, digest="6"), ColumnPrint(0)])
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
    assert "set key: none" in key_differences(made, 129)[0].found
