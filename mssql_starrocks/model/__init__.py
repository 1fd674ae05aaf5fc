"""What everyone talks about. Frozen values: rooms hand each other these, never dicts with agreed keys."""

from mssql_starrocks.model.checkpoint import Checkpoint, ResumeKey
from mssql_starrocks.model.evidence import (
    ColumnPrint,
    CopyResult,
    Definition,
    Evidence,
    Fingerprint,
    SourceColumn,
    TypeLine,
)
from mssql_starrocks.model.plan import AuditColumn, Chunk, ExtractionPlan, Grade, Level, Loss, PlannedColumn, Sizing
from mssql_starrocks.model.reports import (
    CheckReport,
    CleanReport,
    Difference,
    LoadReport,
    LoadSummary,
    PublishReport,
    RollbackReport,
    SnapshotReport,
    TablePlan,
)
from mssql_starrocks.model.source import Column, Key, Manifest, Table, TableId

__all__ = [
    "AuditColumn",
    "CheckReport",
    "Checkpoint",
    "Chunk",
    "CleanReport",
    "Column",
    "ColumnPrint",
    "CopyResult",
    "Definition",
    "Difference",
    "Evidence",
    "ExtractionPlan",
    "Fingerprint",
    "Grade",
    "Key",
    "Level",
    "LoadReport",
    "LoadSummary",
    "Loss",
    "Manifest",
    "PlannedColumn",
    "PublishReport",
    "ResumeKey",
    "RollbackReport",
    "Sizing",
    "SnapshotReport",
    "SourceColumn",
    "Table",
    "TableId",
    "TablePlan",
    "TypeLine",
]
