"""Remove from a lake table what no load, no rollback and no StarRocks table needs any more. Metadata only.

PyIceberg's expiry deletes no file (lake_measured 3.2), and drops refs of what it expires: hence what refs need is left
out here, and the removal holds only if `main` has not moved meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mssql_starrocks.lake.history import age
from mssql_starrocks.lake.loads import AUDIT, CERTIFIED, LOAD_ID, TAG, newest_audit

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


@dataclass(frozen=True)
class Keep:
    """What stays.

    Attributes:
        since: branches of loads that were not published, and snapshots, from this instant on.
        loads: so many published loads, the newest.
        snapshots: what StarRocks holds.

    """

    since: dt.datetime
    loads: int
    snapshots: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Removed:
    """Branches and tags by name, and how many snapshots."""

    branches: tuple[str, ...]
    tags: tuple[str, ...]
    snapshots: int


def remove_old(table: Table, keep: Keep) -> Removed:
    """Remove old branches and tags of ours, then the snapshots that nothing needs after that.

    Raises:
        CommitFailedException: one of the branches, or main, moved at this moment; run it again.
    """
    branches = tuple(sorted(_old_branches(table, keep)))
    tags = tuple(sorted([*_idle_certificates(table, branches), *_old_tags(table, keep)]))
    if branches or tags:
        change = table.manage_snapshots()
        for name in branches:
            change = change.remove_branch(name)
        for name in tags:
            change = change.remove_tag(name)
        change.commit()
        table.refresh()
    return Removed(branches, tags, _expire(table, keep))


def _old_branches(table: Table, keep: Keep) -> Iterator[str]:
    """Of loads that failed, ended or were superseded; not the one that waits, proven, to be published."""
    waiting = newest_audit(table)
    for name in table.refs():
        if name.startswith(AUDIT) and not (waiting and waiting.certified and waiting.ref == name):
            written = _written(table.snapshot_by_name(name), name.removeprefix(AUDIT))
            if written is not None and written < keep.since:
                yield name


def _written(head: Snapshot | None, load_id: str) -> dt.datetime | None:
    """When a load last committed, else when it began, as its id says; None for what is not ours."""
    said = head.summary.additional_properties if head and head.summary else {}
    if head is not None and said.get(LOAD_ID) == load_id:
        return _instant(head)
    try:
        return dt.datetime.strptime(load_id.partition("_")[0], "%Y%m%dt%H%M%S%f").replace(tzinfo=dt.timezone.utc)
    except ValueError:
        return None


def _instant(snapshot: Snapshot) -> dt.datetime:
    return dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.timezone.utc)


def _idle_certificates(table: Table, branches: tuple[str, ...]) -> Iterator[str]:
    """Tags `certified_` whose branch goes, or is gone."""
    kept = {name for name in table.refs() if name.startswith(AUDIT)} - set(branches)
    for name in table.refs():
        if name.startswith(CERTIFIED) and AUDIT + name.removeprefix(CERTIFIED) not in kept:
            yield name


def _old_tags(table: Table, keep: Keep) -> Iterator[str]:
    """Tags of published loads that are neither new, nor held by main or by StarRocks."""
    main = table.current_snapshot()
    held = {*keep.snapshots, main.snapshot_id if main else None}
    tags = [(name, ref.snapshot_id) for name, ref in table.refs().items() if name.startswith(TAG)]
    for name, snapshot_id in sorted(tags, key=lambda tag: age(table, tag[1]), reverse=True)[keep.loads :]:
        if snapshot_id not in held:
            yield name


def _expire(table: Table, keep: Keep) -> int:
    """Expire what nothing needs; returns how many snapshots."""
    from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

    needed = _needed(table, keep)
    gone = [s.snapshot_id for s in table.snapshots() if s.snapshot_id not in needed and _expendable(s, table, keep)]
    main = table.current_snapshot()
    if gone:
        with table.transaction() as transaction:
            if main is not None:  # asserts that main is what it was: a rollback may have begun to need what goes
                ManageSnapshots(transaction).set_current_snapshot(snapshot_id=main.snapshot_id).commit()
            ExpireSnapshots(transaction).by_ids(gone).commit()
    return len(gone)


def _needed(table: Table, keep: Keep) -> set[int]:
    """Heads of refs; main's line down to the oldest of the kept loads; a branch's line down to main's."""
    from pyiceberg.table.snapshots import ancestors_of

    heads = {ref.snapshot_id for ref in table.refs().values()}
    main = [s.snapshot_id for s in ancestors_of(table.current_snapshot(), table.metadata)]
    marked = [place for place, snapshot_id in enumerate(main) if snapshot_id in heads]
    needed = heads | set(main[: marked[: keep.loads][-1] + 1] if marked else ())
    for head in heads:
        for snapshot in ancestors_of(table.snapshot_by_id(head), table.metadata):
            needed.add(snapshot.snapshot_id)
            if snapshot.snapshot_id in main:
                break
    return needed


def _expendable(snapshot: Snapshot, table: Table, keep: Keep) -> bool:
    """Ours at once, when its load is no longer kept; anything else, and what is under way, by age."""
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    published = age(table, snapshot.snapshot_id) < _published(table)
    return (LOAD_ID in said and published) or _instant(snapshot) < keep.since


def _published(table: Table) -> int:
    main = table.current_snapshot()
    return (main.sequence_number or 0) if main else 0
