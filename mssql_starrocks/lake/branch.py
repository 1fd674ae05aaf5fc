"""The audit branch of a load: fork, commit, abandon. The shape that survived every race: lake_measured 3.2.

Ref changes and data never share a transaction: PyIceberg's retry would drop the ref changes silently. Every attempt
starts from a freshly loaded table.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake.loads import AUDIT, EVIDENCE, LOAD_ID, PREFIX
from mssql_starrocks.lake.refs import FAILED_AGE, change_refs
from mssql_starrocks.model import Checkpoint, Evidence
from mssql_starrocks.retries import commits

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

_COMMIT = PREFIX + "commit"  # names one call of `commit`, whose answer may be lost


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
        raise LakeError(f"{branch.database}.{branch.table}: no snapshot could be staged; copy the table again.")
    snapshot_id = base.snapshot_id
    change_refs(table, lambda change: change.create_branch(snapshot_id, branch.name, max_ref_age_ms=FAILED_AGE))


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


def abandon(table: Table, branch: AuditBranch) -> None:
    """Drop the branch of a copy that failed; without it only its files are left, named by the load id."""
    if branch.name in table.refs():
        change_refs(table, lambda change: change.remove_branch(branch.name))


def moved(branch: AuditBranch) -> LakeError:
    """Two runs go on with one load: the one that commits first wins."""
    return LakeError(
        f"{branch.database}.{branch.table}: another run goes on with load {branch.name.removeprefix(AUDIT)}; "
        "this one stops and has changed nothing."
    )


def empty_rows(schema: Schema) -> pa.Table:
    """No row of the schema."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    return schema_to_pyarrow(schema).empty_table()


def _commit_once(catalog: Catalog, branch: AuditBranch, files: Sequence[DataFile], after: int | None) -> int:
    from mssql_starrocks.lake.schemas import writing

    table = writing(catalog.load_table((branch.database, branch.table)), branch.schema_id)
    if branch.name not in table.refs():
        raise LakeError(f"{branch.database}.{branch.table}: branch {branch.name} is gone; copy the table again.")
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


def _empty(table: Table) -> Snapshot | None:
    """A first snapshot without rows: each table of ours is made with one, for the forks of its first loads."""
    return next((s for s in table.snapshots() if s.parent_snapshot_id is None and _records(s) == 0), None)


def _records(snapshot: Snapshot) -> int:
    return int(snapshot.summary.get("total-records") or 0) if snapshot.summary else -1
