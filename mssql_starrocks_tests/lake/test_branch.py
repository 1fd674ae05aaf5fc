"""Fork, commit, certify, publish: one behaviour on every catalog."""

import pytest
from pyiceberg.exceptions import CommitFailedException

from mssql_starrocks.errors import LakeError, NotCertifiedError, PublishConflictError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake import publishing
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.model import Level
from mssql_starrocks_tests.tables import evidence


def test_readers_see_a_load_only_when_it_is_published(copy):
    copy.write("l1", [1, 2, 3])
    assert copy.table.current_snapshot() is None
    tag = copy.publish()
    assert copy.ids() == [1, 2, 3]
    assert set(copy.table.refs()) == {"main", tag}


def test_each_load_replaces_the_one_before_in_one_snapshot(copy):
    for n, ids in enumerate(([1, 2], [2, 3, 4], [])):
        copy.write(f"l{n}", ids)
        copy.publish()
        assert copy.ids() == ids
    assert copy.table.scan(snapshot_id=copy.table.refs()["load_l1"].snapshot_id).to_arrow().num_rows == 3


def test_an_uncertified_load_is_refused(copy):
    copy.write("l1", [1])
    with pytest.raises(NotCertifiedError, match="l1"):
        publishing.publish(copy.table, in_lake.newest_audit(copy.table))
    assert copy.table.current_snapshot() is None


def test_another_writers_commit_on_main_is_never_lost(copy):
    copy.write("l1", [1])
    copy.publish()
    copy.write("l2", [1, 2])
    row = copy.table.scan().to_arrow()
    copy.table.append(row)
    with pytest.raises(PublishConflictError, match="another writer"):
        copy.publish()
    assert copy.ids() == [1, 1]


def test_a_writer_that_moves_main_after_the_check_is_seen(copy):
    copy.write("l1", [1])
    copy.publish()
    copy.write("l2", [2])
    publishing.certify(copy.table, in_lake.newest_audit(copy.table))
    stale = copy.table
    copy.table.append(copy.table.scan().to_arrow())
    with pytest.raises(PublishConflictError):
        publishing.publish(stale, in_lake.newest_audit(stale))
    assert copy.ids() == [1, 1]


@pytest.mark.parametrize("landed", [True, False])
def test_a_publish_that_glue_refuses_is_looked_at_again(copy, monkeypatch, landed):
    """Refused because of a commit elsewhere in the table, or because its own first attempt had landed."""
    copy.write("l1", [1])
    publishing.certify(copy.table, in_lake.newest_audit(copy.table))
    table, load, real = copy.table, in_lake.newest_audit(copy.table), copy.catalog.commit_table

    def commit(*arguments):
        monkeypatch.undo()
        if landed:
            real(*arguments)
        raise CommitFailedException("version 1 is not 2")

    monkeypatch.setattr(copy.catalog, "commit_table", commit)
    assert publishing.publish(table, load) == "load_l1"
    assert copy.ids() == [1]
    assert set(copy.table.refs()) == {"main", "load_l1"}


def test_an_audit_branch_that_somebody_moved_is_not_certified(copy):
    branch = copy.write("l1", [1])
    load = in_lake.newest_audit(copy.table)
    copy.commit(branch, [2])
    with pytest.raises(LakeError, match="branch audit_l1 was moved or removed"):
        publishing.certify(copy.table, load)


def test_the_commit_survives_another_ref_moving(copy, monkeypatch):
    copy.write("l1", [1])
    copy.publish()
    branch = branches.audit_branch(copy.chain.names.lake, evidence(copy.chain, "l2"))
    branches.fork(copy.table, branch)
    real, moved = copy.catalog.load_table, []

    def load_then_move(name):
        table = real(name)
        if not moved:
            moved.append(True)
            other = real(name)
            other.manage_snapshots().create_tag(other.current_snapshot().snapshot_id, "someone").commit()
        return table

    monkeypatch.setattr(copy.catalog, "load_table", load_then_move)
    copy.commit(branch, [7])
    monkeypatch.undo()
    copy.publish()
    assert copy.ids() == [7]
    assert "someone" in copy.table.refs()


def test_a_load_id_is_used_once_and_a_dropped_branch_is_noticed(copy):
    branch = copy.write("l1", [1])
    with pytest.raises(LakeError, match="exists"):
        branches.fork(copy.table, branch)
    copy.table.manage_snapshots().remove_branch(branch.name).commit()
    with pytest.raises(LakeError, match="gone"):
        copy.commit(branch, [1])


def test_a_failed_older_load_does_not_hide_the_published_one(copy):
    copy.write("l1", [1])
    copy.write("l2", [2])
    copy.publish()
    assert in_lake.newest_audit(copy.table) is None
    assert in_lake.published(copy.table).evidence.load_id == "l2"


def test_the_fingerprint_is_of_the_snapshot_and_bridges_utf16(copy):
    copy.write("l1", [1, 2])
    load = in_lake.newest_audit(copy.table)
    seen = fingerprint(copy.table, load.snapshot_id, copy.chain.columns, Level.ROWS)
    assert seen.source.rows == 2
    assert seen.source.columns["id"] == seen.warehouse.columns["id"]
    assert seen.source.columns["name"].digest != seen.warehouse.columns["name"].digest
    assert seen.key_bytes == 0
