"""Taking a table back to an earlier load: both sides follow, nothing comes back by accident, a re-run finishes."""

import pytest

from mssql_starrocks import stages
from mssql_starrocks.errors import LakeError, NotCertifiedError, PublishConflictError, WarehouseError
from mssql_starrocks.stages import rolling_back
from mssql_starrocks_tests.platform import failed


def test_a_table_goes_back_in_lake_and_starrocks_and_forward_again(kept):
    chain = kept.chain()
    one, two = kept.copied("one"), kept.copied("two")
    done = kept.rollback(chain)
    assert (done.load_id, done.main_before, done.rows, done.passed) == (one, two, 1, True)
    assert kept.values() == kept.lake_values(chain) == ["one"]
    assert [(s.load_id, s.current, s.in_starrocks) for s in kept.loads(chain)] == [
        (two, False, False),
        (one, True, True),
    ]
    assert kept.rollback(chain, two).passed
    assert kept.values() == kept.lake_values(chain) == ["two"]
    three = kept.copied("three")
    assert [s.load_id for s in kept.loads(chain)] == [three, two, one]


def test_the_list_says_what_is_there(kept):
    chain = kept.chain()
    kept.copied("one", "more")
    [summary] = stages.loads(chain, kept.settings.lake)
    assert (summary.rows, summary.grade, summary.current, summary.in_starrocks) == (2, "B", True, None)
    assert summary.committed[:10] >= summary.point[:10]
    assert summary.snapshot_id == kept.lake_table(chain).current_snapshot().snapshot_id


def test_one_step_back_is_the_load_before_and_not_what_was_taken_back(kept):
    chain = kept.chain()
    one = kept.copied("one")
    kept.copied("bad")
    kept.rollback(chain)
    kept.copied("three")
    assert kept.rollback(chain).load_id == one
    with pytest.raises(LakeError, match=f"no load before {one}"):
        kept.rollback(chain)
    with pytest.raises(LakeError, match=r"load nope is not in the lake.*There are: "):
        kept.rollback(chain, "nope")
    assert kept.values() == ["one"]


def test_a_load_older_than_the_one_taken_back_does_not_come_up(kept):
    """It was forked from what main holds now, and is certified."""
    chain = kept.chain()
    kept.copied("one")
    kept.fill("stale")
    stale = kept.snapshot(chain).load_id
    assert not failed(kept.prove_snapshot(chain))
    kept.fill("two")
    kept.snapshot(chain)  # forked from the same main
    table = kept.lake_table(chain)
    waiting = table.refs()[f"audit_{stale}"].snapshot_id
    kept.publish(chain)
    table = kept.lake_table(chain)  # publishing tidied up; a writer of the same age whose branch was left
    table.manage_snapshots().create_branch(waiting, f"audit_{stale}").create_tag(waiting, f"certified_{stale}").commit()
    kept.load(chain)
    kept.rollback(chain)
    assert kept.publish(chain).load_id != stale
    with pytest.raises(PublishConflictError, match="taken back to an earlier load"):
        stages.publish(chain, kept.settings.lake, print, stale)
    kept.load(chain)
    assert kept.values() == kept.lake_values(chain) == ["one"]


def test_a_load_copied_from_what_was_taken_back_does_not_come_up(kept):
    chain = kept.chain()
    one = kept.copied("one")
    kept.copied("two")
    kept.fill("waiting")
    waiting = kept.snapshot(chain).load_id
    assert not failed(kept.prove_snapshot(chain))
    kept.rollback(chain)
    assert kept.publish(chain).load_id == one
    with pytest.raises(PublishConflictError, match="taken back to an earlier load"):
        stages.publish(chain, kept.settings.lake, print, waiting)
    assert kept.lake_values(chain) == ["one"]
    kept.copied("three")
    assert kept.values() == kept.lake_values(chain) == ["three"]
    assert not [name for name in kept.lake_table(chain).refs() if name.startswith(("audit_", "certified_"))]


def test_a_load_whose_files_are_gone_moves_nothing(kept):
    chain = kept.chain()
    one = kept.copied("one")
    kept.copied("two")
    table = kept.lake_table(chain)
    before = next(s for s in kept.loads(chain) if s.load_id == one)
    for task in table.scan(snapshot_id=before.snapshot_id).plan_files():
        table.io.delete(task.file.file_path)
    with pytest.raises(LakeError, match=f"load {one} cannot be read any more.*Nothing moved"):
        kept.rollback(chain)
    assert kept.values() == kept.lake_values(chain) == ["two"]


