"""The certified loads that a table still has, and taking `main` back to one of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mssql_starrocks.errors import PublishConflictError
from mssql_starrocks.lake.loads import TAG, LoadSnapshot, load_at, published
from mssql_starrocks.lake.refs import change_refs
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.lake.tables import expected_schema

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.update.snapshot import ManageSnapshots

    from mssql_starrocks.chain import Chain


def certified_loads(table: Table) -> tuple[LoadSnapshot, ...]:
    """Every load that was ever published and whose tag is still there, newest first."""
    tags = [(name, ref.snapshot_id) for name, ref in table.refs().items() if name.startswith(TAG)]
    found = ((name, load_at(table, snapshot_id)) for name, snapshot_id in tags)
    loads = [load for name, load in found if load and name == TAG + load.evidence.load_id]
    return tuple(sorted(loads, key=lambda load: age(table, load.snapshot_id), reverse=True))


def age(table: Table, snapshot_id: int) -> int:
    """The commit's sequence number, which no clock can shift; 0 of a snapshot that is gone."""
    snapshot = table.snapshot_by_id(snapshot_id)
    return (snapshot.sequence_number or 0) if snapshot else 0


def committed_at(table: Table, snapshot_id: int) -> str:
    """Instant of the commit in UTC."""
    snapshot = table.snapshot_by_id(snapshot_id)
    instant = dt.datetime.fromtimestamp((snapshot.timestamp_ms if snapshot else 0) / 1000, dt.timezone.utc)
    return instant.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def take_back(table: Table, load: LoadSnapshot) -> None:
    """Set `main` and the table's schema to an earlier load's, if `main` holds the load that it held at the first look.

    The swap alone compares with whatever a refreshed handle shows, and would drop what another writer has just
    committed: hence the look at main before each attempt.

    Raises:
        PublishConflictError: another writer moved main; nothing is changed.
    """
    from pyiceberg.exceptions import CommitFailedException

    before = published(table)
    what = f"{load.evidence.table}: another writer moved main at this moment. Nothing was changed; look again."

    def move(change: ManageSnapshots) -> ManageSnapshots:
        now = published(table)
        if now and now.snapshot_id == load.snapshot_id:
            return change
        if before is None or now != before:
            raise PublishConflictError(what)
        return change.set_current_snapshot(snapshot_id=load.snapshot_id)

    try:
        change_refs(table, move, load.snapshot_id)
    except CommitFailedException as error:
        raise PublishConflictError(what) from error


def missing_files(table: Table, snapshot_id: int) -> tuple[str, ...]:
    """Data files of the snapshot that the store has no more."""
    paths = [task.file.file_path for task in table.scan(snapshot_id=snapshot_id).plan_files()]
    return tuple(path for path in paths if not table.io.new_input(path).exists())


def first_other_column(chain: Chain, table: Table, snapshot_id: int) -> tuple[str, str | None, str | None] | None:
    """Column, its type in the load, its type as planned now; None when the load has the chain's columns."""
    then, now = _columns(schema_of(table, snapshot_id)), _columns(expected_schema(chain))
    for name in [*now, *(n for n in then if n not in now)]:
        if then.get(name) != now.get(name):
            return name, then.get(name), now.get(name)
    return None


def _columns(schema: Schema) -> dict[str, str]:
    return {f.name: str(f.field_type) for f in schema.fields}
