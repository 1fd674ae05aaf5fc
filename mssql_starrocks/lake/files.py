"""Parquet files of an Iceberg table, written while reading: memory is two row groups, whatever the table's size.

PyIceberg's own append holds the whole stream (lake_measured 3.1). The names used here are public but not in its user
guide, hence the exact version pin and the contract test.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

TARGET_BYTES = 128 << 20
_ROW_GROUP_BYTES, _MEMORY = 32 << 20, 128 << 20  # of Arrow


def file_schema(table: Table) -> pa.Schema:
    """The Arrow schema of the table's files: Iceberg field ids inside, no `large_` types."""
    import pyarrow as pa
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    narrow = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    schema = schema_to_pyarrow(table.schema(), include_field_ids=True)
    return pa.schema([field.with_type(narrow.get(field.type, field.type)) for field in schema])


class RollingWriter:
    """Writes batches of `file_schema` into files of about 128 MiB, behind its caller; memory is two row groups.

    One is encoded in a thread of the writer's while the caller fills the next. What is written since the last `settle`
    can be thrown away, so that a chunk which failed is read again without leaving a row twice. Use it in a `with`.
    """

    def __init__(self, table: Table, prefix: str, writers: int = 1) -> None:
        """`writers` are at work at once, this one included; they share the memory for row groups."""
        self._table, self._prefix = table, prefix
        self._group_bytes = min(_ROW_GROUP_BYTES, _MEMORY // (2 * writers))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._busy: Future[None] | None = None
        self._numbers = count()
        self._open: _File | None = None
        self._settled: list[DataFile] = []
        self._unsettled: list[DataFile] = []
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = self._since_settled = 0

    def __enter__(self) -> RollingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch.

        Raises:
            OSError: the store refused an earlier one.
        """
        self._pending.append(batch)
        self._pending_bytes += batch.nbytes
        self._since_settled += batch.nbytes
        if self._pending_bytes >= self._group_bytes:
            self._flush()

    def settle(self, *, keep_open: bool = True) -> bool:
        """Count everything so far as done, if its files are closed; small files stay open unless `keep_open` is off."""
        if keep_open and 0 < self._since_settled < TARGET_BYTES // 2:  # Arrow's bytes: a file's are fewer
            return False
        self._wait()
        size = self._pending_bytes + (self._open.size if self._open else 0)
        if keep_open and 0 < size < TARGET_BYTES // 2:
            return False
        self._flush()
        self._wait()
        self._close()
        self._settled, self._unsettled, self._since_settled = [*self._settled, *self._unsettled], [], 0
        return True

    def discard(self) -> None:
        """Forget everything since the last `settle`; its files stay orphans under the load's prefix if need be."""
        self._pending, self._pending_bytes, self._since_settled = [], 0, 0
        with suppress(Exception):  # what it wrote is thrown away
            self._wait()
        if self._open is not None:
            self._open.abandon()
            self._open = None
        for file in self._unsettled:
            with suppress(OSError):
                self._table.io.delete(file.file_path)
        self._unsettled = []

    def finish(self) -> list[DataFile]:
        """Close and describe every file."""
        self.settle(keep_open=False)
        return self.take()

    def take(self) -> list[DataFile]:
        """The files that were settled since the last time."""
        taken, self._settled = self._settled, []
        return taken

    def _flush(self) -> None:
        """Hand the row group over, when the one before is done."""
        self._wait()
        if self._pending:
            self._busy = self._thread.submit(self._write_group, self._pending)
            self._pending, self._pending_bytes = [], 0

    def _wait(self) -> None:
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.result()

    def _write_group(self, batches: list[pa.RecordBatch]) -> None:
        import pyarrow as pa

        if self._open is None:
            self._open = _File(self._table, f"{self._prefix}-{next(self._numbers):05d}.parquet")
        self._open.write(pa.Table.from_batches(batches))
        if self._open.size >= TARGET_BYTES:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._unsettled.append(self._open.close())
            self._open = None


class _File:
    """One open Parquet file."""

    def __init__(self, table: Table, name: str) -> None:
        import pyarrow.parquet as pq

        self._table = table
        self._path = table.location_provider().new_data_location(name)
        self._output = table.io.new_output(self._path)
        self._stream: Any = self._output.create(overwrite=True)
        self._writer = pq.ParquetWriter(
            self._stream, file_schema(table), compression="zstd", store_decimal_as_integer=True
        )

    @property
    def size(self) -> int:
        return int(self._stream.tell())

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=max(group.num_rows, 1))

    def abandon(self) -> None:
        """Close without describing; what was uploaded is deleted where the store allows it."""
        with suppress(Exception):
            self._writer.close()
        with suppress(Exception):
            self._stream.close()
        with suppress(Exception):
            self._table.io.delete(self._path)

    def close(self) -> DataFile:
        """Finish the file and describe it, statistics included, as PyIceberg's own writer would."""
        from pyiceberg.io.pyarrow import (
            compute_statistics_plan,
            data_file_statistics_from_parquet_metadata,
            parquet_path_to_id_mapping,
        )
        from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
        from pyiceberg.typedef import Record

        self._writer.close()
        self._stream.close()
        metadata = self._table.metadata
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=self._writer.writer.metadata,
            stats_columns=compute_statistics_plan(metadata.schema(), metadata.properties),
            parquet_column_mapping=parquet_path_to_id_mapping(metadata.schema()),
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._path,
            file_format=FileFormat.PARQUET,
            partition=Record(),
            file_size_in_bytes=len(self._output),
            sort_order_id=None,
            spec_id=metadata.default_spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )
