"""Whatever things are called, a statement is the same but for its names and strings: nothing of them becomes SQL.

Each statement is made twice, for a table with tame names and for one with drawn names, and read by a tokenizer of the
dialect. What is left without names and strings must be equal, and these must be exactly the drawn ones.
"""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mssql_starrocks.chain import Chain, plan_chain
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, NameCollisionError
from mssql_starrocks.lake.fingerprint import quote
from mssql_starrocks.model import Column, Key, Table, TableId
from mssql_starrocks.naming import column_slug, companion_slug, slug
from mssql_starrocks.sandbox.starrocks.sql.lexer import split_statements, unquote_string
from mssql_starrocks.source.chunking.literals import literal
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.dialects import quote_starrocks, quote_tsql, text_starrocks, text_tsql
from mssql_starrocks.warehouse.ledger import target_key
from mssql_starrocks_tests.security.made import of_source, of_warehouse, printed
from mssql_starrocks_tests.security.names import names, shape_starrocks, shape_tsql, texts

LATIN = "Latin1_General_100_CI_AS"
TAME = ("S", "T", "K1", "K2", "K3", "K4")
PRINTABLE = "kept"
NOTHING = "\x01"  # a key that no statement can carry
often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

quick = settings(deadline=None)


def chain_of(called: tuple[str, ...], database: str, comment: str) -> Chain:
    schema, name, *columns = called
    id_, text, moment, long = columns
    table = Table(
        TableId(schema, name),
        4711,
        (
            Column(id_, 1, "int", nullable=False, description=comment),
            Column(text, 2, "nvarchar", max_length=80, collation=LATIN),
            Column(moment, 3, "datetime2", scale=7, description=comment),
            Column(long, 4, "nvarchar", max_length=-1, collation=LATIN),
        ),
        (Key("PK", (id_,), primary=True),),
        rows=1000,
        description=comment,
    )
    config = Config(tables={"*": {"types": {"long_values": "null_with_hash"}}})
    return plan_chain(table, config, database, "w")


@st.composite
def hostile(draw):
    columns = draw(st.lists(names, min_size=4, max_size=4, unique=True))
    called = (draw(names), draw(names), *columns)
    database, comment = draw(names), draw(texts)
    try:
        return chain_of(called, database, comment)
    except NameCollisionError:
        assume(False)


def renames(chain: Chain) -> dict[str, str]:
    """From the tame table's names to this one's, in source and target."""
    found = {"S": chain.table.id.schema, "T": chain.table.id.name, "t": slug(chain.table.id.name), "D": chain.database}
    found["s"] = slug(chain.table.id.schema)
    found["t__mssr_01234567"] = f"{found['t']}__mssr_01234567"
    for number, column in enumerate(chain.table.columns, 1):
        found |= {f"K{number}": column.name, f"k{number}": column_slug(column.name)}
        for suffix in ("ns100", "bytes", "sha256"):
            found[f"k{number}__{suffix}"] = companion_slug(column_slug(column.name), suffix)
    return found


@often
@given(hostile(), texts)
def test_statements_for_sql_server(chain, value):
    second = chain.table.columns[1]
    carried = literal(second, value) is not None
    tame = chain_of(TAME, "D", "E")
    known = renames(chain)
    helper = "c"
    while carried and second.name.lower().startswith(helper):
        helper += "_"

    def name(was: str) -> str:
        return f"{helper}{was[1:]}" if re.fullmatch(r"c\d+", was) else known.get(was, was)

    strings = {"[S].[T]": from_table(chain.table.id), PRINTABLE: value}
    expected = [shape_tsql(sql) for sql in of_source(tame, PRINTABLE if carried else NOTHING)]
    assert sum("name" in one.skeleton for one in expected) > 15
    assert [shape_tsql(sql) for sql in of_source(chain, value)] == [
        one.renamed(name, lambda was: strings.get(was, was)) for one in expected
    ]


