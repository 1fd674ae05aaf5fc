"""What a system said about its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import TypeAdapter

from mssql_starrocks.model.plan import Grade, Level, Loss
from mssql_starrocks.model.source import TableId


@dataclass(frozen=True)
class ColumnPrint:
    """The fingerprint of one column: how many NULLs, and an order-free digest of the other values.

    `digest` is the sum of the first 7 bytes (big-endian) of each value's MD5, as decimal text (facts/starrocks.md 5);
    None where nothing is digested: at level `counts`, and for JSON columns.
    """

    nulls: int
    digest: str | None = None


@dataclass(frozen=True)
class Fingerprint:
    """One table at one point: count, column prints by target column name, at level `rows` also a digest of all rows."""

    rows: int
    columns: Mapping[str, ColumnPrint]
    digest: str | None = None


@dataclass(frozen=True)
class TypeLine:
    """One line of the type ledger: what becomes of one source column.

    Attributes:
        name: Its name in lake and warehouse; empty when it is not copied.
        measured: The maximum that the rule needed, in the unit of the sentence; None when it needed none.
        undeclared: What has to be set before this loss is accepted; empty when nothing has.

    """

    column: str
    name: str
    source: str
    iceberg: str
    starrocks: str
    rule: str
    loss: Loss
    sentence: str
    measured: int | None = None
    undeclared: str = ""


class SourceColumn(NamedTuple):
    """One column of the source and what it became. A tuple, because its JSON is in every snapshot of the lake.

    Attributes:
        id: `column_id`, which a rename keeps and no other column of the table ever gets.
        fields: Iceberg types by lake column, companions last; empty when the column is not copied.

    """

    id: int
    name: str
    type: str
    nullable: bool
    fields: dict[str, str]


@dataclass(frozen=True)
class Definition:
    """What two loads are compared by: the table's identity, its columns, and the ids of its key's columns in order."""

    object_id: int
    columns: tuple[SourceColumn, ...]
    key: tuple[int, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What the source said at the point; travels in the Iceberg snapshot summary.

    Attributes:
        change_version: Change Tracking's version just before the point, where the table is tracked: changes after it
            bring this load to any later version (grade C, delivered later).
        definition: None in older loads, whose columns are known by name only.

    """

    load_id: str
    table: TableId
    database: str
    grade: Grade
    point: str
    engine: str
    table_fingerprint: str
    fingerprint: Fingerprint
    level: Level = Level.COLUMNS
    ledger: tuple[TypeLine, ...] = ()
    change_version: int | None = None
    definition: Definition | None = None

    def to_json(self) -> str:
        return _EVIDENCE.dump_json(self, exclude_none=True).decode()

    @staticmethod
    def from_json(text: str) -> Evidence:
        return _EVIDENCE.validate_json(text)


@dataclass(frozen=True)
class CopyResult:
    """What an engine did: rows, bytes and files of the load, wall and CPU seconds, peak memory of the process in bytes.

    `resumed_rows` of the rows were copied by an earlier run, as were their bytes and files.
    """

    rows: int
    bytes: int
    files: int
    seconds: float
    peak_rss: int
    snapshot_id: int
    cpu_seconds: float = 0.0
    resumed_rows: int = 0


_EVIDENCE = TypeAdapter(Evidence)
