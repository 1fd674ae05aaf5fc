"""The classifier of source changes: each single change is seen as exactly what it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mssql_starrocks.changes import Kind, change_id, continued, promotable, schema_changes, undecided
from mssql_starrocks.model import Definition, SourceColumn

# declared type, Iceberg types; each next one of a row holds all values of the one before
LADDERS = (
    (("tinyint", "int"), ("smallint", "int"), ("int", "int"), ("bigint", "long")),
    (("real", "float"), ("float", "double")),
    (("decimal(5,2)", "decimal(5,2)"), ("decimal(9,2)", "decimal(9,2)"), ("numeric(20,2)", "decimal(20,2)")),
    (("varchar(5)", "string"), ("nvarchar(5)", "string"), ("nvarchar(80)", "string"), ("nvarchar(max)", "string")),
    (("binary(4)", "binary"), ("varbinary(4)", "binary"), ("varbinary(max)", "binary")),
    (("datetime2(3)", "timestamp"), ("datetime2(7)", "timestamp,int")),
)
FAMILIES = st.sampled_from(range(len(LADDERS)))


def column(number: int, kind: tuple[str, str], *, nullable: bool = True, name: str = "") -> SourceColumn:
    name = name or f"c{number}"
    fields = {f"{name}{'__x' * i}": iceberg for i, iceberg in enumerate(kind[1].split(",") if "," in kind[1]
              and not kind[1].startswith("decimal") else [kind[1]])}  # fmt: skip
    return SourceColumn(number, name, kind[0], nullable, fields)


@st.composite
def definitions(draw):
    kinds = draw(st.lists(FAMILIES.flatmap(lambda f: st.sampled_from(LADDERS[f])), min_size=2, max_size=8))
    columns = tuple(column(i, kind, nullable=draw(st.booleans())) for i, kind in enumerate(kinds, start=1))
    key = draw(st.lists(st.sampled_from([c.id for c in columns]), unique=True, max_size=2))
    return Definition(draw(st.integers(1, 5)), columns, tuple(key))


def with_column(of: Definition, at: int, new: SourceColumn) -> Definition:
    return replace(of, columns=(*of.columns[:at], new, *of.columns[at + 1 :]))


@given(definitions())
def test_nothing_changed_is_no_change(table):
    assert schema_changes(table, table) == ()


@given(definitions(), st.data())
def test_each_single_change_is_exactly_its_kind(table, data):
    at = data.draw(st.integers(0, len(table.columns) - 1))
    old = table.columns[at]
    loose = replace(table, key=())
    cases = {
        Kind.ADDED: (table, replace(table, columns=(*table.columns, column(99, LADDERS[0][0])))),
        Kind.DROPPED: (loose, replace(loose, columns=tuple(c for c in loose.columns if c is not old))),
        Kind.RENAMED: (table, with_column(table, at, old._replace(name="new"))),
        Kind.LOOSENED: (with_column(table, at, old._replace(nullable=False)),
                        with_column(table, at, old._replace(nullable=True))),
        Kind.TIGHTENED: (with_column(table, at, old._replace(nullable=True)),
                         with_column(table, at, old._replace(nullable=False))),
        Kind.KEY: (replace(table, key=(1, 2)), replace(table, key=(2, 1))),
        Kind.RECREATED: (table, replace(table, object_id=table.object_id + 1)),
    }  # fmt: skip
    for kind, (before, now) in cases.items():
        assert [change.kind for change in schema_changes(before, now)] == [kind]


@given(FAMILIES, FAMILIES, st.data())
def test_a_type_goes_up_its_ladder_down_it_or_to_another(one, other, data):
    low, high = sorted(data.draw(st.lists(st.integers(0, len(LADDERS[one]) - 1), min_size=2, max_size=2, unique=True)))
    narrow, wide = (Definition(1, (column(1, LADDERS[one][step]),)) for step in (low, high))
    [widened], [narrowed] = schema_changes(narrow, wide), schema_changes(wide, narrow)
    assert (widened.kind, widened.safe) == (Kind.WIDENED, True)
    assert (narrowed.kind, narrowed.safe) == (Kind.NARROWED, False)
    if one != other:
        [retyped] = schema_changes(narrow, Definition(1, (column(1, LADDERS[other][0]),)))
        assert (retyped.kind, retyped.safe) == (Kind.RETYPED, False)


@pytest.mark.parametrize(
    ("before", "after", "kind", "safe"),
    [
        (("decimal(9,2)", "decimal(9,2)"), ("decimal(12,4)", "decimal(12,4)"), Kind.WIDENED, False),
        (("decimal(9,2)", "decimal(9,2)"), ("decimal(9,4)", "decimal(9,4)"), Kind.RETYPED, False),
        (("varchar(20)", "string"), ("nvarchar(10)", "string"), Kind.RETYPED, False),
        (("date", "date"), ("datetime2(3)", "timestamp"), Kind.RETYPED, False),
        (("smallmoney", "decimal(10,4)"), ("money", "decimal(19,4)"), Kind.WIDENED, True),
        (("time(3)", "string"), ("time(7)", "string"), Kind.WIDENED, True),
        (("date", "date"), ("date", "string"), Kind.RETYPED, False),
    ],
)
def test_what_a_type_change_is(before, after, kind, safe):
    [change] = schema_changes(Definition(1, (column(1, before),)), Definition(1, (column(1, after),)))
    assert (change.kind, change.safe) == (kind, safe)


def test_a_name_that_comes_back_is_another_column():
    before, now = (Definition(1, (column(i, LADDERS[0][0], name="a"),)) for i in (1, 2))
    assert [c.kind for c in schema_changes(before, now)] == [Kind.ADDED, Kind.DROPPED]
    assert continued(before, now) == {}


def test_columns_of_a_table_made_anew_are_compared_by_name():
    before = Definition(1, (column(1, LADDERS[0][0], name="a"), column(2, LADDERS[3][0], name="b")), (1,))
    now = Definition(2, (column(1, LADDERS[3][0], name="b"), column(2, LADDERS[0][0], name="a")), (2,))
    [change] = schema_changes(before, now)
    assert change.message == "the table was re-created (object id 1 -> 2)"
    assert continued(before, now) == {"a": "a", "b": "b"}


def test_a_renamed_column_takes_its_companions_along():
    before = Definition(1, (column(1, LADDERS[5][1], name="a"),))
    now = Definition(1, (column(1, LADDERS[5][1], name="b"),))
    assert continued(before, now) == {"b": "a", "b__x": "a__x"}


def test_columns_that_are_not_copied_count_for_nothing_until_they_are():
    copied, left_out = column(1, LADDERS[0][0]), column(1, LADDERS[0][0])._replace(fields={})
    assert [c.kind for c in schema_changes(Definition(1, (copied,)), Definition(1, (left_out,)))] == [Kind.DROPPED]
    assert [c.kind for c in schema_changes(Definition(1, (left_out,)), Definition(1, (copied,)))] == [Kind.ADDED]
    assert schema_changes(Definition(1, (left_out,)), Definition(1, (left_out._replace(type="xml"),))) == ()


def test_a_decision_is_about_these_changes_and_no_others():
    before = Definition(1, (column(1, LADDERS[0][0]), column(2, LADDERS[0][3])))
    dropped = schema_changes(before, replace(before, columns=before.columns[:1]))
    narrowed = schema_changes(before, with_column(before, 1, column(2, LADDERS[0][0])))
    assert undecided(dropped, ()) == dropped
    assert undecided(dropped, (change_id(dropped),)) == ()
    assert undecided(narrowed, (change_id(dropped),)) == narrowed
    assert (
        undecided(schema_changes(before, replace(before, columns=(*before.columns, column(3, LADDERS[0][0])))), ())
        == ()
    )


def test_types_that_iceberg_promotes_in_place():
    assert promotable("decimal(9, 2)", "decimal(12,2)")
    assert not promotable("decimal(9,2)", "decimal(12,3)")
    assert not promotable("long", "int")
    assert not promotable("string", "binary")
