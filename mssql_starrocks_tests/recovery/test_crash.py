"""A load that ends anywhere: readers have a whole load, and the ledger says which one, or that it is one of two."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.source.discover import discover
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks_tests.platform import failed
from mssql_starrocks_tests.recovery.crash import end_at

DONE = ("taken over", "in place")  # the target is replaced, the ledger does not know
WAYS = [
    *(("overwrite", name) for name in ("loaded", "pending", "in place", "taken over", "recorded")),
    *(("swap", name) for name in ("pending", "in place")),
    *(("rename", name) for name in ("pending", "taken over")),
]


def entry(kept, chain):
    with warehouse_session(kept.settings.starrocks) as session:
        return ledger.read(session, chain)


def crash(kept, chain, boundary):
    with pytest.MonkeyPatch.context() as patch:
        end_at(boundary, _die, patch.setattr)
        with pytest.raises(KeyboardInterrupt):
            kept.load(chain)


def _die():
    raise KeyboardInterrupt


@pytest.fixture
def prepared(kept):
    """Brings a table to where its next load is done in that way; the chain, old rows, new rows."""

    def prepare(way):
        old = None
        if way != "rename":
            kept.copied("one")
            old = ["one"]
        if way == "swap":  # which no ALTER of StarRocks can do
            kept.source(f"ALTER TABLE {kept.name} ALTER COLUMN v nvarchar(20) NOT NULL")
        kept.fill("two", "more")
        chain = kept.chain()
        kept.snapshot(chain)
        kept.publish(chain)
        return chain, old, ["two", "more"]

    return prepare


@pytest.mark.parametrize(("way", "boundary"), WAYS)
def test_the_ledger_says_what_the_target_holds(kept, prepared, way, boundary):
    chain, old, new = prepared(way)
    before = entry(kept, chain)
    main = kept.lake_table(chain).current_snapshot().snapshot_id
    crash(kept, chain, boundary)
    left = entry(kept, chain)
    if boundary in DONE:
        assert left.snapshot_id == (before.snapshot_id if before else ledger.NOTHING)
        assert left.pending_snapshot_id == main
    if boundary in (*DONE, "recorded"):
        assert not failed(kept.prove_warehouse(chain))
        assert (kept.values(), entry(kept, chain).snapshot_id) == (new, main)
    elif old:
        behind = [r.differences[0].what for r in kept.prove_warehouse(chain) if not r.passed]
        assert behind[0] == "snapshot"
        assert (kept.values(), entry(kept, chain).snapshot_id) == (old, before.snapshot_id)
    else:
        with pytest.raises(WarehouseError, match="was never loaded"):
            kept.prove_warehouse(chain)
    kept.load(chain)
    now = entry(kept, chain)
    assert (now.snapshot_id, now.pending_snapshot_id, now.shadow, now.row_count) == (main, 0, "", 2)
    assert not failed(kept.prove_warehouse(chain))
    assert (kept.values(), kept.shadows()) == (new, [])


def test_a_second_crash_forgets_nothing(kept, prepared):
    chain, _, new = prepared("overwrite")
    held = kept.lake_table(chain).current_snapshot().snapshot_id
    crash(kept, chain, "taken over")
    kept.fill("three")
    kept.snapshot(chain)
    kept.publish(chain)
    crash(kept, chain, "claimed")
    assert entry(kept, chain).pending_snapshot_id == held
    crash(kept, chain, "pending")
    left = entry(kept, chain)
    main = kept.lake_table(chain).current_snapshot().snapshot_id
    assert (left.snapshot_id, left.pending_snapshot_id, kept.values()) == (held, main, new)


def test_equal_counts_are_no_proof_of_which(kept):
    """At level counts the two snapshots could not be told apart: settling compares values."""
    chain = kept.chain(proof="counts")
    kept.copied("one", chain=chain)
    kept.fill("two")
    kept.snapshot(chain)
    kept.publish(chain)
    main = kept.lake_table(chain).current_snapshot().snapshot_id
    crash(kept, chain, "pending")
    kept.prove_warehouse(chain)
    assert entry(kept, chain).snapshot_id != main
    crash(kept, chain, "taken over")
    kept.prove_warehouse(chain)
    assert entry(kept, chain).snapshot_id == main


def test_equal_loads_keep_the_older_name_until_the_next_load(kept):
    chain = kept.chain()
    kept.copied("same")
    held = entry(kept, chain).snapshot_id
    kept.snapshot(chain)
    kept.publish(chain)
    crash(kept, chain, "taken over")
    assert [r.differences[0].what for r in kept.prove_warehouse(chain) if not r.passed] == ["snapshot"]
    assert entry(kept, chain).snapshot_id == held
    kept.load(chain)
    assert not failed(kept.prove_warehouse(chain))


def test_rows_of_somebody_else_are_no_load(kept, prepared):
    chain, _, _ = prepared("overwrite")
    crash(kept, chain, "taken over")
    kept.warehouse(f"DELETE FROM {kept.name} WHERE id = 1")
    assert failed(kept.prove_warehouse(chain))
    assert entry(kept, chain).pending_snapshot_id
    kept.load(chain)
    assert not failed(kept.prove_warehouse(chain))


def test_a_load_that_moved_on_meanwhile_is_not_overwritten_by_the_settling(kept, prepared, monkeypatch):
    from mssql_starrocks.stages import loading

    chain, _, _ = prepared("overwrite")
    crash(kept, chain, "taken over")
    real = loading.settled

    def meanwhile(*arguments):
        monkeypatch.undo()
        found = real(*arguments)
        kept.copied("three")
        return found

    monkeypatch.setattr(loading, "settled", meanwhile)
    kept.prove_warehouse(chain)
    assert entry(kept, chain).snapshot_id == kept.lake_table(chain).current_snapshot().snapshot_id
    assert kept.values() == ["three"]


def test_killed_and_continued_on_another_machine_by_dagster(kept, prepared, tmp_path):
    chain, _, new = prepared("overwrite")
    main = kept.lake_table(chain).current_snapshot().snapshot_id
    killed = program(
        kept, tmp_path, sys.executable, "-m", "mssql_starrocks_tests.recovery.crash", "taken over", kept.name
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert entry(kept, chain).pending_snapshot_id == main
    (tmp_path / "mssql_starrocks.yaml").write_text(f"include: [{kept.name}]\n")
    save_manifest(discover(kept.settings.mssql), tmp_path / "manifest.json")
    dagster, select = Path(sys.executable).parent / "dagster", f"starrocks_table/{kept.schema}/t"
    done = program(kept, tmp_path, dagster, "asset", "materialize", "-m", "mssql_starrocks.definitions",
                   "--select", select)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    now = entry(kept, chain)
    assert (now.snapshot_id, now.pending_snapshot_id, kept.values(), kept.shadows()) == (main, 0, new, [])


def program(kept, folder, *command):
    home = folder / "home"
    home.mkdir(exist_ok=True)
    values = {**os.environ, **kept.box.environment(), "DAGSTER_HOME": str(home)}
    return subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True, check=False)
