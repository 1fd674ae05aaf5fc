"""What everyone talks about. Frozen values: rooms hand each other these, never dicts with agreed keys."""

from mssql_starrocks.model.evidence import ColumnPrint, CopyResult, Evidence, Fingerprint
from mssql_starrocks.model.plan import AuditColumn, Chunk, ExtractionPlan, Grade, Loss, PlannedColumn, Sizing
from mssql_starrocks.model.reports import CheckReport, Difference, LoadReport, PublishReport, SnapshotReport
from mssql_starrocks.model.source import Column, Key, Manifest, Table, TableId

__all__ = [
    "AuditColumn",
    "CheckReport",
    "Chunk",
    "Column",
    "ColumnPrint",
    "CopyResult",
    "Difference",
    "Evidence",
    "ExtractionPlan",
    "Fingerprint",
    "Grade",
    "Key",
    "LoadReport",
    "Loss",
    "Manifest",
    "PlannedColumn",
    "PublishReport",
    "Sizing",
    "SnapshotReport",
    "Table",
    "TableId",
]
