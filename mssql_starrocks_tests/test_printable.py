"""Names of others neither steer a terminal nor are taken for other names."""

import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mssql_starrocks.cli.shared import Screen
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest, TableId
from mssql_starrocks.printable import one_line, printable
from mssql_starrocks.selection import Selection, select
from mssql_starrocks_tests.tables import things

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.text())
def test_no_control_character_is_left(text):
    assert all(c in "\n\t" or unicodedata.category(c) != "Cc" for c in printable(text))
    assert "\n" not in one_line(text)


def test_a_screen_spells_out_what_would_steer_the_terminal():
    out = io.StringIO()
    Screen(file=out, width=80).print("\x1b]0;owned\x07 \x1b[31mred\nnext", markup=False)
    assert out.getvalue() == "\\x1b]0;owned\\x07 \\x1b[31mred\nnext\n"


def test_a_tables_name_is_one_line():
    assert str(TableId("dbo", "a\ncertified  dbo.b")) == "[dbo].[a\\ncertified  dbo.b]"


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_two_tables_are_never_written_alike(one, other):
    printables = all(part == one_line(part) and "\\" not in part for part in (*one, *other))
    assert (str(TableId(*one)) == str(TableId(*other))) <= (one == other or not printables)


def test_every_table_is_found_by_what_is_printed_of_it():
    odd = [("Odd Schema", "x.t"), ("Odd Schema.x", "t"), ("odd", "*"), ("odd", "a]b"), ("odd", "[x]"), ("odd", "plain")]
    tables = [things(schema=schema, name=name) for schema, name in odd]
    source = Manifest("Company", "16", 3, True, False, "2026-01-01", tuple(tables))
    for table in tables:
        [found] = select_named(source, str(table.id))
        assert found == table.id
    assert len(select_named(source, "odd.*")) == 4


def select_named(source, name):
    return select(Selection((name,)), source, Config())
