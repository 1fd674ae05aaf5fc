"""Cut a table into disjoint, exhaustive chunks by quantiles of its leading key column.

Edges are real key values that the server sorted, so strings and guids keep SQL Server's own order. Half-open ranges,
the first and the last unbounded: rows that arrive meanwhile at either end are in exactly one chunk.
"""

from __future__ import annotations

import math
from itertools import pairwise

from mssql_starrocks.model import Chunk, Column, Table
from mssql_starrocks.source.connect import Session
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.dialects import quote_tsql, text_tsql

_MOST = 200
_TEXT = {"char", "varchar", "nchar", "nvarchar"}
_SIZED = {"decimal", "numeric"}
_SCALED = {"datetime2", "datetimeoffset", "time"}
_PLAIN = {"tinyint", "smallint", "int", "bigint", "date", "datetime", "smalldatetime", "uniqueidentifier"}


def plan_chunks(session: Session, table: Table, chunk_bytes: int) -> tuple[Chunk, ...]:
    """Chunks of about `chunk_bytes` by the catalog's estimate; one chunk for small tables and for heaps."""
    wanted = min(math.ceil(table.bytes / chunk_bytes), _MOST)
    column = _leading(table)
    if wanted < 2 or column is None:
        return (Chunk(0),)
    return predicates(column, _edges(session, table, column, wanted))


def predicates(column: Column, edges: list[str]) -> tuple[Chunk, ...]:
    """Half-open ranges around `edges`, which are T-SQL literals in ascending order without repeats."""
    name = quote_tsql(column.name)
    if not edges:
        return (Chunk(0),)
    nulls = f" OR {name} IS NULL" if column.nullable else ""
    ranges = [f"{name} <= {edges[0]}{nulls}"]
    ranges += [f"{name} > {low} AND {name} <= {high}" for low, high in pairwise(edges)]
    return tuple(Chunk(i, text) for i, text in enumerate([*ranges, f"{name} > {edges[-1]}"]))


def _leading(table: Table) -> Column | None:
    key = next((k for k in table.keys if k.primary), None) or next(iter(table.keys), None)
    column = table.column(key.columns[0]) if key else None
    return column if column and _declared(column) else None


def _edges(session: Session, table: Table, column: Column, wanted: int) -> list[str]:
    name, step = quote_tsql(column.name), max(table.rows // wanted, 1)
    style = ", 121" if column.type in _SCALED | {"datetime", "smalldatetime", "date"} else ""
    numbered = f"SELECT {name} AS k, ROW_NUMBER() OVER (ORDER BY {name}) AS n FROM {from_table(table.id)}"
    rows = session.rows(
        f"SELECT CONVERT(nvarchar(4000), q.k{style}) FROM ({numbered}) q WHERE q.n % {step} = 0 ORDER BY q.n"
    )
    texts = list(dict.fromkeys(value for (value,) in rows if value is not None))[: _MOST - 1]
    if style:  # CAST of a text to datetime depends on the login's language
        return [f"CONVERT({_declared(column)}, {text_tsql(text)}, 121)" for text in texts]
    return [f"CAST({text_tsql(text)} AS {_declared(column)})" for text in texts]


def _declared(column: Column) -> str | None:
    """The column's type as written in DDL, for typed literals; None where chunks are not cut."""
    if column.type in _TEXT:
        size = column.max_length // 2 if column.type.startswith("n") else column.max_length
        return f"{column.type}({size})" if size > 0 else None
    if column.type in _SIZED:
        return f"{column.type}({column.precision},{column.scale})"
    if column.type in _SCALED:
        return f"{column.type}({column.scale})"
    return column.type if column.type in _PLAIN else None
