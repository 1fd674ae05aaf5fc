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


def test_a_snapshot_is_read_by_its_own_schema_and_by_todays_for_what_that_lacks(copy):
    from pyiceberg.types import LongType, StringType

    with copy.table.update_schema() as update:
        update.rename_column("name", "title")
        update.update_column("id", LongType())
    with copy.table.update_schema() as update:
        update.add_column("name", StringType())
        update.add_column("late", StringType())
    expected = [{"title": f"n{i}", "name": f"n{i}", "late": None, "id": i} for i in (1, 2)]
    assert rows(copy, "title", "name", "late", "id") == expected
    snapshot = copy.table.snapshot_by_name("audit_l1").snapshot_id
    assert str(snapshot_batches(copy.table, snapshot, ["id"]).schema) == "id: int32"
    with pytest.raises(LakeError, match="no column nowhere"):
        snapshot_batches(copy.table, snapshot, ["nowhere"])


def test_a_snapshot_that_is_gone_is_an_error_and_no_empty_table(copy):
    with pytest.raises(LakeError, match="snapshot 1 is gone"):
        snapshot_batches(copy.table, 1, ["id"])
