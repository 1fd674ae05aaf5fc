"""The audit branch of a load: fork, commit, certify, publish. The shape that survived every race: lake_measured 3.2.

Ref changes and data never share a transaction: PyIceberg's retry would drop the ref changes silently. Every attempt
starts from a freshly loaded table.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mssql_starrocks.errors import LakeError, NotCertifiedError, PublishConflictError
from mssql_starrocks.lake.refs import change_refs
from mssql_starrocks.model import Checkpoint, Evidence
from mssql_starrocks.retries import commits

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot
    from pyiceberg.table.update.snapshot import ManageSnapshots

PREFIX = "mssql-starrocks."
EVIDENCE, LOAD_ID = PREFIX + "evidence", PREFIX + "load-id"
_COMMIT = PREFIX + "commit"  # names one call of `commit`, whose answer may be lost
AUDIT, CERTIFIED, TAG = "audit_", "certified_", "load_"
_BRANCH_AGE = 7 * 86_400_000


@dataclass(frozen=True)
class AuditBranch:
    """Where an engine writes, the schema to write by, and the snapshot properties that its last commit must carry.

    With `so_far` it may commit finished chunks before, as checkpoints; it holds what the branch has already.
    """

    database: str
    table: str
    name: str
    properties: Mapping[str, str]
    schema_id: int | None = None
    so_far: Checkpoint | None = None


@dataclass(frozen=True)
class LoadSnapshot:
    """One load in the lake: its snapshot, where it is (a branch, or `main`) and the evidence it carries."""

    snapshot_id: int
    ref: str
    evidence: Evidence
    certified: bool


def audit_branch(
    table: tuple[str, str], evidence: Evidence, schema_id: int | None = None, so_far: Checkpoint | None = None
) -> AuditBranch:
    properties = {EVIDENCE: evidence.to_json(), LOAD_ID: evidence.load_id}
    return AuditBranch(*table, AUDIT + evidence.load_id, properties, schema_id, so_far)


def fork(table: Table, branch: AuditBranch) -> None:
    """Make the branch from `main`; while that is unborn from an empty snapshot, so that it stays unborn.

    Raises:
        LakeError: the branch exists already.
    """
    if branch.name in table.refs():
        raise LakeError(f"{branch.database}.{branch.table}: branch {branch.name} exists; a load id is used once.")
    base = table.current_snapshot() or _empty(table)
    if base is None:  # expired, or the table was made by another tool
        table.append(empty_rows(table.schema()), branch=None)
        base = _empty(table.refresh())
    if base is None:
        raise LakeError(f"{branch.database}.{branch.table}: no snapshot could be staged; materialise the chain again.")
    snapshot_id = base.snapshot_id
    change_refs(table, lambda change: change.create_branch(snapshot_id, branch.name, max_ref_age_ms=_BRANCH_AGE))


def commit(catalog: Catalog, branch: AuditBranch, files: Sequence[DataFile], after: int | None = None) -> int:
    """Replace the branch's rows by `files` in one snapshot, or add them to the load's own snapshot `after`.

    The files are values, so another writer's commit in between only means trying again. Returns the snapshot's id.

    Raises:
        LakeError: the branch is gone, or does not end in `after` any more: another run goes on with the load.
    """
    from pyiceberg.exceptions import CommitFailedException

    marked = replace(branch, properties={**branch.properties, _COMMIT: secrets.token_hex(8)})
    snapshot_id: int = commits((CommitFailedException, ValueError))(_commit_once, catalog, marked, files, after)
    return snapshot_id


def newest_audit(table: Table) -> LoadSnapshot | None:
    """The newest load that is waiting to be published.

    Age is the commit's sequence number, which no clock can shift; what is older than the last load that was ever
    published has failed or was superseded, and what was forked from a load that main was taken back from is stale.
    """
    waiting = []
    for name in (n for n in table.refs() if n.startswith(AUDIT)):
        head = table.snapshot_by_name(name)
        load = _load(table, name, head)
        if head and load and not _superseded(table, load):
            waiting.append((head.sequence_number or 0, load))
    return max(waiting, key=lambda pair: pair[0])[1] if waiting else None


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


def _superseded(table: Table, load: LoadSnapshot) -> bool:
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


def newest_on_main(table: Table) -> LoadSnapshot | None:
    """The last load of ours that was published, whoever wrote to main after it."""
    from pyiceberg.table.snapshots import ancestors_of

    main = ancestors_of(table.current_snapshot(), table.metadata)
    return next((load for load in (_load(table, "main", s) for s in main) if load), None)


def _load_id(snapshot: Snapshot) -> str | None:
    return snapshot.summary.additional_properties.get(LOAD_ID) if snapshot.summary else None


def published(table: Table) -> LoadSnapshot | None:
    """The load that `main` holds; None when main is unborn or was written by somebody else."""
    return _load(table, "main", table.current_snapshot())


def load_at(table: Table, snapshot_id: int) -> LoadSnapshot | None:
    """The load that a snapshot is; None when it has expired."""
    return _load(table, "main", table.snapshot_by_id(snapshot_id))


def certify(table: Table, load: LoadSnapshot) -> None:
    """Mark an audited snapshot as proven, by a tag that publishing asks for."""
    name = CERTIFIED + load.evidence.load_id
    change_refs(
        table,
        lambda change: _retained(table, load, change).create_tag(load.snapshot_id, name, max_ref_age_ms=_BRANCH_AGE),
    )


def keep_failed(table: Table, load: LoadSnapshot) -> None:
    """Leave a branch that failed its proof for inspection, and let it age."""
    change_refs(table, lambda change: _retained(table, load, change))


def _retained(table: Table, load: LoadSnapshot, change: ManageSnapshots) -> ManageSnapshots:
    """An append drops a branch's retention (lake_measured 0): it is set again with what the proof decides."""
    head = table.refs().get(load.ref)
    if head is None or head.snapshot_id != load.snapshot_id:  # creating it again would move it back
        raise LakeError(f"{load.evidence.table}: branch {load.ref} was moved or removed; materialise the chain again.")
    return change.create_branch(load.snapshot_id, load.ref, max_ref_age_ms=_BRANCH_AGE)


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
        for superseded in _certified_loads(table):
            change = change.remove_tag(CERTIFIED + superseded)
            if AUDIT + superseded in table.refs():
                change = change.remove_branch(AUDIT + superseded)
        return change

    try:
        change_refs(table, move, load.snapshot_id)
    except CommitFailedException as error:
        raise PublishConflictError(_conflict(load)) from error
    return tag


