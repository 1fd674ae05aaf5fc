"""Key values as text, and as typed literals that mean the same value again in any session's language."""

from __future__ import annotations

import re

from mssql_starrocks.model import Column
from mssql_starrocks.types.dialects import text_tsql

_TEXT = ("char", "varchar", "nchar", "nvarchar")
_BINARY = ("binary", "varbinary")
_SCALED = ("datetime2", "datetimeoffset", "time")
_MOMENTS = (*_SCALED, "date", "datetime", "smalldatetime")
_PLAIN = ("tinyint", "smallint", "int", "bigint", "date", "datetime", "smalldatetime", "uniqueidentifier")
_COLLATION = re.compile(r"[A-Za-z0-9_]+")
_UNSAFE = {"\ufffd"}  # what a driver makes of half a surrogate pair


def declared(column: Column) -> str | None:
    """The column's type as written in DDL; None where chunks are not cut (floats, LOBs, and rarer types)."""
    if column.type in _TEXT + _BINARY:
        size = column.max_length // 2 if column.type.startswith("n") else column.max_length
        return f"{column.type}({size})" if size > 0 else None
    if column.type in ("decimal", "numeric"):
        return f"{column.type}({column.precision},{column.scale})"
    if column.type in _SCALED:
        return f"{column.type}({column.scale})"
    return column.type if column.type in _PLAIN else None


def text_of(column: Column, expression: str) -> str:
    """T-SQL that writes a value of the column's type so that `literal` reads it back exactly."""
    return f"CONVERT(nvarchar(4000), {expression}{_style(column)})"


def literal(column: Column, text: str) -> str | None:
    """A constant of the column's own type and collation; None for text that a statement cannot carry."""
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or c in _UNSAFE for c in text):
        return None
    quoted = text_tsql(text)
    if column.collation and not _COLLATION.fullmatch(column.collation):
        return None  # a name that cannot be quoted, and that SQL Server does not have
    if column.type in _TEXT and column.collation:
        # Inside the CAST: a varchar constant would first pass through the code page of the database.
        quoted += f" COLLATE {column.collation}"
    if style := _style(column):  # CAST of a text to datetime depends on the login's language
        return f"CONVERT({declared(column)}, {quoted}{style})"
    return f"CAST({quoted} AS {declared(column)})"


def _style(column: Column) -> str:
    return ", 121" if column.type in _MOMENTS else ", 1" if column.type in _BINARY else ""
