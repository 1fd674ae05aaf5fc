"""What a proof decides: a load is certified, kept for inspection, or published by moving `main`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mssql_starrocks.errors import LakeError, NotCertifiedError, PublishConflictError
from mssql_starrocks.lake.loads import AUDIT, CERTIFIED, TAG, LoadSnapshot, superseded
from mssql_starrocks.lake.refs import FAILED_AGE, change_refs

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.update.snapshot import ManageSnapshots


def certify(table: Table, load: LoadSnapshot) -> None:
    """Mark an audited snapshot as proven, by a tag that publishing asks for."""
    name = CERTIFIED + load.evidence.load_id
    change_refs(
        table,
        lambda change: _retained(table, load, change).create_tag(load.snapshot_id, name, max_ref_age_ms=FAILED_AGE),
    )


def keep_failed(table: Table, load: LoadSnapshot) -> None:
    """Leave a branch that failed its proof for inspection, and let it age."""
    change_refs(table, lambda change: _retained(table, load, change))


def publish(table: Table, load: LoadSnapshot) -> str:
    """Move `main` to a certified snapshot, and the table's schema to the snapshot's; returns the tag that keeps it.

    One metadata commit, a compare-and-swap.

    Raises:
        NotCertifiedError: the load was not proven.
        PublishConflictError: main is no ancestor of the load, or moves at this moment; nothing is changed.
    """
    from pyiceberg.exceptions import CommitFailedException

    if not load.certified:
        raise NotCertifiedError(
            f"Load {load.evidence.load_id} of {load.evidence.table} is not certified; run its checks."
        )
    tag = TAG + load.evidence.load_id

    def move(change: ManageSnapshots) -> ManageSnapshots:
        current = table.current_snapshot()
        if current and current.snapshot_id == load.snapshot_id:
            return change  # done by an attempt whose answer was lost: AWS' client then tried again, and lost to itself
        _refuse_conflict(table, load)
        change = change.set_current_snapshot(snapshot_id=load.snapshot_id)
        change = change.create_tag(load.snapshot_id, tag)  # for ever: StarRocks may hold it; maintenance.py removes it
        for proven in _certified_loads(table):
            change = change.remove_tag(CERTIFIED + proven)
            if AUDIT + proven in table.refs():
                change = change.remove_branch(AUDIT + proven)
        return change

    try:
        change_refs(table, move, load.snapshot_id)
    except CommitFailedException as error:
        raise PublishConflictError(_conflict(load)) from error
    return tag


def _retained(table: Table, load: LoadSnapshot, change: ManageSnapshots) -> ManageSnapshots:
    """An append drops a branch's retention (lake_measured 0): it is set again with what the proof decides."""
    head = table.refs().get(load.ref)
    if head is None or head.snapshot_id != load.snapshot_id:  # creating it again would move it back
        raise LakeError(f"{load.evidence.table}: branch {load.ref} was moved or removed; copy the table again.")
    return change.create_branch(load.snapshot_id, load.ref, max_ref_age_ms=FAILED_AGE)


def _refuse_conflict(table: Table, load: LoadSnapshot) -> None:
    from pyiceberg.table.snapshots import ancestors_of

    main, head = table.current_snapshot(), table.snapshot_by_id(load.snapshot_id)
    if main and main.snapshot_id not in {s.snapshot_id for s in ancestors_of(head, table.metadata)}:
        raise PublishConflictError(_conflict(load))
    if superseded(table, load):
        raise PublishConflictError(
            f"{load.evidence.table}: main was taken back to an earlier load since load {load.evidence.load_id} was "
            "copied. Nothing was published; copy the table again."
        )


def _certified_loads(table: Table) -> list[str]:
    """Load ids that are proven: the one to publish, and older ones that never were. Failed loads keep their branch."""
    return [name.removeprefix(CERTIFIED) for name in table.refs() if name.startswith(CERTIFIED)]


def _conflict(load: LoadSnapshot) -> str:
    return (
        f"{load.evidence.table}: another writer moved main since load {load.evidence.load_id} began. "
        "Nothing was published; copy the table again."
    )
