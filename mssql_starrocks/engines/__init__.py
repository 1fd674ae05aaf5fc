"""Engines copy an ExtractionPlan into an audit branch: `arrow` in this process, `spark` locally or on a cluster."""

from typing import Protocol

from mssql_starrocks.lake.branch import AuditBranch
from mssql_starrocks.model import CopyResult, ExtractionPlan


class Engine(Protocol):
    """Copies the plan's rows to the branch in one snapshot that carries the branch's properties.

    Every engine gives the same Iceberg schema and the same fingerprints for the same plan; one contract suite runs all.
    """

    name: str

    def copy(self, plan: ExtractionPlan, branch: AuditBranch) -> CopyResult: ...
