"""The type ledger: every source column has a line, and changes between two ledgers are said."""

from dataclasses import replace

from mssql_starrocks.model import Loss
from mssql_starrocks.types.ledger import ledger_changes, with_measured
from mssql_starrocks.types.matrix import MATRIX
from mssql_starrocks_tests.tables import chain, column, table

WIDE = table(
    column("id", "int", nullable=False),
    column("at", "datetimeoffset", scale=7),
    column("secret", "int"),
    column("all", "xml", max_length=-1, column_set=True),
    column("numbers", "vector", max_length=-1),
    column("point", "clr:point", max_length=-1, user_type="point"),
)


def ledger(**options):
    return chain(WIDE, tables={"sales.things": {"exclude_columns": ["secret"], **options}}).ledger


def test_every_source_column_has_a_line_companions_beside_it():
    lines = ledger()
    assert [(line.column, line.name) for line in lines] == [
        ("id", "id"), ("at", "at"), ("at", "at__offset_min"), ("at", "at__ns100"), ("secret", ""), ("all", ""),
        ("numbers", "numbers"), ("point", "point"),
    ]  # fmt: skip
    assert [(line.rule, line.loss) for line in lines if not line.name] == [
        ("excluded", Loss.DECLARED),
        ("not data", Loss.EXACT),
    ]
    assert all(line.sentence for line in lines)


def test_losses_whose_rule_wants_it_are_undeclared_until_accepted():
    undeclared = {line.column: line.undeclared for line in ledger() if line.undeclared}
    assert undeclared == {
        "numbers": "set accept_loss: true for column numbers of sales.things",
        "point": "set accept_loss: true for column point of sales.things",
    }
    accepted = ledger(columns={"numbers": {"accept_loss": True}, "point": {"accept_loss": True}})
    assert not [line for line in accepted if line.undeclared]


def test_changes_between_two_ledgers_are_said_and_maxima_are_none():
    before = ledger()
    assert ledger_changes(before, with_measured(before, {"numbers": 7})) == ()
    after = ledger(types={"datetimeoffset_as": "text"})
    assert ledger_changes(before, after) == (
        "at: datetimeoffset(7) as timestamp, DATETIME (datetimeoffset.ns100, exact with companion column) before, "
        "datetimeoffset(7) as string, VARCHAR(34) (datetimeoffset.text, exact) now",
        "at__offset_min: gone",
        "at__ns100: gone",
    )
    assert ledger_changes(before[:1], (*before[:1], replace(before[0], name="b", column="b"))) == (
        "b: new, int as int, INT (int, exact)",
    )


def test_every_row_of_the_matrix_says_what_happens():
    assert len({rule.id for rule in MATRIX}) == len(MATRIX)
    assert all(rule.note for rule in MATRIX)
    assert all(rule.loss is Loss.DECLARED for rule in MATRIX if rule.must_accept)
