"""A load's own schema, in every catalog: staged beside the table's, and the table's when the load is published."""

from dataclasses import replace

import pytest

from mssql_starrocks.changes import change_id, definition_of, schema_changes
from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake.files import RollingWriter, file_schema
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.lake.schemas import stage, writing
from mssql_starrocks.lake.tables import expected_schema, schema_differences
from mssql_starrocks.model import Table
from mssql_starrocks.stages.evolving import prepared
from mssql_starrocks_tests.tables import chain, column, evidence


def changed(source: Table) -> Table:
    """id gets wider, name is now title, price is gone, note is new."""
    number, name, _ = source.columns
    return replace(
        source,
        columns=(replace(number, type="bigint"), replace(name, name="title"), column("note", "nvarchar", ordinal=4)),
    )


def load(copy, of, load_id, known):
    """One load of no rows, published."""
    schema_id = stage(copy.table, expected_schema(of), known, definition_of(of), make_current=False)
    said = replace(evidence(of, load_id), definition=definition_of(of))
    branch = branches.audit_branch(of.names.lake, said, schema_id)
    branches.fork(copy.table, branch)
    with RollingWriter(writing(copy.table, schema_id), load_id) as writer:
        files = writer.finish()
    branches.commit(copy.catalog, branch, files)
    return copy.publish, branch.name


def test_a_load_has_a_schema_of_its_own_until_it_is_published(copy):
    publish, _ = load(copy, copy.chain, "l1", None)
    publish()
    first = copy.table.schema()
    now = chain(changed(copy.chain.table))
    publish, branch = load(copy, now, "l2", definition_of(copy.chain))
    table = copy.table
    assert table.schema() == first
    staged = schema_of(table, table.snapshot_by_name(branch).snapshot_id)
    assert not schema_differences(now, staged)
    assert [(f.name, f.field_id) for f in staged.fields[:3]] == [("id", 1), ("title", 2), ("note", 7)]
    publish()
    assert copy.table.schema() == staged
    assert copy.table.metadata.current_schema_id == staged.schema_id
    snapshots = sorted(copy.table.snapshots(), key=lambda s: s.sequence_number)
    assert schema_of(copy.table, snapshots[-2].snapshot_id) == first


def test_files_are_written_by_the_schema_of_the_load(copy):
    now = chain(changed(copy.chain.table))
    schema_id = stage(copy.table, expected_schema(now), None, definition_of(now), make_current=False)
    assert file_schema(writing(copy.table, schema_id)).names[:3] == ["id", "title", "note"]
    assert file_schema(copy.table).names[:3] == ["id", "name", "price"]


def test_for_spark_the_table_changes_at_once_and_only_as_far_as_is_safe(copy):
    publish, _ = load(copy, copy.chain, "l1", None)
    publish()
    kept = copy.chain.table.columns
    added = chain(replace(copy.chain.table, columns=(*kept, column("note", "nvarchar", ordinal=4))), engine="spark")
    prepared(added, copy.lake)
    assert "note" in copy.table.schema().column_names
    renamed = chain(replace(copy.chain.table, columns=(*kept[:2], replace(kept[2], name="cost"))), engine="spark")
    prepared(renamed, copy.lake)  # as if the load before it had failed
    assert [(f.name, f.field_id) for f in copy.table.schema().fields[:4]][2:] == [("cost", 3), ("migrated_at", 4)]
    dropped = chain(replace(copy.chain.table, columns=kept[:2]), engine="spark")
    before = copy.table.schema()
    with pytest.raises(LakeError, match=r"column price was dropped .*To go on, set accept_schema_change: \[\w+\]"):
        prepared(dropped, copy.lake)
    assert copy.table.schema() == before
    accepted = change_id(schema_changes(definition_of(copy.chain), definition_of(dropped)))
    prepared(replace(dropped, accepted_changes=(accepted,)), copy.lake)
    assert "price" not in copy.table.schema().column_names


def test_columns_of_somebody_else_are_never_dropped(copy):
    from pyiceberg.types import LongType

    publish, _ = load(copy, copy.chain, "l1", None)
    publish()
    with copy.table.update_schema() as update:
        update.add_column("theirs", LongType())
    with pytest.raises(LakeError, match=r"column theirs is in the Iceberg table and not in the copy\. Drop it there"):
        prepared(copy.chain, copy.lake)
    theirs = chain(replace(copy.chain.table, columns=(*copy.chain.table.columns, column("theirs", "date", ordinal=4))))
    with pytest.raises(LakeError, match="column theirs is date by the source and long in the Iceberg table"):
        prepared(theirs, copy.lake)


def test_loads_of_older_releases_know_their_columns_by_name(copy):
    old = branches.audit_branch(copy.chain.names.lake, evidence(copy.chain, "l1"))
    branches.fork(copy.table, old)
    branches.commit(copy.catalog, old, [])
    copy.publish()
    before = copy.table.schema()
    added = replace(copy.chain.table, columns=(*copy.chain.table.columns, column("note", "nvarchar", ordinal=4)))
    prepared(chain(added), copy.lake)
    with pytest.raises(LakeError, match="column name is in the Iceberg table and not in the copy"):
        prepared(chain(changed(copy.chain.table)), copy.lake)
    assert copy.table.schema() == before
