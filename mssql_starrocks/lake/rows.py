"""The rows of a snapshot, file by file and batch by batch: memory is one batch, whatever the table's size.

PyIceberg's own reader loads every file of the scan before it gives the first batch. Columns are found by Iceberg field
id, as the specification says (Column Projection); files with deletes are refused, because we write copy-on-write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mssql_starrocks.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.types import NestedField

_BATCH_ROWS, _BATCH_BYTES = 16384, 8 << 20
_FIELD_ID = b"PARQUET:field_id"


def snapshot_batches(table: Table, snapshot_id: int, names: Sequence[str]) -> pa.RecordBatchReader:
    """The columns `names` of every row, in the snapshot's own schema; a column that it lacks is NULL.

    Raises:
        LakeError: there is no such snapshot, or it has delete files, or the table never had such a column.
    """
    import pyarrow as pa
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    from pyiceberg.schema import Schema

    if table.snapshot_by_id(snapshot_id) is None:  # whose scan would be empty, not an error
        raise LakeError(f"{'.'.join(table.name())}: snapshot {snapshot_id} is gone; copy the table again.")
    wanted = [_field(table, snapshot_id, name) for name in names]
    types = schema_to_pyarrow(Schema(*wanted))
    schema = pa.schema([pa.field(name, types.field(name).type) for name in names])
    ids = [field.field_id for field in wanted]

    def batches() -> Iterator[pa.RecordBatch]:
        for task in table.scan(snapshot_id=snapshot_id).plan_files():
            if task.delete_files:
                raise LakeError(f"{'.'.join(table.name())}: snapshot {snapshot_id} has delete files; copy it again.")
            yield from _file_batches(table, task.file.file_path, schema, ids)

    return pa.RecordBatchReader.from_batches(schema, batches())


def schema_of(table: Table, snapshot_id: int) -> Schema:
    """The schema that a snapshot was written by."""
    snapshot = table.snapshot_by_id(snapshot_id)
    schema_id = snapshot.schema_id if snapshot else None
    return table.schema() if schema_id is None else table.schemas()[schema_id]


def _field(table: Table, snapshot_id: int, name: str) -> NestedField:
    """By today's schema a column that the snapshot does not have yet, or has by another name."""
    for schema in (schema_of(table, snapshot_id), table.schema()):
        if name in schema.column_names:
            return schema.find_field(name)
    raise LakeError(f"{'.'.join(table.name())}: no column {name} in the Iceberg table; copy it again.")


def _file_batches(table: Table, path: str, schema: pa.Schema, ids: Sequence[int]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with table.io.new_input(path).open() as stream, pq.ParquetFile(stream) as file:
        names = {int((f.metadata or {}).get(_FIELD_ID, -1)): f.name for f in file.schema_arrow}
        present = [names[i] for i in ids if i in names]
        for number in range(file.num_row_groups):
            rows = _batch_rows(file.metadata.row_group(number))
            for batch in file.iter_batches(rows, row_groups=[number], columns=present):
                yield _projected(batch, schema, [names.get(i) for i in ids])


def _batch_rows(group: Any) -> int:
    width = max(int(group.total_byte_size) // max(int(group.num_rows), 1), 1)
    return max(min(_BATCH_BYTES // width, _BATCH_ROWS), 1)


def _projected(batch: pa.RecordBatch, schema: pa.Schema, names: Sequence[str | None]) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [
        pa.nulls(batch.num_rows, field.type) if name is None else batch.column(name).cast(field.type)
        for field, name in zip(schema, names, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
