"""The evidence of a load as it travels in the snapshot summary."""

import json
from dataclasses import replace

from mssql_starrocks.changes import definition_of
from mssql_starrocks.model import ColumnPrint, Evidence, Fingerprint
from mssql_starrocks_tests.tables import chain, column, evidence, table


def test_evidence_comes_back_as_it_was():
    of = chain()
    said = replace(evidence(of, "l1"), definition=definition_of(of), ledger=of.ledger)
    assert Evidence.from_json(said.to_json()) == said


def test_evidence_of_older_releases_has_no_definition():
    assert "definition" not in evidence(chain(), "l1").to_json()
    assert Evidence.from_json(evidence(chain(), "l1").to_json()).definition is None


def test_the_definition_of_a_wide_table_is_small_beside_the_rest():
    """It is in metadata.json, not in Glue's table parameters; nothing limits it but the time to read it."""
    wide = [column("id", "int", nullable=False)]
    wide += [column(f"some_column_name_{i}", "nvarchar", max_length=100) for i in range(999)]
    of = chain(table(*wide))
    prints = Fingerprint(1, {c.name: ColumnPrint(0, "1" * 20) for c in of.columns})
    said = replace(evidence(of, "l1", prints), ledger=of.ledger)
    without, whole = len(said.to_json()), len(replace(said, definition=definition_of(of)).to_json())
    assert whole - without < 90 * 1000
    assert whole < 1.4 * without
    first = json.loads(replace(said, definition=definition_of(of)).to_json())["definition"]["columns"][0]
    assert first == [1, "id", "int", False, {"id": "int"}]
