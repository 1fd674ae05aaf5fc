"""Whether a copy is right: its rows, read by DuckDB, against what the table was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from harness import table


@dataclass(frozen=True)
class Verdict:
    """`wrong` says what differs; `types` are columns that arrived as a weaker type though their values are equal."""

    wrong: tuple[str, ...]
    types: tuple[str, ...]
    bytes: int
    files: int


def judge(result: Mapping[str, Any], environment: Mapping[str, str], wanted: table.Print) -> Verdict:
    """Read the copy that a contender told about."""
    rows, size, files = (
        _parquet(result["parquet"], environment) if "parquet" in result else _iceberg(result, environment)
    )
    names = {name.lower(): name for name in rows.schema.names}
    missing = [c.name for c in table.COLUMNS if c.name not in names]
    if missing:
        return Verdict((f"no column {', '.join(missing)}",), (), size, files)
    types = tuple(w for c in table.COLUMNS if (w := _weaker(c, rows.schema.field(names[c.name]).type)))
    failed = tuple(f"proof: {text}" for text in result.get("failed", ()))
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        connection.register("copy", rows)
        return Verdict((*failed, *table.differences(wanted, table.look(connection, "copy"))), types, size, files)


def _iceberg(result: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[pa.RecordBatchReader, int, int]:
    from pyiceberg.table import StaticTable

    store = {
        "s3.endpoint": environment["AWS_ENDPOINT_URL"],
        "s3.access-key-id": environment["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": environment["AWS_SECRET_ACCESS_KEY"],
        "s3.region": environment["AWS_REGION"],
    }
    where = result.get("metadata") or _newest(result["newest_metadata"], environment)
    found = StaticTable.from_metadata(where, store)
    files = [task.file for task in found.scan().plan_files()]
    return found.scan().to_arrow_batch_reader(), sum(f.file_size_in_bytes for f in files), len(files)


def _parquet(folder: str, environment: Mapping[str, str]) -> tuple[pa.RecordBatchReader, int, int]:
    from pyarrow import dataset, fs

    store = _filesystem(environment)
    found = dataset.dataset(folder, filesystem=store, format="parquet")
    sizes = [one.size for one in store.get_file_info(fs.FileSelector(folder, recursive=True)) if one.is_file]
    return found.scanner().to_reader(), sum(sizes), len(sizes)


def _newest(folder: str, environment: Mapping[str, str]) -> str:
    from pyarrow import fs

    found = [
        one for one in _filesystem(environment).get_file_info(fs.FileSelector(folder)) if one.path.endswith(".json")
    ]
    return "s3://" + max(found, key=lambda one: (one.base_name, one.mtime)).path


def _filesystem(environment: Mapping[str, str]) -> Any:
    from pyarrow import fs

    return fs.S3FileSystem(
        access_key=environment["AWS_ACCESS_KEY_ID"],
        secret_key=environment["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=environment["AWS_ENDPOINT_URL"],
        region=environment["AWS_REGION"],
    )


def _weaker(column: table.Column, found: pa.DataType) -> str:
    """Types that hold these values but not every value of the source type."""
    tests = {
        "DECIMAL": pa.types.is_decimal,
        "TIMESTAMP": pa.types.is_timestamp,
        "DATE": pa.types.is_date,
        "BOOLEAN": pa.types.is_boolean,
        "BIGINT": pa.types.is_integer,
    }
    test = tests.get(column.compared.split("(")[0])
    return f"{column.name} is {found}" if test and not test(found) else ""