def test_a_load_that_is_not_what_was_certified_moves_nothing(kept):
    chain = kept.chain()
    one, two = kept.copied("one"), kept.copied("two")
    files = {}
    table = kept.lake_table(chain)
    for summary in kept.loads(chain):
        [task] = table.scan(snapshot_id=summary.snapshot_id).plan_files()
        files[summary.load_id] = task.file.file_path
    with table.io.new_input(files[two]).open() as other, table.io.new_output(files[one]).create(True) as file:
        file.write(other.read())
    with pytest.raises(NotCertifiedError, match=f"load {one} is not what was certified: values.*Nothing moved"):
        kept.rollback(chain)
    assert kept.values() == kept.lake_values(chain) == ["two"]


def test_other_columns_are_refused_by_name_with_what_to_set(kept):
    kept.copied("one")
    kept.source(f"ALTER TABLE {kept.name} ADD price int NULL")
    wider = kept.chain()
    kept.copied("two", chain=wider)
    with pytest.raises(LakeError, match=r"has no column price \(int.*exclude_columns: \[price\].*Nothing moved"):
        kept.rollback(wider)
    narrow = kept.chain(tables={kept.name: {"exclude_columns": ["price"]}})
    assert kept.rollback(narrow).loaded.how == "alter and overwrite"
    assert kept.values() == ["one"]
    with pytest.raises(LakeError, match="has column price .int., which is not copied now.*take it out"):
        kept.rollback(narrow, kept.loads(narrow)[0].load_id)
    assert kept.rollback(wider, kept.loads(wider)[0].load_id).passed
    assert kept.values() == ["two"]


def test_another_writers_commit_on_main_is_not_dropped(kept, monkeypatch):
    chain = kept.chain()
    kept.copied("one")
    kept.copied("two")
    table = kept.lake_table(chain)
    real = rolling_back._refuse_changed_files

    def meanwhile(*arguments):
        real(*arguments)
        table.append(table.scan().to_arrow())

    monkeypatch.setattr(rolling_back, "_refuse_changed_files", meanwhile)
    with pytest.raises(PublishConflictError, match="another writer moved main at this moment"):
        kept.rollback(chain)
    monkeypatch.undo()
    foreign = table.current_snapshot().snapshot_id
    with pytest.raises(LakeError, match=f"is snapshot {foreign} of another writer; copy the table again"):
        kept.rollback(chain)
    assert kept.lake_table(chain).current_snapshot().snapshot_id == foreign
    assert kept.values() == ["two"]


@pytest.mark.parametrize("finish", ["rollback", "load", "copy"])
def test_a_crash_after_main_moved_is_finished_by_whatever_runs_next(kept, monkeypatch, finish):
    chain = kept.chain()
    kept.copied("zero")
    one = kept.copied("one")
    kept.copied("two")
    monkeypatch.setattr(rolling_back, "load", _die)
    with pytest.raises(KeyboardInterrupt):
        kept.rollback(chain)
    monkeypatch.undo()
    assert (kept.lake_values(chain), kept.values()) == (["one"], ["two"])
    assert [r.name for r in kept.prove_warehouse(chain) if not r.passed] == ["schema"]  # it is behind main
    if finish == "rollback":
        assert kept.rollback(chain).load_id == one  # not one further back
    elif finish == "load":
        kept.load(chain)
    else:
        assert not failed(kept.copy(chain))
    assert not failed(kept.prove_warehouse(chain))
    assert kept.values() == kept.lake_values(chain) == (["two"] if finish == "copy" else ["one"])


def test_what_starrocks_refuses_is_told_and_can_be_finished(kept):
    chain = kept.chain()
    one = kept.copied("one")
    kept.copied("two")
    kept.box.starrocks.faults.fail("INSERT OVERWRITE", 1064, "no disk left")
    with pytest.raises(WarehouseError, match=f"no disk left.*main holds load {one}, StarRocks not yet.*again"):
        kept.rollback(chain)
    assert kept.values() == ["two"]
    assert kept.rollback(chain).load_id == one
    assert kept.values() == ["one"]


def test_a_publish_in_between_wins_and_is_told(kept, monkeypatch):
    chain = kept.chain()
    kept.copied("one")
    kept.copied("two")
    real = rolling_back.load

    def meanwhile(*arguments):
        kept.fill("three")
        kept.snapshot(chain)
        kept.publish(chain)
        return real(*arguments)

    monkeypatch.setattr(rolling_back, "load", meanwhile)
    with pytest.raises(PublishConflictError, match="was published meanwhile and is loaded"):
        kept.rollback(chain)
    assert kept.values() == kept.lake_values(chain) == ["three"]


def _die(*_):
    raise KeyboardInterrupt
