"""Which tables somebody means."""

import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest
from mssql_starrocks.selection import Selection, read_table_list, select
from mssql_starrocks_tests.tables import things

NAMES = [
    ("hr", "people"), ("sales", "Order Details"), ("sales", "orders"), ("sales", "order_lines"), ("sales", "tmp_1"),
    ("ops", "orders"), ("odd", "a.b"), ("odd", "x]y"), ("odd", "what*"), ("secret", "left_out"),
]  # fmt: skip
MANIFEST = Manifest(
    "Company", "16.0", 3, True, True, "2026-01-01T00:00:00+00:00",
    tuple(things(schema=schema, name=name) for schema, name in NAMES),
)  # fmt: skip


def chosen(*tables, **more):
    found = select(Selection(tables, **more), MANIFEST, Config(exclude=("secret.*",)))
    return [str(table) for table in found]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("hr.people", "hr.people"),
        ("HR.People", "hr.people"),
        ("[hr].[people]", "hr.people"),
        ("[Sales].[order details]", "sales.Order Details"),
        ("sales.[Order Details]", "sales.Order Details"),
        ("people", "hr.people"),
        ("[odd].[a.b]", "odd.a.b"),
        ("odd.a.b", "odd.a.b"),
        ("[odd].[x]]y]", "odd.x]y"),
        ("odd.what*", "odd.what*"),
    ],
)
def test_a_table_by_name(name, table):
    assert chosen(name) == [table]


def test_patterns_and_schemas_are_in_the_order_of_the_manifest():
    assert chosen("ops.*", "sales.order*") == ["sales.Order Details", "sales.orders", "sales.order_lines", "ops.orders"]
    assert chosen("ord?rs") == ["sales.orders", "ops.orders"]
    assert chosen(schemas=("OPS", "h*")) == ["hr.people", "ops.orders"]


def test_everything_is_what_the_configuration_selects():
    assert chosen(everything=True) == [f"{schema}.{name}" for schema, name in NAMES[:-1]]


def test_include_narrows_and_exclude_takes_away():
    assert chosen(schemas=("sales",), include=("*.order*",), exclude=("[sales].[order details]",)) == [
        "sales.orders",
        "sales.order_lines",
    ]
    assert chosen(include=("ops.*",)) == ["ops.orders"]
    assert "sales.tmp_1" not in chosen(everything=True, exclude=("*.tmp_*", "*.none_*"))


def test_resume_from_is_inclusive_and_skip_until_is_not():
    """facts/peers.md 1.1."""
    assert chosen(schemas=("sales",), resume_from="sales.order_lines") == ["sales.order_lines", "sales.tmp_1"]
    assert chosen(schemas=("sales",), skip_until="sales.order_lines") == ["sales.tmp_1"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Selection(), "Nothing is selected: name tables, or use --schema or --all"),
        (Selection(("sales.order",)), r"no table sales.order; did you mean sales.orders"),
        (Selection(("zzz.*",)), r"no table zzz.\*"),
        (Selection(("orders",)), "orders may be sales.orders or ops.orders: name the schema"),
        (Selection(("secret.left_out",)), "left out by include: and exclude: of the configuration"),
        (Selection(schemas=("sale",)), "No schema sale .*did you mean sales"),
        (Selection(everything=True, exclude=("sales.order",)), "no table sales.order; did you mean"),
        (Selection(everything=True, exclude=("*",)), "leaves none of 9 tables of Company"),
        (Selection(schemas=("hr",), include=("sales.*",)), "leaves none"),
        (Selection(schemas=("hr",), resume_from="ops.orders"), "--resume-from ops.orders: is not among the selected"),
        (Selection(everything=True, skip_until="orders"), "--skip-until orders: may be sales.orders or ops.orders"),
        (Selection(schemas=("hr",), skip_until="hr.people"), "leaves none"),
    ],
)
def test_what_matches_nothing_is_refused(wanted, message):
    with pytest.raises(SelectionError, match=message):
        select(wanted, MANIFEST, Config(exclude=("secret.*",)))


def test_a_table_list_has_comments(tmp_path):
    file = tmp_path / "list"
    file.write_text("\ufeff# the first\nhr.people\n\n  [sales].[a #b] # why\nc#d\n", encoding="utf-8")
    assert read_table_list(file) == ("hr.people", "[sales].[a #b]", "c#d")
    file.write_text("# nothing\n")
    for missing in (file, tmp_path / "none"):
        with pytest.raises(SelectionError, match="names no table|cannot be read"):
            read_table_list(missing)
