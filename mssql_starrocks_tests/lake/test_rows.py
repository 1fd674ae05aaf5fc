"""A snapshot's rows are read by field id, whatever the schema became since."""

import pytest

from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake.rows import snapshot_batches


@pytest.fixture(autouse=True)
def _two_rows(copy):
    copy.write("l1", [1, 2])


def rows(copy, *names):
    table = copy.table
    snapshot = table.snapshot_by_name("audit_l1").snapshot_id
    return snapshot_batches(table, snapshot, names).read_all().to_pylist()


def test_a_column_that_came_later_is_null(copy):
    from pyiceberg.types import LongType

    with copy.table.update_schema() as update:
        update.add_column("late", LongType())
    assert rows(copy, "late", "id") == [{"late": None, "id": 1}, {"late": None, "id": 2}]


def test_a_renamed_column_keeps_its_values(copy):
    from pyiceberg.types import StringType

    with copy.table.update_schema() as update:
        update.rename_column("name", "title")
    with copy.table.update_schema() as update:
        update.add_column("name", StringType())
    assert rows(copy, "title", "name") == [{"title": "n1", "name": None}, {"title": "n2", "name": None}]


def test_a_widened_column_has_its_new_type(copy):
    from pyiceberg.types import LongType

    with copy.table.update_schema() as update:
        update.update_column("id", LongType())
    snapshot = copy.table.snapshot_by_name("audit_l1").snapshot_id
    assert str(snapshot_batches(copy.table, snapshot, ["id"]).schema) == "id: int64"
    assert rows(copy, "id") == [{"id": 1}, {"id": 2}]


def test_a_snapshot_that_is_gone_is_an_error_and_no_empty_table(copy):
    with pytest.raises(LakeError, match="snapshot 1 is gone"):
        snapshot_batches(copy.table, 1, ["id"])
