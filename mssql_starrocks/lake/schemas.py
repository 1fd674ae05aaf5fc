"""The schema of a load: a snapshot of an audit branch has its own, which becomes the table's when it is published.

PyIceberg writes by what a handle calls the current schema (`writing`); the catalog's own is moved by `SetSchema` alone.
Imported where it is needed, since PyIceberg is slow to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table.snapshots import ancestors_of
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AssertLastAssignedFieldId,
    AssertTableUUID,
    SetCurrentSchemaUpdate,
    SetPropertiesUpdate,
    TableUpdate,
    UpdatesAndRequirements,
    UpdateTableMetadata,
)
from pyiceberg.types import NestedField

from mssql_starrocks.changes import continued, promotable
from mssql_starrocks.errors import LakeError
from mssql_starrocks.lake.loads import PREFIX, newest_on_main
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.model import Definition
from mssql_starrocks.retries import commits

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction

_OURS = PREFIX + "schema"  # of the schema that Spark writes by


class SetSchema(UpdateTableMetadata["SetSchema"]):
    """Make a schema that the table has its current one, in a transaction that may do more."""

    def __init__(self, transaction: Transaction, schema_id: int) -> None:
        super().__init__(transaction)
        self._schema_id = schema_id

    def _commit(self) -> UpdatesAndRequirements:
        return (SetCurrentSchemaUpdate(schema_id=self._schema_id),), ()


def writing(table: Table, schema_id: int | None) -> Table:
    """Let this handle write by a schema that is not current.

    PyIceberg would forget it when it tries a commit again: our own retry does that, from a fresh handle.
    """
    properties = {**table.metadata.properties, "commit.retry.num-retries": "0"}
    current = table.metadata.current_schema_id if schema_id is None else schema_id
    table.metadata = table.metadata.model_copy(update={"current_schema_id": current, "properties": properties})
    return table


def stage(table: Table, wanted: Schema, before: Definition | None, now: Definition, *, make_current: bool) -> int:
    """The id of the schema that a load is written by: one of the table's, or one that is added to them.

    Args:
        table: where.
        wanted: what a fresh table would have.
        before: the load that is published, as far as it is known.
        now: the load to come.
        make_current: show it to readers at once, as Spark needs it, which writes by no other.

    Raises:
        LakeError: the table has columns that are not ours.
    """
    schema_id: int = commits(CommitFailedException)(_stage_once, table, wanted, before, now, make_current)
    return schema_id


def _stage_once(table: Table, wanted: Schema, before: Definition | None, now: Definition, make_current: bool) -> int:
    table.refresh()
    last = table.metadata.last_column_id
    schema = evolved(_base(table), wanted, before, now, last, ".".join(table.name()))
    found = _known(table, schema, last)
    updates: list[TableUpdate] = []
    if found is None:
        found = max(table.schemas()) + 1
        updates.append(AddSchemaUpdate(schema_=schema.model_copy(update={"schema_id": found})))
    if make_current and found != table.metadata.current_schema_id:
        updates += [SetCurrentSchemaUpdate(schema_id=found), SetPropertiesUpdate(updates={_OURS: str(found)})]
    if updates:
        requirements = (
            AssertTableUUID(uuid=table.metadata.table_uuid),
            AssertLastAssignedFieldId(last_assigned_field_id=last),
        )
        table.catalog.commit_table(table, requirements, tuple(updates))
    return found


def _base(table: Table) -> Sequence[NestedField]:
    """The columns of the load that is published, and those that somebody else gave the table since.

    A schema that we made current for a load which was never published counts for nothing.
    """
    if table.current_snapshot() is None:
        return ()
    held = newest_on_main(table)
    current = table.schema().fields
    if held is None:
        return current
    fields = schema_of(table, held.snapshot_id).fields
    if table.properties.get(_OURS) == str(table.metadata.current_schema_id):
        return fields
    known = {field.field_id for field in fields}
    return (*fields, *(field for field in current if field.field_id not in known))


def evolved(
    base: Sequence[NestedField], wanted: Schema, before: Definition | None, now: Definition, last: int, subject: str
) -> Schema:
    """`wanted`, with the field ids of the columns that go on; others get ids after `last`.

    Raises:
        LakeError: a column that the published load does not have is in the way, or would be lost.
    """
    old = {field.name: field for field in base}
    ours = {name for column in before.columns for name in column.fields} if before else set()
    names = continued(before, now) if before else {}
    fields, kept = [], set()
    for want in wanted.fields:
        source = names.get(want.name, "" if want.name in ours else want.name)
        have = old.get(source)
        if have and promotable(str(have.field_type), str(want.field_type)):
            kept.add(source)
            fields.append(_field(have.field_id, want, required=have.required and want.required))
        elif have and source not in ours:
            raise LakeError(
                f"{subject}: column {want.name} is {want.field_type} by the source and {have.field_type} in the "
                f"Iceberg table. Drop or rename that column there, or drop {subject} to start anew."
            )
        else:
            last += 1
            fields.append(_field(last, want, required=want.required and not old))
    left = [name for name in old if name not in kept and name not in ours]
    if left:
        raise LakeError(
            f"{subject}: column {left[0]} is in the Iceberg table and not in the copy. "
            f"Drop it there (ALTER TABLE ... DROP COLUMN), or drop {subject} to start anew."
        )
    required = {field.field_id for field in fields if field.required}
    key = [field.name for field in wanted.fields if field.field_id in wanted.identifier_field_ids]
    return Schema(
        *fields, identifier_field_ids=[f.field_id for f in fields if f.name in key and f.field_id in required]
    )


def _field(field_id: int, want: NestedField, *, required: bool) -> NestedField:
    return NestedField(field_id, want.name, want.field_type, doc=want.doc, required=required)


def _known(table: Table, schema: Schema, last: int) -> int | None:
    """A schema of the table that is this one; for new columns any ids will do that no published load has used."""
    schemas = table.schemas()
    history = [
        schemas[s.schema_id] for s in ancestors_of(table.current_snapshot(), table.metadata) if s.schema_id is not None
    ]
    used = {field.field_id for known in (table.schema(), *history) for field in known.fields}
    used = used if table.current_snapshot() else set()
    for known in (table.schema(), *schemas.values()):
        found = {field.name: field for field in known.fields}
        if found.keys() == {f.name for f in schema.fields} and all(
            _same(found[f.name], f, used if f.field_id > last else None) for f in schema.fields
        ):
            return known.schema_id
    return None


def _same(known: NestedField, field: NestedField, used: set[int] | None) -> bool:
    same_id = known.field_id == field.field_id if used is None else known.field_id not in used
    return same_id and known.field_type == field.field_type and known.required == field.required
