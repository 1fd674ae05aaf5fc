"""A report that no longer holds: whatever was changed is caught, and named."""

import json

import pyarrow.parquet as pq
import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.report import verify
from mssql_starrocks.report.document import load, signature, to_json


@pytest.fixture
def file(copied, tmp_path):
    """A report of `other`, made now."""
    file = tmp_path / "report.json"
    file.write_text(to_json(copied.report("other")), encoding="utf-8")
    return file


def verified(copied, file):
    settings, asked = copied.platform.settings, copied.asked()
    return verify(*load(file), (asked.chains, asked.refused), settings.lake, settings.starrocks)


def only(found):
    (table,) = found.tables
    return " | ".join(table.reasons)


def changed(file, change, *, sign=False):
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    if sign:
        document["signature"] = signature(document["evidence"])
    file.write_text(json.dumps(document), encoding="utf-8")


def test_nothing_changed(copied, file):
    found = verified(copied, file)
    assert found.holds
    assert found.signature == json.loads(file.read_text(encoding="utf-8"))["signature"]


def test_a_value_in_starrocks(copied, file):
    copied.platform.warehouse("UPDATE dbo.other SET share = 3.25 WHERE id = 3")
    found = verified(copied, file)
    copied.platform.warehouse("UPDATE dbo.other SET share = 3.5 WHERE id = 3")
    assert not found.holds
    assert "StarRocks, columns, share, digest: " in only(found)
    assert "SQL Server's evidence" not in only(found)
    assert verified(copied, file).holds


def test_a_row_in_starrocks(copied, file):
    copied.platform.warehouse("DELETE FROM dbo.other WHERE id = 3")
    found = verified(copied, file)
    copied.platform.load(copied.chain("other"))
    assert "StarRocks, rows: 3 in the report, 2 now" in only(found)


def test_the_ledger_of_loads(copied, file):
    copied.platform.load(copied.chain("other"))
    assert "StarRocks' ledger of loads, label: " in only(verified(copied, file))


def test_a_table_that_was_dropped(copied, file):
    copied.platform.warehouse("DROP TABLE dbo.other")
    found = verified(copied, file)
    copied.platform.load(copied.chain("other"))
    assert only(found) == "dbo.other is not in StarRocks. Load it from the lake (migrate --only-warehouse)."


def test_a_column_that_was_dropped(copied, file):
    copied.platform.warehouse("ALTER TABLE dbo.other DROP COLUMN share")
    found = verified(copied, file)
    copied.platform.warehouse("DROP TABLE dbo.other")
    copied.platform.load(copied.chain("other"))
    assert only(found) == "dbo.other: share should be DOUBLE and is absent"


def test_a_table_that_belongs_to_another_source(copied, file):
    entry = "UPDATE dbo.mssql_starrocks_loads SET source = '{}' WHERE target = 'dbo.other'"
    copied.platform.warehouse(entry.format("Shop.dbo.other"))
    found = verified(copied, file)
    copied.platform.warehouse(entry.format("Company.dbo.other"))
    assert only(found) == "dbo.other holds Shop.dbo.other: choose another database in targets:."
    assert verified(copied, file).holds


def test_a_value_in_a_file_of_the_lake(copied, file):
    """Somebody rewrites the file of the published snapshot in place."""
    table = open_catalog(copied.platform.settings.lake).load_table(copied.chain("other").names.lake)
    (path,) = [task.file.file_path for task in table.scan().plan_files()]
    store, name = table.io.fs_by_scheme("s3", path.split("/")[2]), path.removeprefix("s3://")
    rows = pq.read_table(name, filesystem=store)
    wrong = rows.set_column(2, rows.schema.field(2), [[1.5, 2.5, 4.5]])
    pq.write_table(wrong, name, filesystem=store)
    found = verified(copied, file)
    pq.write_table(rows, name, filesystem=store)
    assert "lake, columns, share, digest: " in only(found)
    assert verified(copied, file).holds


def test_a_newer_load(copied, file):
    copied.platform.copy(copied.chain("other"))
    assert "published snapshot: " in only(verified(copied, file))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("starrocks", "rows"), 4, "StarRocks, rows: 4 in the report, 3 now"),
        (("source", "fingerprint", "rows"), 4, "SQL Server's evidence in the lake, fingerprint, rows: 4 in the report"),
        (("lake", "columns", "id", "digest"), "1", "lake, columns, id, digest: 1 in the report"),
        (("source", "grade"), "A", "grade: A in the report, B now"),
        (("source", "point"), "2020-01-01 00:00:00.0000000", "point: 2020-01-01 00:00:00.0000000 in the report"),
        (("checks", 2, "summary"), "fine", "checks, lake values, summary: fine in the report"),
        (("table", "name"), "nobody", "it is not in the manifest and the configuration of this place"),
    ],
)  # fmt: skip
def test_a_value_in_the_json(copied, file, path, value, named):
    def change(document):
        place = document["evidence"][0]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    changed(file, change)
    found = verified(copied, file)
    assert "the evidence is not what was signed" in found.misfits[0]
    assert named in only(found)
    changed(file, lambda _: None, sign=True)
    again = verified(copied, file)
    assert not [text for text in again.misfits if "signed" in text]
    assert not again.holds  # signed anew, and still not what is there


def test_a_summary_that_promises_more(copied, file):
    changed(file, lambda document: document["summary"].update(rows=1_000_000))
    found = verified(copied, file)
    assert found.misfits == ("the summary is not that of the evidence",)
    assert not found.holds


def test_something_smuggled_into_the_evidence(copied, file):
    changed(file, lambda document: document["evidence"][0].update(remark="all is well"))
    assert "not what was signed" in verified(copied, file).misfits[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(remark="all is well"),
        lambda table: table["starrocks"].update(rows="3"),
        lambda table: table["starrocks"].update(rows=3.0),
    ],
    ids=["a field", "text for a number", "a fraction for a number"],
)
def test_what_no_report_has_does_not_hold_however_it_is_signed(copied, file, change):
    changed(file, lambda document: change(document["evidence"][0]), sign=True)
    found = verified(copied, file)
    assert found.misfits == ("the evidence has fields or values that no report has",)
    assert not found.holds


def test_a_table_that_was_not_certified_does_not_hold(copied, tmp_path):
    file = tmp_path / "report.json"
    file.write_text(to_json(copied.report("unloaded", "refused")), encoding="utf-8")
    found = verified(copied, file)
    assert not found.holds
    assert [t.holds for t in found.tables] == [False, False]
    assert found.signature == json.loads(file.read_text(encoding="utf-8"))["signature"]
    assert "cannot lead" in found.tables[0].reasons[0] or "float" in found.tables[0].reasons[0]


def test_a_report_of_nothing_holds_nothing(copied, file):
    summary = {"certified": True, "tables": 0, "certified_tables": 0, "rows": 0}
    changed(file, lambda document: document.update(evidence=[], summary=summary), sign=True)
    found = verified(copied, file)
    assert (found.misfits, found.tables, found.holds) == ((), (), False)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 1}', "<html>", '{"signature": 3}', pytest.param("[" * 200_000, id="deep")],
)
def test_what_is_no_report_is_refused(tmp_path, text):
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match="is not the JSON of a report"):
        load(file)


def test_a_half_of_a_surrogate_pair_is_refused(file):
    document = json.loads(file.read_text())
    document["evidence"][0]["table"]["name"] = "\ud800"
    file.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="is not the JSON of a report"):
        load(file)


def test_another_format_is_refused(file):
    changed(file, lambda document: document.update(format=2))
    with pytest.raises(ConfigError, match="is a report of format 2; this release reads 1"):
        load(file)
