"""What cleaning removes from a table and what it never does, in every catalog; time is a parameter."""

import datetime as dt
from dataclasses import replace

import pytest

from mssql_starrocks.errors import LakeError, PublishConflictError
from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake import publishing
from mssql_starrocks.lake.maintenance import Keep, Removed, remove_old
from mssql_starrocks_tests.tables import evidence

NOW = dt.datetime.now(dt.timezone.utc)
LATER = NOW + dt.timedelta(days=8)


def since(now):
    return now - dt.timedelta(days=7)


def published(copy, *load_ids):
    for number, load_id in enumerate(load_ids):
        copy.write(load_id, [number])
        copy.publish()
    return {load_id: copy.table.refs()[f"load_{load_id}"].snapshot_id for load_id in load_ids}


def ids_at(copy, snapshot_id):
    return copy.table.scan(snapshot_id=snapshot_id).to_arrow()["id"].to_pylist()


def test_old_failed_loads_go_and_young_ones_stay(copy):
    published(copy, "l1")
    copy.write("failed", [1])
    publishing.keep_failed(copy.table, in_lake.newest_audit(copy.table))
    begun = f"{NOW:%Y%m%dt%H%M%S%f}_aaaaaa"
    branches.fork(copy.table, branches.audit_branch(copy.chain.names.lake, evidence(copy.chain, begun)))
    assert remove_old(copy.table, Keep(since(NOW), 5)).branches == ()
    removed = remove_old(copy.table, Keep(since(LATER), 5))
    assert removed.branches == tuple(sorted(["audit_failed", f"audit_{begun}"]))
    assert removed.snapshots >= 1
    assert set(copy.table.refs()) == {"main", "load_l1"}
    assert copy.ids() == [0]


def test_what_waits_proven_is_not_removed_and_can_be_published(copy):
    """A load of two commits: the first one is no ref's head, and between main and the load."""
    published(copy, "l1")
    branch = branches.audit_branch(copy.chain.names.lake, evidence(copy.chain, "l2"))
    branches.fork(copy.table, branch)
    first = copy.commit(replace(branch, properties={in_lake.LOAD_ID: "l2"}), [7])
    copy.commit(branch, [8], first)
    publishing.certify(copy.table, in_lake.newest_audit(copy.table))
    removed = remove_old(copy.table, Keep(since(LATER), 1))
    assert (removed.branches, removed.tags) == ((), ())
    copy.publish()
    assert copy.ids() == [7, 8]
    remove_old(copy.table, Keep(since(LATER), 2))
    assert in_lake.load_before(copy.table, in_lake.published(copy.table)).evidence.load_id == "l1"


def test_a_proven_load_that_was_superseded_goes_with_its_tag(copy):
    published(copy, "l1")
    copy.write("l2", [7])
    publishing.certify(copy.table, in_lake.newest_audit(copy.table))
    copy.write("l3", [8])
    removed = remove_old(copy.table, Keep(since(LATER), 5))
    assert removed.branches == ("audit_l2", "audit_l3")
    assert removed.tags == ("certified_l2",)


def test_the_newest_loads_and_what_starrocks_holds_stay(copy):
    at = published(copy, *(f"l{n}" for n in range(6)))
    removed = remove_old(copy.table, Keep(since(NOW), 2, frozenset({at["l1"]})))
    assert removed.tags == ("load_l0", "load_l2", "load_l3")
    assert set(copy.table.refs()) == {"main", "load_l1", "load_l4", "load_l5"}
    assert [ids_at(copy, at[name]) for name in ("l1", "l4", "l5")] == [[1], [4], [5]]
    assert not {at[name] for name in ("l0", "l2", "l3")} & {s.snapshot_id for s in copy.table.snapshots()}
    removed = remove_old(copy.table, Keep(since(NOW), 2))
    assert removed.tags == ("load_l1",)
    assert {at[name] for name in ("l4", "l5")} <= {s.snapshot_id for s in copy.table.snapshots()}
    assert not {at[name] for name in ("l0", "l1", "l2", "l3")} & {s.snapshot_id for s in copy.table.snapshots()}
    assert in_lake.load_before(copy.table, in_lake.published(copy.table)).evidence.load_id == "l4"
    assert remove_old(copy.table, Keep(since(NOW), 2)) == Removed((), (), 0)


