"""The loads of ours that a table holds: on `main`, waiting on an audit branch, or kept by a tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mssql_starrocks.model import Evidence

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

PREFIX = "mssql-starrocks."
EVIDENCE, LOAD_ID = PREFIX + "evidence", PREFIX + "load-id"
AUDIT, CERTIFIED, TAG = "audit_", "certified_", "load_"


@dataclass(frozen=True)
class LoadSnapshot:
    """One load in the lake: its snapshot, where it is (a branch, or `main`) and the evidence it carries."""

    snapshot_id: int
    ref: str
    evidence: Evidence
    certified: bool


def published(table: Table) -> LoadSnapshot | None:
    """The load that `main` holds; None when main is unborn or was written by somebody else."""
    return _load(table, "main", table.current_snapshot())


def load_at(table: Table, snapshot_id: int) -> LoadSnapshot | None:
    """The load that a snapshot is; None when it has expired."""
    return _load(table, "main", table.snapshot_by_id(snapshot_id))


def load_of(table: Table, load_id: str) -> LoadSnapshot | None:
    """One load by its id: waiting on its branch, or published."""
    waiting = _load(table, AUDIT + load_id, table.snapshot_by_name(AUDIT + load_id))
    current = published(table)
    return waiting or (current if current and current.evidence.load_id == load_id else None)


def load_before(table: Table, load: LoadSnapshot) -> LoadSnapshot | None:
    """The load of ours that this one was forked from; None for the first."""
    from pyiceberg.table.snapshots import ancestors_of

    earlier = ancestors_of(table.snapshot_by_id(load.snapshot_id), table.metadata)
    found = (_load(table, "main", s) for s in earlier if s.snapshot_id != load.snapshot_id)
    return next((one for one in found if one), None)


def newest_on_main(table: Table) -> LoadSnapshot | None:
    """The last load of ours that was published, whoever wrote to main after it."""
    from pyiceberg.table.snapshots import ancestors_of

    main = ancestors_of(table.current_snapshot(), table.metadata)
    return next((load for load in (_load(table, "main", s) for s in main) if load), None)


def newest_audit(table: Table) -> LoadSnapshot | None:
    """The newest load that is waiting to be published.

    Age is the commit's sequence number, which no clock can shift; what is older than the last load that was ever
    published has failed or was superseded, and what was forked from a load that main was taken back from is stale.
    """
    waiting = []
    for name in (n for n in table.refs() if n.startswith(AUDIT)):
        head = table.snapshot_by_name(name)
        load = _load(table, name, head)
        if head and load and not superseded(table, load):
            waiting.append((head.sequence_number or 0, load))
    return max(waiting, key=lambda pair: pair[0])[1] if waiting else None


def superseded(table: Table, load: LoadSnapshot) -> bool:
    """Whether a load was published after this one was copied, or main was taken back to before its fork."""
    from pyiceberg.table.snapshots import ancestors_of

    head, main = table.snapshot_by_id(load.snapshot_id), table.current_snapshot()
    if head is None or (head.sequence_number or 0) <= _last_published(table):
        return True
    lineage = list(ancestors_of(head, table.metadata))
    if main is None or main not in lineage:
        return False
    return any(_load_id(s) not in (None, load.evidence.load_id) for s in lineage[: lineage.index(main)])


def _last_published(table: Table) -> int:
    """Sequence number of the newest load that was ever published; 0 without one. After a rollback its tag tells."""
    newest = newest_on_main(table)
    main = table.snapshot_by_id(newest.snapshot_id) if newest else None
    tagged = (table.snapshot_by_id(ref.snapshot_id) for name, ref in table.refs().items() if name.startswith(TAG))
    return max((s.sequence_number or 0 for s in (main, *tagged) if s and _load_id(s)), default=0)


def _load_id(snapshot: Snapshot) -> str | None:
    return snapshot.summary.additional_properties.get(LOAD_ID) if snapshot.summary else None


def _load(table: Table, ref: str, snapshot: Snapshot | None) -> LoadSnapshot | None:
    text = snapshot.summary.additional_properties.get(EVIDENCE) if snapshot and snapshot.summary else None
    if snapshot is None or text is None:
        return None
    evidence = Evidence.from_json(text)
    if ref.startswith(AUDIT) and ref != AUDIT + evidence.load_id:
        return None  # a fork that was never written to still shows the load it was forked from
    tag = table.refs().get(CERTIFIED + evidence.load_id)
    certified = tag is not None and tag.snapshot_id == snapshot.snapshot_id
    return LoadSnapshot(snapshot.snapshot_id, ref, evidence, certified or ref == "main")
