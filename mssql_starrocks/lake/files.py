"""Parquet files of an Iceberg table, written while reading: memory is one row group, whatever the table's size.

PyIceberg's own append holds the whole stream (lake_measured 3.1). The names used here are public but not in its user
guide, hence the exact version pin and the contract test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

TARGET_BYTES = 128 << 20
_ROW_GROUP_BYTES = 32 << 20


def file_schema(table: Table) -> pa.Schema:
    """The Arrow schema of the table's files: Iceberg field ids inside, no `large_` types."""
    import pyarrow as pa
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    narrow = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    schema = schema_to_pyarrow(table.schema(), include_field_ids=True)
    return pa.schema([field.with_type(narrow.get(field.type, field.type)) for field in schema])


def write_files(table: Table, batches: Iterable[pa.RecordBatch], prefix: str) -> Iterator[DataFile]:
    """Write batches of `file_schema` into files of about 128 MiB; yields each file when it is closed."""
    writer: _File | None = None
    number = 0
    for group in _grouped(batches):
        if writer is None:
            writer, number = _File(table, f"{prefix}-{number:05d}.parquet"), number + 1
        writer.write(group)
        if writer.size >= TARGET_BYTES:
            yield writer.close()
            writer = None
    if writer is not None:
        yield writer.close()


def _grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Row groups of about 32 MiB."""
    import pyarrow as pa

    pending: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        pending.append(batch)
        size += batch.nbytes
        if size >= _ROW_GROUP_BYTES:
            yield pa.Table.from_batches(pending)
            pending, size = [], 0
    if pending:
        yield pa.Table.from_batches(pending)


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
