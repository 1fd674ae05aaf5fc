"""What checks and stages tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mssql_starrocks.model.evidence import CopyResult, Evidence, TypeLine
from mssql_starrocks.model.plan import Level
from mssql_starrocks.model.source import TableId


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
class TablePlan:
    """What a copy would be: names in lake and StarRocks, key, type ledger and DDL. `key` is in source column names.

    `ddl` is StarRocks', `lake_ddl` that of Iceberg as Spark would say it; `bytes` is the catalog's estimate.
    """

    table: TableId
    lake: str
    warehouse: str
    key: tuple[str, ...]
    key_notes: tuple[str, ...]
    ledger: tuple[TypeLine, ...]
    level: Level
    ddl: str
    lake_ddl: str = ""
    engine: str = ""
    engine_reason: str = ""
    loader: str = ""
    rows: int = 0
    bytes: int = 0

    @property
    def undeclared(self) -> tuple[TypeLine, ...]:
        """Losses that must be accepted before a load is certified."""
        return tuple(line for line in self.ledger if line.undeclared)


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
    loader: str = "catalog_insert"


@dataclass(frozen=True)
class LoadSummary:
    """A certified load that is still in the lake.

    Attributes:
        committed: instant of its commit in UTC.
        current: whether `main` holds it.
        in_starrocks: whether StarRocks holds it; None when nobody asked, or an interrupted load left it open.
    """

    load_id: str
    point: str
    grade: str
    rows: int
    snapshot_id: int
    committed: str
    current: bool
    in_starrocks: bool | None = None


@dataclass(frozen=True)
class RollbackReport:
    """The outcome of a rollback: lake and StarRocks hold an earlier load; `checks` are StarRocks' proof of it."""

    table: TableId
    load_id: str
    snapshot_id: int
    rows: int
    main_before: str
    loaded: LoadReport
    checks: tuple[CheckReport, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class CleanReport:
    """What cleaning removed: branches and tags of the lake table, snapshots, leftover shadow tables in StarRocks."""

    table: TableId
    branches: tuple[str, ...]
    tags: tuple[str, ...]
    snapshots: int
    shadows: tuple[str, ...]
