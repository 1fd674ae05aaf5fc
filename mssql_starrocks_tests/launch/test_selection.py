"""Which tables somebody means."""

import pytest

from mssql_starrocks import selection
from mssql_starrocks.config import Config
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.model import Manifest, TableId
from mssql_starrocks.selection import Selection, read_table_list, select, select_one
from mssql_starrocks_tests.tables import things

NAMES = [
    ("hr", "people"), ("sales", "Order Details"), ("sales", "orders"), ("sales", "order_lines"), ("sales", "tmp_1"),
    ("ops", "orders"), ("odd", "a.b"), ("odd", "x]y"), ("odd", "what*"), ("secret", "left_out"),
]  # fmt: skip


def manifest(*names):
    tables = tuple(things(schema=schema, name=name) for schema, name in names)
    return Manifest("Company", "16.0", 3, True, True, "2026-01-01T00:00:00+00:00", tables)


MANIFEST = manifest(*NAMES)
TWINS = manifest(("dbo", "Orders"), ("dbo", "orders"), ("DBO", "people"), ("dbo", "people"))


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
        ("[odd].[a.b]", "[odd].[a.b]"),
        ("odd.a.b", "[odd].[a.b]"),
        ("[odd].[x]]y]", "odd.x]y"),
        ("odd.what*", "[odd].[what*]"),
        ("[odd].[what*]", "[odd].[what*]"),
    ],
)
def test_a_table_by_name(name, table):
    assert chosen(name) == [table]


def test_patterns_and_schemas_are_in_the_order_of_the_manifest():
    assert chosen("ops.*", "sales.order*") == ["sales.Order Details", "sales.orders", "sales.order_lines", "ops.orders"]
    assert chosen("ord?rs") == ["sales.orders", "ops.orders"]
    assert chosen(schemas=("OPS", "h*")) == ["hr.people", "ops.orders"]


def test_a_schema_in_brackets_is_a_name():
    assert chosen(schemas=("[OPS]",)) == ["ops.orders"]
    odd = manifest(("o*s", "a"), ("ops", "b"), ("x]y", "c"))
    found = [select(Selection(schemas=(name,)), odd, Config()) for name in ("[o*s]", "o?s", "[x]]y]")]
    assert [[table.name for table in tables] for tables in found] == [["a"], ["a", "b"], ["c"]]


def test_a_list_of_names_is_read_once_however_many_tables_there_are(monkeypatch):
    class Counting:
        read = 0

        def fullmatch(self, name):
            self.read += 1
            return form.fullmatch(name)

    form, counting = selection._BRACKETED, Counting()
    monkeypatch.setattr(selection, "_BRACKETED", counting)
    many = manifest(*(("dbo", f"t{number}") for number in range(50)))
    names = tuple(f"[dbo].[T{number}]" for number in range(50))
    assert len(select(Selection(names), many, Config())) == len(names)
    assert counting.read <= 2 * len(names)


@pytest.mark.parametrize("name", ["dbo.orders", "[dbo].[orders]"])
def test_the_exact_spelling_wins(name):
    assert select(Selection((name,)), TWINS, Config()) == (TableId("dbo", "orders"),)
    assert TableId("dbo", "Orders") in select(Selection(everything=True, exclude=(name,)), TWINS, Config())
    left = select(Selection(everything=True, skip_until=name), TWINS, Config())
    assert left == (TableId("DBO", "people"), TableId("dbo", "people"))
    with pytest.raises(SelectionError, match=r"may be dbo\.Orders or dbo\.orders"):
        select(Selection((name.upper(),)), TWINS, Config())


def test_a_name_never_means_the_twin_of_a_table_that_is_left_out():
    config = Config(exclude=("dbo.orders",))
    for name in ("dbo.Orders", "DBO.ORDERS", "orders"):
        assert select(Selection((name,)), TWINS, config) == (TableId("dbo", "Orders"),)
    for wanted in (Selection(("[dbo].[orders]",)), Selection(everything=True, exclude=("dbo.orders",))):
        with pytest.raises(SelectionError, match="left out by include: and exclude:"):
            select(wanted, TWINS, config)
    with pytest.raises(SelectionError, match="is not among the selected tables"):
        select(Selection(everything=True, resume_from="dbo.orders"), TWINS, config)
    assert select(Selection(schemas=("DBO",)), TWINS, config) == (TableId("DBO", "people"),)
    with pytest.raises(SelectionError, match="has no schema DBO"):
        select(Selection(schemas=("DBO",)), TWINS, Config(exclude=("DBO.people",)))


def test_one_table():
    for name in ("sales.orders", "[SALES].[orders]", "[odd].[what*]"):
        assert str(select_one(name, MANIFEST, Config())) in ("sales.orders", "[odd].[what*]")
    for name, message in (("hr.*", "is a pattern"), ("odd.what*", "is a pattern"), ("orders", "may be"),
                          ("sales.order", "did you mean"), ("[odd].[wha?*]", "no table")):  # fmt: skip
        with pytest.raises(SelectionError, match=message):
            select_one(name, MANIFEST, Config())


def test_everything_is_what_the_configuration_selects():
    assert chosen(everything=True) == [str(TableId(schema, name)) for schema, name in NAMES[:-1]]


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
        (Selection(), "Nothing is selected: name tables or schemas, or choose all of them"),
        (Selection(("sales.order",)), r"no table sales.order; did you mean sales.orders"),
        (Selection(("zzz.*",)), r"no table zzz.\*"),
        (Selection(("orders",)), "orders may be sales.orders or ops.orders: write one of them as it is written here"),
        (Selection(("secret.left_out",)), "left out by include: and exclude: of the configuration"),
        (Selection(schemas=("sale",)), "Company has no schema sale .*did you mean sales"),
        (Selection(everything=True, exclude=("sales.order",)), "no table sales.order; did you mean"),
        (Selection(everything=True, exclude=("[sales].[tmp*]",)), r"no table \[sales\]"),
        (Selection(everything=True, exclude=("*",)), "leaves none of 9 tables of Company"),
        (Selection(schemas=("hr",), include=("sales.*",)), "leaves none"),
        (Selection(schemas=("hr",), resume_from="ops.orders"), "^resume_from ops.orders: is not among the selected"),
        (Selection(everything=True, skip_until="orders"), "^skip_until orders: may be sales.orders or ops.orders"),
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
