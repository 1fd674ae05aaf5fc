"""A StarRocks type set by hand: taken when it holds the source type, else only when that is accepted."""

import pytest

from mssql_starrocks.errors import ConfigError, TypeRefusedError
from mssql_starrocks.model import Loss
from mssql_starrocks.types import ColumnChoices, TypeOptions, plan_columns
from mssql_starrocks_tests.tables import chain, column, table

INT, SMALL, BIG = ("int", {}), ("smallint", {}), ("bigint", {})
MONEY, WHOLE = ("money", {}), ("decimal", {"precision": 9})
PRICE = ("decimal", {"precision": 18, "scale": 4})
NAME, LONG, CODE = ("nvarchar", {"max_length": 40}), ("nvarchar", {"max_length": -1}), ("binary", {"max_length": 4})


def planned(source, key=(), **choices):
    kind, facts = source
    of = table(column("c", kind, nullable=not key, **facts), key=key)
    return plan_columns(of, key, TypeOptions(columns={"c": ColumnChoices(**choices)}))[0]


HOLDS = [
    (("tinyint", {}), "SMALLINT"), (SMALL, "INT"), (INT, "BIGINT"), (BIG, "LARGEINT"), (BIG, "DECIMAL(19,0)"),
    (INT, "VARCHAR(11)"), (WHOLE, "INT"), (PRICE, "DECIMAL(38,10)"), (PRICE, "VARCHAR(21)"), (MONEY, "DECIMAL(20,5)"),
    (("real", {}), "DOUBLE"), (("date", {}), "DATETIME"), (("date", {}), "VARCHAR(10)"),
    (("datetime2", {"scale": 6}), "VARCHAR(26)"), (NAME, "VARCHAR(60)"), (NAME, "STRING"), (CODE, "VARCHAR(8)"),
    (CODE, "VARBINARY(4)"), (("bit", {}), "TINYINT"), (("time", {"scale": 7}), "VARCHAR(20)"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), HOLDS, ids=str)
def test_a_target_that_holds_the_source_type_is_exact(source, target):
    made = planned(source, target=target)
    assert made.starrocks == target.replace("STRING", "VARCHAR(65533)")
    assert (made.fits, made.loss) == ("", Loss.EXACT)


NARROW = [
    (("tinyint", {}), "TINYINT"), (INT, "SMALLINT"), (BIG, "DECIMAL(18,0)"), (INT, "VARCHAR(10)"),
    (PRICE, "DECIMAL(10,4)"), (NAME, "VARCHAR(59)"), (LONG, "VARCHAR(1048576)"), (LONG, "STRING"),
    (CODE, "VARBINARY(3)"), (CODE, "VARCHAR(7)"), (("decimal", {"precision": 10}), "INT"), (NAME, "JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), NARROW, ids=str)
def test_a_narrower_target_must_be_accepted_and_then_stops_what_does_not_fit(source, target):
    with pytest.raises(TypeRefusedError, match=r"sales\.things\.c: .*accept_loss: true"):
        planned(source, target=target)
    made = planned(source, target=target, accept_loss=True)
    assert made.loss is Loss.DECLARED
    assert made.fits


CHANGES = [
    (PRICE, "DECIMAL(18,3)"), (PRICE, "BIGINT"), (("float", {}), "FLOAT"), (NAME, "INT"), (NAME, "DATETIME"),
    (("datetime", {}), "DATE"), (CODE, "BIGINT"), (INT, "BOOLEAN"), (("float", {}), "VARCHAR(100)"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), CHANGES, ids=str)
def test_a_target_that_would_change_values_is_refused_in_any_case(source, target):
    with pytest.raises(TypeRefusedError, match=r"sales\.things\.c: .*without changing values"):
        planned(source, target=target, accept_loss=True)


@pytest.mark.parametrize("target", ["NVARCHAR(10)", "VARCHAR", "DECIMAL(39,0)", "VARCHAR(0)", "VARCHAR(2000000)", ";"])
def test_what_is_no_type_of_starrocks_is_refused(target):
    with pytest.raises(TypeRefusedError, match="is no StarRocks column type"):
        planned(NAME, target=target)


def test_a_target_in_a_key_must_be_a_key_type():
    assert planned(WHOLE, key=("c",), target="INT").key
    with pytest.raises(TypeRefusedError, match="primary key"):
        planned(WHOLE, key=("c",), target="DECIMAL(9,0)")


def test_targets_come_from_the_configuration_whatever_the_case_of_the_name():
    made = chain(tables={"sales.things": {"columns": {"NAME": {"target": "VARCHAR(100)"}}}})
    assert next(c.starrocks for c in made.columns if c.name == "name") == "VARCHAR(100)"
    with pytest.raises(ConfigError, match=r"columns names nam, which is no column of it; did you mean name\?"):
        chain(tables={"sales.things": {"columns": {"nam": {"target": "VARCHAR(100)"}}}})
