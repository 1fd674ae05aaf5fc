"""What a system said about its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from mssql_starrocks.model.plan import Grade
from mssql_starrocks.model.source import TableId


@dataclass(frozen=True)
class ColumnPrint:
    """The fingerprint of one column: how many NULLs, and an order-free digest of the others.

    `digest` is the sum of the first 7 bytes (big-endian) of each value's MD5, as decimal text; floats also, and in
    StarRocks only, carry `low`, `high` and `total` (the sum divided by 2**60). facts/starrocks.md 5.
    """

    nulls: int
    digest: str | None = None
    low: float | None = None
    high: float | None = None
    total: float | None = None


@dataclass(frozen=True)
class Fingerprint:
    """Count and column prints of one table at one point. `columns` is keyed by target column name."""

    rows: int
    columns: Mapping[str, ColumnPrint]


@dataclass(frozen=True)
class Evidence:
    """What the source said at the point; travels in the Iceberg snapshot summary."""

    load_id: str
    table: TableId
    database: str
    grade: Grade
    point: str
    engine: str
    table_fingerprint: str
    fingerprint: Fingerprint

    def to_json(self) -> str:
        return _EVIDENCE.dump_json(self, exclude_none=True).decode()

    @staticmethod
    def from_json(text: str) -> Evidence:
        return _EVIDENCE.validate_json(text)


@dataclass(frozen=True)
class CopyResult:
    """What an engine did: rows and bytes written, files, wall seconds, peak memory of the process in bytes."""

    rows: int
    bytes: int
    files: int
    seconds: float
    peak_rss: int
    snapshot_id: int


_EVIDENCE = TypeAdapter(Evidence)
