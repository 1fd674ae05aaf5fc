"""Batches as the driver gives them, made into batches of the table's files."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mssql_starrocks.errors import EngineError
from mssql_starrocks.model import AuditColumn

if TYPE_CHECKING:
    import pyarrow as pa


def shape(batch: pa.RecordBatch, schema: pa.Schema, audit: tuple[AuditColumn, ...]) -> pa.RecordBatch:
    """Exactly the file's schema: our column order, its types, audit columns as constants.

    A cast that would lose anything raises; only the seventh digit of a second is cut, which the driver did already.
    """
    import pyarrow as pa

    constants = {a.name: a for a in audit}
    arrays = []
    for field in schema:
        if field.name in constants:
            arrays.append(pa.repeat(_scalar(constants[field.name], field), batch.num_rows))
        elif field.name in batch.schema.names:
            arrays.append(_cast(batch.column(field.name), field))
        else:
            arrays.append(pa.nulls(batch.num_rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(array: pa.Array, field: pa.Field) -> pa.Array:
    import pyarrow as pa

    try:
        return array.cast(field.type)
    except pa.ArrowInvalid as error:
        raise EngineError(f"column {field.name}: {array.type} does not fit {field.type}: {str(error)[:200]}") from error


def _scalar(column: AuditColumn, field: pa.Field) -> pa.Scalar:
    import pyarrow as pa

    value = dt.datetime.fromisoformat(column.value) if column.iceberg == "timestamp" else column.value
    return pa.scalar(value, field.type)
