"""What a table is cut by, and how big it is now: two catalog queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from mssql_starrocks.model import Column, Table
from mssql_starrocks.source.chunking.literals import declared
from mssql_starrocks.source.connect import Session

PAGE = 8192
_DEEPEST = 4  # key columns that an edge names
_SIZE = """
SELECT p.rows, a.pages, @@TRANCOUNT AS depth FROM sys.tables t
OUTER APPLY (SELECT SUM(q.rows) AS rows FROM sys.partitions q
             WHERE q.object_id = t.object_id AND q.index_id IN (0, 1)) p
OUTER APPLY (SELECT SUM(au.total_pages) AS pages FROM sys.partitions q
             JOIN sys.allocation_units au ON au.container_id = q.partition_id
             WHERE q.object_id = t.object_id AND q.index_id IN (0, 1)) a
WHERE t.object_id = {table:d}
"""
_INDEXES = """
SELECT i.index_id, i.type, i.is_unique, ic.key_ordinal, ic.partition_ordinal, ic.column_id
FROM sys.indexes i LEFT JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
WHERE i.object_id = {table:d} AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0
ORDER BY i.index_id, ic.key_ordinal
"""
_HEAP, _CLUSTERED, _NONCLUSTERED, _COLUMNSTORE = 0, 1, 2, 5  # sys.indexes.type


@dataclass(frozen=True)
class Size:
    """Estimates of the catalog, and how many transactions the session is in."""

    rows: int
    bytes: int
    depth: int


@dataclass(frozen=True)
class CutKey:
    """Columns in key order. `ordered`: an index keeps the rows so, every column NOT NULL."""

    columns: tuple[Column, ...]
    ordered: bool
    partitioned: bool


@dataclass(frozen=True)
class _Index:
    kind: int
    unique: bool
    keys: tuple[int, ...]  # column ids
    partition: int | None

    @property
    def partitioned(self) -> bool:
        return self.partition is not None and self.keys[:1] == (self.partition,)


def size_now(session: Session, table: Table) -> Size | None:
    """None for what is no table, such as a view."""
    found = session.rows(_SIZE.format(table=table.object_id))
    if not found:
        return None
    rows, pages, depth = found[0]
    return Size(int(rows or 0), int(pages or 0) * PAGE, int(depth))


def cut_key(session: Session, table: Table, *, insist: bool) -> CutKey | None:
    """The clustered index's columns. A heap is one stream: each chunk would scan it whole; `insist` takes any index.

    A heap or columnstore that is partitioned is cut by its partition column.
    """
    indexes = _indexes(session, table)
    base = next((i for i in indexes if i.kind in (_HEAP, _CLUSTERED, _COLUMNSTORE)), None)
    if base and base.kind == _CLUSTERED:
        return _key(table, base.keys, indexed=True, partitioned=base.partitioned)
    if base and base.partition is not None:
        return _key(table, (base.partition,), indexed=False, partitioned=True)
    if base and base.kind == _HEAP and not (insist or table.memory_optimized):
        return None
    others = sorted((i for i in indexes if i.kind == _NONCLUSTERED), key=lambda i: not i.unique)
    usable = (_key(table, i.keys, indexed=True, partitioned=False) for i in others if i.unique or insist)
    return next((key for key in usable if key), None)


def _indexes(session: Session, table: Table) -> list[_Index]:
    rows = session.rows(_INDEXES.format(table=table.object_id))
    return [_index(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _index(rows: Sequence[tuple[int, int, bool, int | None, int | None, int | None]]) -> _Index:
    kind, unique = rows[0][1:3]
    keys = tuple(column for *_, ordinal, _, column in rows if ordinal and column)
    partition = next((column for *_, place, column in rows if place), None)
    return _Index(kind, bool(unique), keys, partition)


def _key(table: Table, ids: Sequence[int], *, indexed: bool, partitioned: bool) -> CutKey | None:
    by_id = {c.ordinal: c for c in table.columns}
    columns = takewhile(_usable, (by_id.get(i) for i in ids[:_DEEPEST]))
    known = tuple(c for c in columns if c)
    return CutKey(known, indexed and not any(c.nullable for c in known), partitioned) if known else None


def _usable(column: Column | None) -> bool:
    """A masked key would be read as its mask, an encrypted one cannot be compared."""
    return column is not None and not column.masked and not column.encrypted and declared(column) is not None
