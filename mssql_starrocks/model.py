"""What everyone talks about. Frozen values: rooms hand each other these, never dicts with agreed keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mssql_starrocks.errors import ConfigError

MANIFEST_VERSION = 1


@dataclass(frozen=True, order=True)
class TableId:
    """A table's name in SQL Server, exactly as the catalog spells it."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Column:
    """One row of `sys.columns`. `max_length` is in bytes, -1 means (max); `type` is the base type's name."""

    name: str
    ordinal: int
    type: str
    max_length: int = 0
    precision: int = 0
    scale: int = 0
    nullable: bool = True
    collation: str | None = None
    user_type: str | None = None
    identity: bool = False
    computed: str | None = None
    hidden: bool = False
    masked: bool = False
    encrypted: bool = False
    column_set: bool = False
    graph_internal: bool = False
    default: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Key:
    """A primary key or a unique index over NOT NULL columns, columns in key order."""

    name: str
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True)
class Table:
    """What discovery saw of one table. `rows` and `bytes` are the catalog's estimates, never a count."""

    id: TableId
    object_id: int
    columns: tuple[Column, ...]
    keys: tuple[Key, ...] = ()
    rows: int = 0
    bytes: int = 0
    description: str | None = None
    change_tracking: bool = False
    temporal: int = 0
    memory_optimized: bool = False
    external: bool = False
    row_filtered: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what a copy depends on: columns, types and the columns of keys; no comments or names of keys."""
        columns = [{k: v for k, v in asdict(c).items() if k not in ("description", "default")} for c in self.columns]
        text = json.dumps([columns, sorted((k.primary, k.columns) for k in self.keys)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class Manifest:
    """What discovery saw in one database. Loading definitions needs only this."""

    database: str
    server_version: str
    engine_edition: int
    snapshot_isolation: bool
    read_committed_snapshot: bool
    discovered_at: str
    tables: tuple[Table, ...] = ()
    collation: str | None = None
    version: int = MANIFEST_VERSION

    def to_json(self) -> str:
        return _MANIFEST.dump_json(self, indent=1, exclude_defaults=True).decode() + "\n"

    @staticmethod
    def from_json(text: str, origin: str = "manifest") -> Manifest:
        """Read a manifest.

        Raises:
            ConfigError: `text` is not a manifest of this version.

        """
        try:
            manifest = _MANIFEST.validate_json(text)
        except ValidationError as error:
            raise ConfigError(
                f"{origin} is not a manifest ({error.error_count()} errors). Make it anew: mssql-starrocks discover"
            ) from error
        if manifest.version != MANIFEST_VERSION:
            raise ConfigError(
                f"{origin} has version {manifest.version}, this release reads {MANIFEST_VERSION}. "
                "Make it anew: mssql-starrocks discover"
            )
        return manifest

    def with_tables(self, tables: tuple[Table, ...]) -> Manifest:
        return Manifest(**{**{f: getattr(self, f) for f in self.__dataclass_fields__}, "tables": tables})


_MANIFEST = TypeAdapter(Manifest)


class Loss(str, Enum):
    """What a column loses on its way (the type ledger's classes)."""

    EXACT = "exact"
    COMPANION = "exact with companion column"
    DECLARED = "declared"
    REFUSED = "refused"


class Grade(str, Enum):
    """How exact a load's point is: DESIGN, facts/sqlserver.md 3."""

    A = "A"  # one instant for the whole database
    B = "B"  # one instant for the table
    C = "C"  # a change-tracking version, reached by catch-up
    D = "D"  # each chunk consistent in itself, proven by equal evidence
    E = "E"  # read committed, one stream


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
        kind: What its canonical text looks like (types/canonical.py).
        canonical: T-SQL expression of that text, or of a float's bytes.
        load: StarRocks expression that turns the Iceberg value into the target type; `{c}` is the column.

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


@dataclass(frozen=True)
class ExtractionPlan:
    """Everything an engine needs; serialisable, so that a remote engine can receive it as JSON.

    `columns` are the copied columns in target order (key columns first), `audit` the columns that we add.
    """

    table: TableId
    load_id: str
    columns: tuple[PlannedColumn, ...]
    audit: tuple[AuditColumn, ...]
    chunks: tuple[Chunk, ...]
    grade: Grade
    estimated_rows: int
    estimated_bytes: int

    def to_json(self) -> str:
        return _PLAN.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> ExtractionPlan:
        return _PLAN.validate_json(text)


@dataclass(frozen=True)
class AuditColumn:
    """A constant column added to every row of a load; outside the fingerprint."""

    name: str
    iceberg: str
    starrocks: str
    value: str
    comment: str


_PLAN = TypeAdapter(ExtractionPlan)


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


_EVIDENCE = TypeAdapter(Evidence)


@dataclass(frozen=True)
class CopyResult:
    """What an engine did: rows and bytes written, files, wall seconds, peak memory of the process in bytes."""

    rows: int
    bytes: int
    files: int
    seconds: float
    peak_rss: int
    snapshot_id: int


@dataclass(frozen=True)
class Difference:
    """One thing that should be equal and is not."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True)
class CheckReport:
    """The verdict of one check with the table of differences behind it."""

    name: str
    passed: bool
    summary: str
    differences: tuple[Difference, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SnapshotReport:
    """The outcome of the snapshot stage: a durable point-in-time copy on an audit branch."""

    table: TableId
    load_id: str
    branch: str
    engine: str
    evidence: Evidence
    copied: CopyResult
    location: str


@dataclass(frozen=True)
class PublishReport:
    """The outcome of the publish stage: `main` is this snapshot."""

    table: TableId
    load_id: str
    snapshot_id: int
    rows: int
    tag: str
    location: str
    seconds: float


@dataclass(frozen=True)
class LoadReport:
    """The outcome of the load stage: StarRocks holds exactly this snapshot."""

    table: TableId
    load_id: str
    snapshot_id: int
    target: str
    rows: int
    label: str
    how: str
    seconds: float
    ddl: str
