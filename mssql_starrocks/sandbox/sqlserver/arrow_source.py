"""An Arrow table as a source of rows: its columns in storage form, with the SQL Server type they stand for."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.errors import unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, identifier
from mssql_starrocks.sandbox.sqlserver.types import (
    BIGINT,
    BIT,
    DATE,
    FLOAT,
    INT,
    MAX,
    REAL,
    SMALLINT,
    TINYINT,
    SqlType,
    decimal,
    nvarchar,
    varbinary,
)

_EPOCH_TICKS = 719162 * 864_000_000_000
_PLAIN = {
    pa.bool_(): BIT,
    pa.uint8(): TINYINT,
    pa.int16(): SMALLINT,
    pa.int32(): INT,
    pa.int64(): BIGINT,
    pa.float32(): REAL,
    pa.float64(): FLOAT,
    pa.date32(): DATE,
}
_UNIT_TICKS = {"s": 10_000_000, "ms": 10_000, "us": 10}


def plain(data: pa.Table) -> pa.Table:
    """Times and timestamps as their integers: DuckDB must not round them."""
    columns = []
    for column in data.columns:
        kind = column.type
        texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if texts and pc.any(pc.match_substring_regex(column, utf16.RESERVED_RE2)).as_py():
            raise utf16.ReservedCharacterError
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        if pa.types.is_timestamp(kind):
            column = column.cast(pa.timestamp(kind.unit)).cast(pa.int64())
        elif pa.types.is_time(kind):
            column = column.cast(pa.int64() if pa.types.is_time64(kind) else pa.int32())
        columns.append(column)
    return pa.table(columns, names=data.column_names)


def values(data: pa.Table, columns: Mapping[str, str], session: int) -> tuple[str, list[Typed]]:
    """The name to register the table under, and one expression per loaded column."""
    return f"arrow{session}", [
        _value(data.schema.field(name).type, f'"q".{identifier(name)}') for name in columns.values()
    ]


def _value(kind: pa.DataType, sql: str) -> Typed:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if kind in _PLAIN:
        return Typed(sql, _PLAIN[kind])
    if pa.types.is_decimal(kind):
        return Typed(sql, decimal(kind.precision, kind.scale))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Typed(sql, nvarchar(MAX))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return Typed(f"CAST({sql} AS BLOB)", varbinary(MAX))
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        ticks = f"({sql} // 100)" if kind.unit == "ns" else f"({sql}::BIGINT * {_UNIT_TICKS[kind.unit]})"
        if pa.types.is_time(kind):
            return Typed(ticks, SqlType("time", scale=7))
        return Typed(f"({ticks} + {_EPOCH_TICKS})", SqlType("datetime2", scale=7))
    raise unsupported(f"loading an Arrow column of type {kind}")
