import pytest
from hypothesis import given
from hypothesis import strategies as st

from mssql_starrocks.model import TableId
from mssql_starrocks.naming import collisions, column_slug, slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Orders", "orders"), ("Order Details", "order_details"), ("a-b.c", "a_b_c"), ("_x", "_x"), ("2024", "2024")],
)
def test_plain_names_stay_readable(name, expected):
    assert slug(name) == expected


@given(st.text(min_size=1, max_size=300))
def test_a_slug_is_legal_everywhere(name):
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert 1 <= len(slug(name)) <= 255


@given(st.text(min_size=1, max_size=128))
def test_a_column_name_is_legal_in_starrocks(name):
    made = column_slug(name)
    assert made
    assert not set(made) & set("`=<>!*\0\n\t .")


def test_names_in_other_scripts_stay_apart():
    assert slug("客户") != slug("订单")


@pytest.mark.parametrize(
    ("one", "other"),
    [(("dbo", "a-b"), ("dbo", "a_b")), (("dbo", "A"), ("dbo", "a")), (("a", "b__c"), ("a__b", "c"))],
)
def test_tables_that_fold_into_one_are_refused_by_name(one, other):
    tables = [TableId(*one), TableId(*other), TableId("dbo", "c")]
    reasons = collisions(tables)
    assert list(reasons) == tables[:2]
    assert f"Tables {tables[0]} and {tables[1]} would become one" in reasons[tables[0]]
