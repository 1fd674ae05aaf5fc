"""Checkpoints: snapshots on an audit branch that hold finished chunks and no evidence, hence are no load.

The branch itself is the journal: what a run that ended has left is read from the head of its branch, and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mssql_starrocks.lake.loads import AUDIT, EVIDENCE, LOAD_ID, PREFIX
from mssql_starrocks.model import Checkpoint, ResumeKey
from mssql_starrocks.model.checkpoint import from_ranges, ranges

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

_PLAN, _SOURCE = PREFIX + "resume-plan", PREFIX + "resume-source"
_POINT, _VERSION, _CHUNKS = PREFIX + "point", PREFIX + "change-version", PREFIX + "chunks"


def checkpoint_properties(state: Checkpoint) -> dict[str, str]:
    """What the summary of a snapshot says that holds the state's chunks."""
    version = {} if state.change_version is None else {_VERSION: str(state.change_version)}
    return {
        LOAD_ID: state.load_id,
        _PLAN: state.key.plan,
        _SOURCE: state.key.source,
        _POINT: state.point,
        _CHUNKS: ranges(state.chunks),
        **version,
    }


def checkpoint_of(table: Table, branch: str) -> Checkpoint | None:
    """What the branch's load has finished; None where it ended, or has committed nothing."""
    head = table.snapshot_by_name(branch)
    if head is None or head.summary is None:
        return None
    said = head.summary.additional_properties
    if said.get(LOAD_ID) != branch.removeprefix(AUDIT) or EVIDENCE in said or _CHUNKS not in said:
        return None
    version = said.get(_VERSION)
    return Checkpoint(
        load_id=said[LOAD_ID],
        point=said[_POINT],
        key=ResumeKey(said[_PLAN], said[_SOURCE]),
        change_version=int(version) if version else None,
        chunks=from_ranges(said[_CHUNKS]),
        rows=int(said.get("total-records", 0)),
        bytes=int(said.get("total-files-size", 0)),
        files=int(said.get("total-data-files", 0)),
        snapshot_id=head.snapshot_id,
    )


def checkpoints(table: Table) -> tuple[Checkpoint, ...]:
    """Of every load that did not end, the newest first. A running load looks the same."""
    found = [checkpoint_of(table, name) for name in table.refs() if name.startswith(AUDIT)]
    return tuple(sorted((c for c in found if c), key=lambda c: c.load_id, reverse=True))


def forked_from_main(table: Table, state: Checkpoint) -> bool:
    """Whether main is still what the branch was forked from, so that the load can be published."""
    from pyiceberg.table.snapshots import ancestors_of

    main = table.current_snapshot()
    head = table.snapshot_by_id(state.snapshot_id) if state.snapshot_id else None
    base = next((s for s in ancestors_of(head, table.metadata) if _load_id(s) != state.load_id), None)
    return main is None or (base is not None and base.snapshot_id == main.snapshot_id)


def unwritten(table: Table) -> tuple[str, ...]:
    """Load ids of branches without a commit of their own, the newest first."""
    ids = [name.removeprefix(AUDIT) for name in table.refs() if name.startswith(AUDIT)]
    return tuple(sorted((i for i in ids if _load_id(table.snapshot_by_name(AUDIT + i)) != i), reverse=True))


def _load_id(snapshot: Snapshot | None) -> str | None:
    return snapshot.summary.additional_properties.get(LOAD_ID) if snapshot and snapshot.summary else None
