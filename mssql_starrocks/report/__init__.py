"""The report: one page and one JSON that say what was copied, how exactly, and what proves it (docs/report.md)."""

from mssql_starrocks.report.gather import Asked, gather
from mssql_starrocks.report.html import render
from mssql_starrocks.report.model import Report
from mssql_starrocks.report.saving import write
from mssql_starrocks.report.verify import Verification, verify

__all__ = ["Asked", "Report", "Verification", "gather", "render", "verify", "write"]
