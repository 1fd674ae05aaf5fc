"""The matrix row of each SQL Server type, and what it becomes as a value and in a key."""

import pytest

from mssql_starrocks.errors import KeyRefusedError, NameCollisionError, TypeRefusedError
from mssql_starrocks.model import Loss
from mssql_starrocks.types import TypeOptions, plan_columns
from mssql_starrocks.types.keys import widest_key
from mssql_starrocks_tests.tables import column, table

VALUES = [
    (("bit", {}), ("boolean", "BOOLEAN")),
    (("tinyint", {}), ("int", "SMALLINT")),
    (("smallint", {}), ("int", "SMALLINT")),
    (("int", {}), ("int", "INT")),
    (("bigint", {}), ("long", "BIGINT")),
    (("decimal", {"precision": 38, "scale": 20}), ("decimal(38,20)", "DECIMAL(38,20)")),
    (("money", {}), ("decimal(19,4)", "DECIMAL(19,4)")),
    (("smallmoney", {}), ("decimal(10,4)", "DECIMAL(10,4)")),
    (("real", {}), ("float", "FLOAT")),
    (("float", {}), ("double", "DOUBLE")),
    (("date", {}), ("date", "DATE")),
    (("time", {"scale": 7}), ("string", "VARCHAR(16)")),
    (("datetime", {}), ("timestamp", "DATETIME")),
    (("datetime2", {"scale": 3}), ("timestamp", "DATETIME")),
    (("nvarchar", {"max_length": 200}), ("string", "VARCHAR(300)")),
    (("varchar", {"max_length": 100, "collation": "SQL_Latin1_General_CP1_CI_AS"}), ("string", "VARCHAR(300)")),
    (("varchar", {"max_length": 100, "collation": "Latin1_General_100_CI_AS_SC_UTF8"}), ("string", "VARCHAR(100)")),
    (("nvarchar", {"max_length": -1}), ("string", "VARCHAR(1048576)")),
    (("varbinary", {"max_length": 20}), ("binary", "VARBINARY(20)")),
    (("varbinary", {"max_length": -1}), ("binary", "VARBINARY(1048576)")),
    (("uniqueidentifier", {}), ("string", "VARCHAR(36)")),
    (("timestamp", {}), ("long", "BIGINT")),
]


@pytest.mark.parametrize(("source", "target"), VALUES, ids=lambda v: str(v[0]))
def test_value_types(source, target):
    kind, facts = source
    planned = plan_columns(table(column("c", kind, **facts), key=()), ())
    assert (planned[0].iceberg, planned[0].starrocks) == target


KEYS = [
    (("decimal", {"precision": 18}), "BIGINT"),
    (("decimal", {"precision": 19}), "LARGEINT"),
    (("decimal", {"precision": 9, "scale": 2}), "VARCHAR(41)"),
    (("money", {}), "VARCHAR(41)"),
    (("binary", {"max_length": 8}), "VARCHAR(16)"),
    (("datetime2", {"scale": 7}), "VARCHAR(34)"),
    (("datetime2", {"scale": 6}), "DATETIME"),
    (("uniqueidentifier", {}), "VARCHAR(36)"),
    (("tinyint", {}), "SMALLINT"),
]


@pytest.mark.parametrize(("source", "target"), KEYS, ids=lambda v: str(v[0]))
def test_key_types(source, target):
    kind, facts = source
    planned = plan_columns(table(column("id", kind, nullable=False, **facts)), ("id",))
    assert [c.starrocks for c in planned] == [target]


@pytest.mark.parametrize("kind", ["float", "real", "sql_variant"])
def test_a_type_that_starrocks_takes_in_no_key_is_refused_by_name(kind):
    with pytest.raises(KeyRefusedError, match=r"sales\.things\.id.*key: none"):
        plan_columns(table(column("id", kind, nullable=False)), ("id",))


def test_companions_keep_offset_and_seventh_digit():
    planned = plan_columns(table(column("at", "datetimeoffset", scale=7), key=()), ())
    assert [c.name for c in planned] == ["at", "at__offset_min", "at__ns100"]
    assert planned[0].loss is Loss.COMPANION


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"encrypted": True}, "encrypted"), ({"masked": True}, "masked")],
)
def test_columns_that_cannot_be_read_truly_are_refused_or_excluded(facts, reason):
    source = table(column("id", "int", nullable=False), column("secret", "int", **facts))
    with pytest.raises(TypeRefusedError, match=rf"sales\.things\.secret.*{reason}.*exclude_columns"):
        plan_columns(source, ("id",))
    kept = plan_columns(source, ("id",), TypeOptions(exclude_columns=frozenset({"secret"})))
    assert [c.name for c in kept] == ["id"]


def test_an_unknown_type_is_refused_by_name():
    with pytest.raises(TypeRefusedError, match=r"sales\.things\.c: type cursor cannot be copied"):
        plan_columns(table(column("c", "cursor"), key=()), ())


def test_column_names_that_fold_into_one_are_refused():
    source = table(column("Net Price", "int"), column("net_price", "int"), key=())
    with pytest.raises(NameCollisionError, match="Net Price.*net_price"):
        plan_columns(source, ())


def test_key_columns_come_first_in_key_order():
    source = table(column("v", "int"), column("b", "int", nullable=False), column("a", "int", nullable=False))
    assert [c.name for c in plan_columns(source, ("a", "b"))] == ["a", "b", "v"]


def test_worst_case_key_bytes_follow_starrocks_encoding():
    one = plan_columns(table(column("id", "bigint", nullable=False)), ("id",))
    assert widest_key(one) == 0
    two = plan_columns(
        table(
            column("id", "nvarchar", max_length=20, nullable=False),
            column("n", "int", nullable=False),
            column("t", "varchar", max_length=10, nullable=False),
            key=("id", "n", "t"),
        ),
        ("id", "n", "t"),
    )
    assert widest_key(two) == 30 + 2 + 4 + 30
