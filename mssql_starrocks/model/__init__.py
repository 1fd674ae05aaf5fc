"""What everyone talks about. Frozen values: rooms hand each other these, never dicts with agreed keys."""

from mssql_starrocks.model.checkpoint import Checkpoint, ResumeKey
from mssql_starrocks.model.evidence import ColumnPrint, CopyResult, Evidence, Fingerprint, TypeLine
from mssql_starrocks.model.plan import AuditColumn, Chunk, ExtractionPlan, Grade, Level, Loss, PlannedColumn, Sizing
from mssql_starrocks.model.reports import (
    CheckReport,
    CleanReport,
    Difference,
    LoadReport,
    PublishReport,
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
    "Difference",
    "Evidence",
    "ExtractionPlan",
    "Fingerprint",
    "Grade",
    "Key",
    "Level",
    "LoadReport",
    "Loss",
    "Manifest",
    "PlannedColumn",
    "PublishReport",
    "ResumeKey",
    "Sizing",
    "SnapshotReport",
    "Table",
    "TableId",
    "TablePlan",
    "TypeLine",
]
