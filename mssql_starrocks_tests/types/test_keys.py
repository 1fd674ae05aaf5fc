"""Which key StarRocks gets, and what is said about it before the first load."""

from dataclasses import replace

import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.model import Key
from mssql_starrocks.types import choose_key, plan_columns
from mssql_starrocks.types.keys import widest_key
from mssql_starrocks.types.targets import KEY_TYPES
from mssql_starrocks_tests.tables import chain, column, table, things

INDEXED = table(
    column("id", "int", nullable=False), column("code", "varchar", max_length=8, nullable=False), key=("id",)
)
INDEXED = type(INDEXED)(**{**vars(INDEXED), "keys": (*INDEXED.keys, Key("UX_code", ("code",), primary=False))})


def test_the_key_is_the_primary_key_else_a_unique_index_else_none():
    assert choose_key(things()) == ("id",)
    assert choose_key(things(), "none") == ()
    assert choose_key(table(column("c", "int"), key=())) == ()


def test_a_key_can_be_chosen_by_its_name():
    assert choose_key(INDEXED, "ux_code") == ("code",)
    with pytest.raises(ConfigError, match=r"sales\.things: key names PK_x, .* it has PK_things, UX_code"):
        choose_key(INDEXED, "PK_x")


@pytest.mark.parametrize("target", sorted(KEY_TYPES - {"VARCHAR"}))
def test_every_type_that_a_key_can_have_has_a_width(target):
    number = replace(plan_columns(things(), ("id",))[0], starrocks=target)
    assert 1 <= widest_key((number, number)) <= 32


@pytest.mark.parametrize(
    ("collation", "said"),
    [
        ("SQL_Latin1_General_CP1_CI_AS", "letter case, trailing blanks"),
        ("Latin1_General_100_CI_AI", "letter case, accents, trailing blanks"),
        ("Latin1_General_CS_AS", "only in trailing blanks"),
        ("Latin1_General_BIN2", "only in trailing blanks"),
    ],
)
def test_a_text_key_says_what_its_collation_means_in_starrocks(collation, said):
    source = table(column("code", "varchar", max_length=8, nullable=False, collation=collation), key=("code",))
    [note] = chain(source).key_notes
    assert collation in note
    assert said in note


def test_a_key_that_may_be_too_long_is_said_before_any_ddl():
    source = table(column("name", "nvarchar", max_length=400, nullable=False), key=("name",))
    assert chain(source).key_notes == (
        "key may need 600 bytes and StarRocks holds 128; the values are measured at each load",
    )
