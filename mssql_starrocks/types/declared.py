"""A column's type as written in T-SQL."""

from __future__ import annotations

from mssql_starrocks.model import Column

_BYTES = {"char", "varchar", "binary", "varbinary"}
WIDE = {"nchar", "nvarchar"}


def declared_type(column: Column) -> str:
    """Such as `nvarchar(20)`, `decimal(9,2)` or the name of an alias type."""
    return column.user_type or base_type(column)


def base_type(column: Column) -> str:
    """The same without alias types."""
    if column.type in _BYTES | WIDE:
        size = column.max_length // 2 if column.type in WIDE else column.max_length
        return f"{column.type}({'max' if column.max_length == -1 else size})"
    if column.type in ("decimal", "numeric"):
        return f"{column.type}({column.precision},{column.scale})"
    if column.type in ("time", "datetime2", "datetimeoffset"):
        return f"{column.type}({column.scale})"
    return "rowversion" if column.type == "timestamp" else column.type
