"""Stored values as the Python values a driver would give, for SqlServer.execute()."""

import datetime
import uuid
from typing import Any

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.encode_value import GUID_WIRE
from mssql_starrocks.sandbox.sqlserver.moment_value import moment
from mssql_starrocks.sandbox.sqlserver.outcome import Rows
from mssql_starrocks.sandbox.sqlserver.types import SqlType


def python_rows(rows: Rows) -> list[tuple[Any, ...]]:
    kinds = [column.type for column in rows.columns]
    found = []
    for batch in rows.batches:
        columns = [column.to_pylist() for column in batch.columns]
        found += [
            tuple(python_value(k, v) for k, v in zip(kinds, row, strict=True)) for row in zip(*columns, strict=True)
        ]
    return found


def python_value(kind: SqlType, value: Any) -> Any:
    if value is None:
        return None
    if kind.name == "uniqueidentifier":
        return uuid.UUID(bytes_le=bytes(value[place] for place in GUID_WIRE))
    if kind.family in ("datetime", "time"):
        return moment(kind, value)
    if kind.family == "datetimeoffset":
        zone = datetime.timezone(datetime.timedelta(minutes=value["o"]))
        local = moment(SqlType("datetime2", scale=7), value["t"] + value["o"] * 600_000_000)
        return local.replace(tzinfo=zone)
    return utf16.release(value) if isinstance(value, str) else value