def test_the_tag_of_a_load_has_no_age(copy):
    published(copy, "l1")
    assert copy.table.refs()["load_l1"].max_ref_age_ms is None


def test_a_load_under_way_can_be_published_after_cleaning(copy):
    published(copy, "l1", "l2")
    branch = branches.audit_branch(copy.chain.names.lake, evidence(copy.chain, "l3"))
    branches.fork(copy.table, branch)
    remove_old(copy.table, Keep(since(NOW), 1))
    copy.commit(branch, [5])
    remove_old(copy.table, Keep(since(NOW), 1))
    copy.publish()
    assert copy.ids() == [5]


def test_other_peoples_refs_and_commits_stay(copy):
    at = published(copy, "l1", "l2", "l3")
    change = copy.table.manage_snapshots().create_tag(at["l1"], "quarter")
    change.create_branch(at["l2"], "audit_of_the_books").commit()
    copy.table.append(copy.table.scan().to_arrow())
    head = copy.table.current_snapshot().snapshot_id
    remove_old(copy.table, Keep(since(LATER), 1))
    assert {"main", "quarter", "audit_of_the_books", "load_l3"} == set(copy.table.refs())
    assert (ids_at(copy, at["l1"]), copy.table.current_snapshot().snapshot_id) == ([0], head)
    assert copy.ids() == [2, 2]


def test_main_that_moves_meanwhile_loses_nothing(copy, monkeypatch):
    """A rollback to what is about to be expired: PyIceberg would drop `main` itself."""
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.table.update import snapshot as updating

    at = published(copy, "l1", "l2", "l3")
    real = updating.ExpireSnapshots.by_ids

    def rolled_back(self, ids):
        copy.table.manage_snapshots().set_current_snapshot(snapshot_id=at["l1"]).commit()
        return real(self, ids)

    monkeypatch.setattr(updating.ExpireSnapshots, "by_ids", rolled_back)
    with pytest.raises(CommitFailedException):
        remove_old(copy.table, Keep(since(NOW), 1))
    assert copy.table.current_snapshot().snapshot_id == at["l1"]
    assert copy.ids() == [0]


def test_a_branch_that_goes_on_meanwhile_stays(copy):
    from pyiceberg.exceptions import CommitFailedException

    published(copy, "l1")
    first, second = copy.write("f1", [1]), copy.write("f2", [2])
    seen = copy.table
    for branch in (second, first):
        copy.commit(branch, [3], copy.table.refs()[branch.name].snapshot_id)
        with pytest.raises(CommitFailedException):
            remove_old(seen, Keep(since(LATER), 5))
    assert {first.name, second.name} <= set(copy.table.refs())


def test_two_runs_of_one_load_cannot_both_commit(copy, monkeypatch):
    """Another run commits between a run's look at the branch and its commit, which PyIceberg then tries again."""
    published(copy, "l1")
    branch = copy.write("l2", [1])
    first = copy.table.refs()[branch.name].snapshot_id
    ours, theirs = copy.rows(branch, [3]), copy.rows(branch, [2])
    real, other = copy.catalog.load_table, []

    def load_then_commit(name):
        table = real(name)
        if not other:
            other.append(0)
            other.append(branches.commit(copy.catalog, branch, theirs, first))
        return table

    monkeypatch.setattr(copy.catalog, "load_table", load_then_commit)
    with pytest.raises(LakeError, match="another run goes on with load l2"):
        branches.commit(copy.catalog, branch, ours, first)
    monkeypatch.undo()
    assert copy.table.refs()[branch.name].snapshot_id == other[1]
    assert sorted(ids_at(copy, other[1])) == [1, 2]
    with pytest.raises(LakeError, match="another run"):
        copy.commit(branch, [3], first)
    copy.publish()
    assert copy.ids() == [1, 2]


def test_without_cleaning_a_moved_main_is_still_refused(copy):
    published(copy, "l1", "l2")
    copy.write("l3", [3])
    remove_old(copy.table, Keep(since(NOW), 1))
    copy.table.append(copy.table.scan().to_arrow())
    with pytest.raises(PublishConflictError):
        copy.publish()