@often
@given(hostile(), texts)
def test_statements_for_starrocks(chain, password):
    tame, known = chain_of(TAME, "D", "E"), renames(chain)
    comment = chain.table.description or ""

    def string(was: str) -> str:
        column, colon, note = was.partition(": ")
        fixed = {
            "E": comment,
            "D.S.T": f"{chain.database}.{chain.table.id.plain}",
            "w.t": target_key(chain),
            PRINTABLE: password,
        }
        return fixed.get(was) or (known[column] + colon + note if colon and column in known else known.get(was, was))

    # a comment that is empty is not written
    expected = [shape_starrocks(sql) for sql in of_warehouse(chain_of(TAME, "D", "E" if comment else ""), PRINTABLE)]
    assert sum("name" in one.skeleton for one in expected) > 12
    made = of_warehouse(chain, password)
    assert [split_statements(sql) for sql in made] == [[sql] for sql in made]
    found = [shape_starrocks(sql) for sql in made]
    assert [one.skeleton for one in found] == [one.skeleton for one in expected]
    assert [one.names for one in found] == [one.renamed(lambda n: known.get(n, n), str).names for one in expected]
    if password:
        assert [one.strings for one in found] == [one.renamed(str, string).strings for one in expected]
    assert tame.table.id.name == "T"


@often
@given(hostile())
def test_statements_for_administrators(chain):
    tame, known = chain_of(TAME, "D", "E"), renames(chain)
    for number, shape in enumerate((shape_tsql, shape_starrocks)):
        expected = shape(printed(tame)[number])
        assert expected.skeleton.count("name") > 4
        assert shape(printed(chain)[number]) == expected.renamed(lambda was: known.get(was, was), str)


def test_the_tokenizers_do_see_an_injection():
    """The check of the checks: a name that is only put between brackets or quotes changes what is left."""
    for hole in ("x]; DROP TABLE t; --", "x] FROM [other"):
        assert shape_tsql(f"SELECT [{hole}]").skeleton != shape_tsql("SELECT [x]").skeleton
    assert shape_tsql("SELECT N'a' --'").skeleton != shape_tsql("SELECT N'a'").skeleton
    assert shape_starrocks("SELECT 'a\\'; DROP TABLE t; --'").strings == ("a'; DROP TABLE t; --",)
    assert len(split_statements("SELECT 'a'; DROP TABLE t; --'")) == 2
    assert shape_starrocks("SELECT `a`; DROP TABLE `t`").skeleton != shape_starrocks("SELECT `a`").skeleton


@quick
@given(names)
def test_a_name_in_sql_server_is_one_token(name):
    assert shape_tsql(quote_tsql(name)).names == (name,)
    assert shape_tsql(f"SELECT {quote_tsql(name)} AS a").skeleton == ("SELECT", "name", "AS", "a")


@quick
@given(texts.filter(lambda text: "\0" not in text))
def test_a_text_in_sql_server_is_one_token(text):
    assert shape_tsql(text_tsql(text)).strings == (text,)


@quick
@given(names)
def test_a_name_in_starrocks_is_one_token_or_refused(name):
    try:
        quoted = quote_starrocks(name)
    except ConfigError:
        assert "`" in name or any(ord(c) < 32 for c in name)
        return
    assert shape_starrocks(quoted).names == (name,)
    assert shape_starrocks(quoted).skeleton == ("name",)


@quick
@given(texts)
def test_a_text_in_starrocks_is_one_token(text):
    shape = shape_starrocks(text_starrocks(text))
    assert (shape.skeleton, shape.strings) == (("string",), (text,))
    doubled = '"' + text_starrocks(text)[1:-1] + '"'  # as a catalog's property
    assert unquote_string(doubled) == text


@quick
@given(names)
def test_a_name_in_duckdb_is_one_token(name):
    sql = f"SELECT 1 AS {quote(name)}"
    assert [column for column, *_ in duckdb.execute(sql).description] == [name]


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "a\udfffb"])
def test_what_a_driver_would_cut_or_change_is_refused(name):
    for quoted in (quote_tsql, quote_starrocks):
        with pytest.raises(ConfigError, match="name"):
            quoted(name)
    if "\0" not in name and name:
        with pytest.raises(ConfigError, match="cannot be sent"):
            text_starrocks(name)
    if name:
        with pytest.raises(ConfigError, match="cannot be sent"):
            text_tsql(name)


@pytest.mark.parametrize("collation", ["x; DROP TABLE t", "a'b", "a b", "[a]"])
def test_a_collation_that_is_no_word_is_never_written(collation):
    column = Column("a", 1, "nvarchar", max_length=20, collation=collation)
    assert literal(column, "x") is None
    assert literal(Column("a", 1, "nvarchar", max_length=20, collation=LATIN), "x") is not None
