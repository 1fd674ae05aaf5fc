"""Choices per run, per table and per column: the narrowest wins, and each gives its own matrix row."""

import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, TypeRefusedError
from mssql_starrocks.model import Level, Loss
from mssql_starrocks_tests.tables import chain, column, table

CHOICES = [
    (("time", {"scale": 7}), {"time_as": "ticks"}, ("time.ticks", "long", "BIGINT")),
    (("datetime2", {"scale": 7}), {"datetime2_as": "text"}, ("datetime2.text", "string", "VARCHAR(34)")),
    (("datetime2", {"scale": 6}), {"datetime2_as": "text"}, ("datetime2", "timestamp", "DATETIME")),
    (("datetimeoffset", {"scale": 0}), {"datetimeoffset_as": "text"}, ("datetimeoffset.text", "string", "VARCHAR(34)")),
    (("uniqueidentifier", {}), {"guid_case": "lower"}, ("guid.lower", "string", "VARCHAR(36)")),
    (("char", {"max_length": 5}), {"char_blanks": "trim"}, ("char.trim", "string", "VARCHAR(15)")),
    (("json", {"max_length": -1}), {"json_as": "json"}, ("json.json", "string", "JSON")),
    (("geography", {"max_length": -1}), {"spatial_as": "wkt"}, ("spatial.wkt", "string", "VARCHAR(1048576)")),
    (("nvarchar", {"max_length": 20}), {"unicode_as": "bytes"}, ("unicode.bytes", "binary", "VARBINARY(20)")),
]


@pytest.mark.parametrize(("source", "types", "expected"), CHOICES, ids=lambda v: str(v)[:60])
@pytest.mark.parametrize("where", ["run", "table", "column"])
def test_a_choice_gives_its_own_row(source, types, expected, where):
    kind, facts = source
    config = {
        "run": {"types": types},
        "table": {"tables": {"sales.*": {"types": types}}},
        "column": {"tables": {"sales.things": {"columns": {"c": types}}}},
    }[where]
    made = chain(table(column("id", "int", nullable=False), column("c", kind, **facts)), **config).columns[1]
    assert (made.rule, made.iceberg, made.starrocks) == expected


IDLE = [
    (("int", {}), {"time_as": "ticks"}, "time_as says nothing about int; remove it"),
    (("varchar", {"max_length": 9}), {"long_values": "truncate"}, r"long_values says nothing about varchar\(9\)"),
    (("varchar", {"max_length": -1}), {"long_values": "truncate", "target": "STRING", "accept_loss": True},
     r"long_values says nothing about varchar\(max\) with target STRING"),
    (("sql_variant", {}), {"long_values": "truncate"}, "long_values says nothing about sql_variant"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "choices", "said"), IDLE, ids=lambda v: str(v)[:60])
def test_a_choice_that_would_do_nothing_for_a_named_column_is_refused(source, choices, said):
    kind, facts = source
    of = table(column("id", "int", nullable=False), column("c", kind, **facts))
    with pytest.raises(ConfigError, match=rf"sales\.things: columns: C: {said}"):
        chain(of, tables={"sales.things": {"columns": {"C": choices}}})
    chain(of, tables={"sales.*": {"columns": {"C": choices}}})


def test_the_narrowest_choice_wins():
    source = table(
        column("id", "int", nullable=False),
        *(column(n, "time", scale=7) for n in "ab"),
        column("g", "uniqueidentifier"),
    )
    made = chain(
        source,
        types={"time_as": "ticks", "guid_case": "lower"},
        tables={"sales.*": {"types": {"time_as": "text"}}, "sales.things": {"columns": {"b": {"time_as": "ticks"}}}},
    )
    assert [c.rule for c in made.columns] == ["int", "time.text", "time.ticks", "guid.lower"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"types": {"time": "ticks"}}, r"unknown key types\.time; did you mean time_as\?"),
        ({"types": {"time_as": "tick"}}, r"types\.time_as: Input should be 'text' or 'ticks'"),
        (
            {"tables": {"a.b": {"columns": {"c": {"targt": "INT"}}}}},
            r"tables\.a\.b\.columns\.c\.targt; did you mean target\?",
        ),
    ],
)
def test_a_misspelt_choice_is_named(config, message):
    with pytest.raises(ConfigError, match=message):
        Config.parse(config, "our.yaml")


def long_text(policy, kind="nvarchar", **facts):
    source = table(column("id", "int", nullable=False), column("c", kind, max_length=-1, nullable=False, **facts))
    return chain(source, types={"long_values": policy})


def test_policies_for_long_values():
    fail, nulled, cut = (long_text(p).columns[1:] for p in ("fail", "null_with_hash", "truncate"))
    assert (fail[0].fits, fail[0].most, fail[0].loss) == ("strlen({c}) <= 1048576", 1048576, Loss.EXACT)
    assert [c.name for c in nulled] == ["c", "c__bytes", "c__sha256"]
    assert nulled[0].may_null
    assert not nulled[0].most
    assert nulled[0].loss is cut[0].loss is Loss.DECLARED


def test_a_nullable_column_in_starrocks_where_long_values_become_null():
    from mssql_starrocks.warehouse.ddl import create_table

    assert "`c` VARCHAR(1048576) NULL" in create_table(long_text("null_with_hash"))
    assert "`c` VARCHAR(1048576) NOT NULL" in create_table(long_text("fail"))


def test_a_cut_document_is_no_json():
    with pytest.raises(TypeRefusedError, match=r"sales\.things\.c: a cut document is no JSON"):
        chain(
            table(column("id", "int", nullable=False), column("c", "json", max_length=-1)),
            types={"json_as": "json", "long_values": "truncate"},
        )


def test_many_floats_are_proven_by_columns():
    """StarRocks' front end would refuse the expression of a whole row."""
    floats = [column(f"f{n}", "float") for n in range(61)]
    assert chain(table(column("id", "int", nullable=False), *floats)).level is Level.COLUMNS
    assert chain(table(column("id", "int", nullable=False), *floats[:60])).level is Level.ROWS


@pytest.mark.parametrize(
    ("config", "size", "level"),
    [
        ({}, 1 << 20, Level.ROWS),
        ({}, 2 << 30, Level.COLUMNS),
        ({"row_proof_mb": 0}, 1 << 20, Level.COLUMNS),
        ({"proof": "counts"}, 1 << 20, Level.COUNTS),
        ({"proof": "counts", "tables": {"sales.*": {"proof": "rows"}}}, 2 << 30, Level.ROWS),
    ],
)
def test_the_level_of_the_proof(config, size, level):
    source = table(column("id", "int", nullable=False), bytes=size)
    assert chain(source, **config).level is level
