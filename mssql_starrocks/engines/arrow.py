"""The arrow engine: rows through mssql-python's Arrow reader into Parquet, in this process, without a JVM."""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mssql_starrocks.errors import EngineError
from mssql_starrocks.lake.branch import AuditBranch, commit
from mssql_starrocks.lake.files import file_schema, write_files
from mssql_starrocks.model import AuditColumn, CopyResult, ExtractionPlan
from mssql_starrocks.source.connect import ReaderSession
from mssql_starrocks.source.select import extraction

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile

_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 65536
_SAY_EVERY = 5.0  # seconds


class ArrowEngine:
    """Reads every chunk through one session, so that all of it is the session's point."""

    name = "arrow"

    def __init__(self, session: ReaderSession, catalog: Catalog, log: Callable[[str], None]) -> None:
        self._session, self._catalog, self._log = session, catalog, log

    def copy(self, plan: ExtractionPlan, branch: AuditBranch) -> CopyResult:
        """Copy the plan's rows and commit them to the branch in one snapshot.

        Raises:
            SourceError: the source refused or the connection died; nothing is committed.
            LakeError: the store refused.
        """
        started = time.monotonic()
        table = self._catalog.load_table((branch.database, branch.table))
        schema = file_schema(table)
        files: list[DataFile] = []
        for chunk in plan.chunks:
            query = extraction(plan.table, plan.columns, chunk)
            batches = self._session.batches(query, _batch_rows(plan), plan.table)
            shaped = (_shape(batch, schema, plan.audit) for batch in self._watched(batches, plan))
            files += write_files(table, shaped, f"{plan.load_id}-{chunk.number:04d}")
        snapshot_id = commit(self._catalog, branch, files)
        return CopyResult(
            rows=sum(f.record_count for f in files),
            bytes=sum(f.file_size_in_bytes for f in files),
            files=len(files),
            seconds=time.monotonic() - started,
            peak_rss=peak_rss(),
            snapshot_id=snapshot_id,
        )

    def _watched(self, batches: Iterator[pa.RecordBatch], plan: ExtractionPlan) -> Iterator[pa.RecordBatch]:
        """Say rows, bytes and rate now and then."""
        started = said = time.monotonic()
        rows = size = 0
        for batch in batches:
            yield batch
            rows, size = rows + batch.num_rows, size + batch.nbytes
            now = time.monotonic()
            if now - said > _SAY_EVERY:
                rate = rows / (now - started)
                left = max(plan.estimated_rows - rows, 0) / rate if rate else 0
                self._log(f"{plan.table}: {rows:,} rows, {size >> 20:,} MiB, {rate:,.0f} rows/s, {left:.0f} s left")
                said = now


def peak_rss() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _batch_rows(plan: ExtractionPlan) -> int:
    """Rows whose estimated bytes fill a batch; wide rows come in small batches."""
    width = max(plan.estimated_bytes // max(plan.estimated_rows, 1), 1)
    return max(min(_BATCH_BYTES // width, _BATCH_ROWS), 1)


def _shape(batch: pa.RecordBatch, schema: pa.Schema, audit: tuple[AuditColumn, ...]) -> pa.RecordBatch:
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
