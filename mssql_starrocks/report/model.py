"""What a report says. `evidence` is signed and can be taken again from lake and warehouse; the rest is for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mssql_starrocks.model import Difference, Evidence, Fingerprint, TableId


@dataclass(frozen=True)
class Verdict:
    """One check as it came out when the report was made."""

    check: str
    passed: bool
    summary: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Held:
    """What StarRocks' ledger of loads says. Ids are text: 19 digits are more than a number of JSON safely holds."""

    target: str
    source: str
    snapshot_id: str
    load_id: str
    label: str
    row_count: int


@dataclass(frozen=True)
class TableEvidence:
    """The proof of one table.

    Attributes:
        problem: why something below is missing, and what to do; empty when all is there.
        source: what SQL Server said at the point, as the Iceberg snapshot carries it.
        lake: the published snapshot by the independent reader, hashed as SQL Server hashes; must equal the source's.
        lake_for_starrocks: the same snapshot hashed as StarRocks must; `starrocks` must equal it.
        starrocks: measured inside StarRocks.
    """

    table: TableId
    problem: str = ""
    source: Evidence | None = None
    snapshot_id: str = ""
    lake: Fingerprint | None = None
    lake_for_starrocks: Fingerprint | None = None
    ledger: Held | None = None
    starrocks: Fingerprint | None = None
    checks: tuple[Verdict, ...] = ()

    @property
    def certified(self) -> bool:
        """Everything was found and every check passed."""
        return not self.problem and self.starrocks is not None and all(c.passed for c in self.checks)

    @property
    def failures(self) -> tuple[str, ...]:
        """What is wrong, in a sentence each."""
        return tuple(t for t in (self.problem, *(c.summary for c in self.checks if not c.passed)) if t)


@dataclass(frozen=True)
class StageMeasure:
    """What one stage took, as Dagster recorded it; None where it recorded nothing."""

    stage: str
    rows: int | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    bytes: int | None = None
    peak_memory_mib: int | None = None


@dataclass(frozen=True)
class TableFacts:
    """What is worth knowing of one table and is not signed; None is unknown.

    Attributes:
        source_bytes: the catalog's estimate at discovery.
        lake_bytes, lake_files: of the published snapshot; `written_bytes` is what its load wrote.
        starrocks_bytes: over all replicas; StarRocks reports it minutes late.
        committed_at: when the load was committed to the lake.
        waiting: a newer load that is not published, and why.
    """

    table: TableId
    lake: str
    starrocks: str
    source_bytes: int | None = None
    written_bytes: int | None = None
    lake_bytes: int | None = None
    lake_files: int | None = None
    starrocks_bytes: int | None = None
    committed_at: str = ""
    waiting: str = ""
    stages: tuple[StageMeasure, ...] = ()


@dataclass(frozen=True)
class Report:
    """One report. `evidence` and `facts` have one entry per table, in the order of the names.

    Attributes:
        tables_in_database: how many tables discovery saw, so that a part is never taken for the whole.
        signature: SHA-256 of the canonical JSON of `evidence`.
    """

    made_at: str
    database: str
    asked: str
    tables_in_database: int
    evidence: tuple[TableEvidence, ...]
    facts: tuple[TableFacts, ...]
    versions: Mapping[str, str]
    configuration: Mapping[str, str]
    signature: str

    @property
    def certified(self) -> bool:
        return all(table.certified for table in self.evidence)

    @property
    def summary(self) -> Summary:
        return summary_of(self.evidence)


@dataclass(frozen=True)
class Summary:
    """The numbers for the first line; `rows` are those of certified tables in StarRocks."""

    certified: bool
    tables: int
    certified_tables: int
    rows: int


def summary_of(evidence: tuple[TableEvidence, ...]) -> Summary:
    good = [table for table in evidence if table.certified]
    rows = sum(table.starrocks.rows for table in good if table.starrocks)
    return Summary(len(good) == len(evidence), len(evidence), len(good), rows)