def _refuse_conflict(table: Table, load: LoadSnapshot) -> None:
    from pyiceberg.table.snapshots import ancestors_of

    main, head = table.current_snapshot(), table.snapshot_by_id(load.snapshot_id)
    if main and main.snapshot_id not in {s.snapshot_id for s in ancestors_of(head, table.metadata)}:
        raise PublishConflictError(_conflict(load))
    if _superseded(table, load):
        raise PublishConflictError(
            f"{load.evidence.table}: main was taken back to an earlier load since load {load.evidence.load_id} was "
            "copied. Nothing was published; materialise the chain again."
        )


def _certified_loads(table: Table) -> list[str]:
    """Load ids that are proven: the one to publish, and older ones that never were. Failed loads keep their branch."""
    return [name.removeprefix(CERTIFIED) for name in table.refs() if name.startswith(CERTIFIED)]


def _conflict(load: LoadSnapshot) -> str:
    return (
        f"{load.evidence.table}: another writer moved main since load {load.evidence.load_id} began. "
        "Nothing was published; materialise the chain again."
    )


def abandon(table: Table, branch: AuditBranch) -> None:
    """Drop the branch of a copy that failed; without it only its files are left, named by the load id."""
    if branch.name in table.refs():
        change_refs(table, lambda change: change.remove_branch(branch.name))


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


def _empty(table: Table) -> Snapshot | None:
    """A first snapshot without rows: each table of ours is made with one, for the forks of its first loads."""
    return next((s for s in table.snapshots() if s.parent_snapshot_id is None and _records(s) == 0), None)


def _records(snapshot: Snapshot) -> int:
    return int(snapshot.summary.get("total-records") or 0) if snapshot.summary else -1


def empty_rows(schema: Schema) -> pa.Table:
    """No row of the schema."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    return schema_to_pyarrow(schema).empty_table()


def _commit_once(catalog: Catalog, branch: AuditBranch, files: Sequence[DataFile], after: int | None) -> int:
    from mssql_starrocks.lake.schemas import writing

    table = writing(catalog.load_table((branch.database, branch.table)), branch.schema_id)
    if branch.name not in table.refs():
        raise LakeError(f"{branch.database}.{branch.table}: branch {branch.name} is gone; materialise the chain again.")
    head = table.snapshot_by_name(branch.name)
    if head and head.summary and head.summary.additional_properties.get(_COMMIT) == branch.properties[_COMMIT]:
        return head.snapshot_id  # the attempt before succeeded, and its answer was lost
    base = table.refs()[branch.name].snapshot_id
    if after is not None and base != after:
        raise moved(branch)
    with table.transaction() as transaction:
        old = [task.file for task in table.scan().use_ref(branch.name).plan_files()] if after is None else []
        update = transaction.update_snapshot(snapshot_properties=dict(branch.properties), branch=branch.name)
        with update.overwrite() if old else update.fast_append() as producer:
            for file in old:
                producer.delete_data_file(file)
            for file in files:
                producer.append_data_file(file)
            snapshot_id = producer.snapshot_id
    table = catalog.load_table((branch.database, branch.table))
    head = table.snapshot_by_name(branch.name)
    if head is None or head.snapshot_id != snapshot_id:
        raise LakeError(f"{branch.database}.{branch.table}: somebody else wrote to branch {branch.name}.")
    if head.parent_snapshot_id != base:  # PyIceberg's own retry adds the files to whatever the branch has become
        if head.parent_snapshot_id is not None:
            table.manage_snapshots().create_branch(head.parent_snapshot_id, branch.name).commit()
        raise moved(branch)
    return snapshot_id


def moved(branch: AuditBranch) -> LakeError:
    """Two runs go on with one load: the one that commits first wins."""
    return LakeError(
        f"{branch.database}.{branch.table}: another run goes on with load {branch.name.removeprefix(AUDIT)}; "
        "this one stops and has changed nothing."
    )
