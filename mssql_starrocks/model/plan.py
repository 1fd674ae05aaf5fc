"""What is to be copied, and how exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from pydantic import TypeAdapter

from mssql_starrocks.model.source import TableId


class Loss(str, Enum):
    """What a column loses on its way (the type ledger's classes)."""

    EXACT = "exact"
    COMPANION = "exact with companion column"
    DECLARED = "declared"


class Level(str, Enum):
    """How much a proof compares (docs/proof.md)."""

    COUNTS = "counts"  # rows, and NULLs of each column
    COLUMNS = "columns"  # also an order-free digest of each column
    ROWS = "rows"  # also an order-free digest of whole rows


class Grade(str, Enum):
    """How exact a load's point is: DESIGN, facts/sqlserver.md 3."""

    A = "A"  # one instant for the whole database
    B = "B"  # one instant for the table
    C = "C"  # a change-tracking version, reached by catch-up
    D = "D"  # each chunk consistent in itself, proven by equal evidence
    E = "E"  # read committed, one stream


@dataclass(frozen=True)
class Sizing:
    """Into how many chunks a table is cut.

    Attributes:
        partitioning: `auto` by bytes; `original` by rows, as the original did (facts/peers.md 1.1); or a number.
        most: upper limit of the first two.

    """

    chunk_bytes: int
    partitioning: Literal["auto", "original"] | int = "auto"
    most: int = 200

    def wanted(self, rows: int, size: int) -> int:
        """Chunks for a table of so many rows and bytes; at least one."""
        if isinstance(self.partitioning, int):
            return self.partitioning
        wanted = _original(rows) if self.partitioning == "original" else math.ceil(size / self.chunk_bytes)
        return max(1, min(wanted, self.most))


def _original(rows: int) -> int:
    """Below 10,000 rows 1, up to a million 8 to 16, above it 20 and one more for each further million."""
    if rows < 10_000:
        return 1
    if rows <= 1_000_000:
        return 8 + (rows - 10_000) * 8 // 990_000
    return 20 + (rows - 1_000_000) // 1_000_000


@dataclass(frozen=True)
class Chunk:
    """One predicate of a disjoint, exhaustive set; an empty predicate takes every row."""

    number: int
    predicate: str = ""


@dataclass(frozen=True)
class PlannedColumn:
    """One column of the copy: what is selected, what it is called and what it becomes.

    Attributes:
        name: Its name in lake and warehouse. `source` is the SQL Server column it comes from.
        select: T-SQL expression of the extraction's SELECT list.
        kind: What its canonical text looks like in the source and in the lake (types/canonical.py).
        canonical: T-SQL expression of that text, or of a float's bytes.
        load: StarRocks expression that turns the Iceberg value into the target type; `{c}` is the column.
        arrives: DuckDB expression of the value that StarRocks must then hold, and `arrives_kind` its kind.
        fits: DuckDB condition that each value must meet before StarRocks is asked to hold it; empty for any value.
        may_null: StarRocks holds NULL where the lake has a longer value; `required` is about the lake.
        measure: T-SQL expression whose maximum is measured at the source, and `most` what it may be (0: anything).
        undeclared: What the configuration must say before this column's loss is accepted; empty when all is said.

    """

    name: str
    source: str
    select: str
    kind: str
    canonical: str
    iceberg: str
    starrocks: str
    required: bool
    rule: str
    loss: Loss
    note: str
    comment: str | None = None
    key: bool = False
    load: str = "{c}"
    arrives: str = "{c}"
    arrives_kind: str = ""
    fits: str = ""
    may_null: bool = False
    measure: str = ""
    most: int = 0
    undeclared: str = ""


@dataclass(frozen=True)
class AuditColumn:
    """A constant column added to every row of a load; outside the fingerprint."""

    name: str
    iceberg: str
    starrocks: str
    value: str
    comment: str


@dataclass(frozen=True)
class ExtractionPlan:
    """Everything an engine needs; serialisable, so that a remote engine can receive it as JSON.

    `columns` are the copied columns in target order (key columns first), `audit` the columns that we add. With
    `snapshot_isolation` each connection reads under SNAPSHOT. `longest_row` is in bytes, as far as it was measured.
    """

    table: TableId
    load_id: str
    columns: tuple[PlannedColumn, ...]
    audit: tuple[AuditColumn, ...]
    chunks: tuple[Chunk, ...]
    grade: Grade
    estimated_rows: int
    estimated_bytes: int
    snapshot_isolation: bool = False
    longest_row: int = 0

    def to_json(self) -> str:
        return _PLAN.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> ExtractionPlan:
        return _PLAN.validate_json(text)


_PLAN = TypeAdapter(ExtractionPlan)
