"""What a run's events say about its table; the same whether they come from run storage or over GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.results import CheckResult, TableResult


@dataclass
class Outcome:
    """Filled event by event; metadata are plain values by label."""

    checks: list[CheckResult] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def materialized(self, metadata: Mapping[str, Any]) -> None:
        """A stage succeeded."""
        self.known |= metadata

    def checked(self, check: CheckResult, metadata: Mapping[str, Any]) -> None:
        """A check was evaluated."""
        self.checks.append(check)
        self.known = {**{name: value for name, value in metadata.items() if name in _OF_CHECKS}, **self.known}

    def failed(self, error: str) -> None:
        """A step failed; blocking checks that failed are told as checks, not as this."""
        self.errors.append(error)

    def result(self, table: TableId, run_id: str, *, success: bool, wanted: int, seconds: float) -> TableResult:
        """The verdict; `wanted` is the number of checks that had to pass."""
        failed = [check for check in self.checks if not check.passed]
        certified = success and not failed and len(self.checks) == wanted
        snapshot = self.known.get("iceberg/snapshot_id")
        rows = self.known.get("dagster/row_count", self.known.get("found_rows"))
        return TableResult(
            table=table,
            certified=certified,
            rows=None if rows is None else int(rows),
            seconds=seconds,
            load_id=self.known.get("load_id"),
            snapshot_id=int(snapshot) if snapshot else None,
            run_id=run_id,
            engine=self.known.get("engine", ""),
            grade=self.known.get("mssql/grade", self.known.get("grade", "")),
            checks=tuple(self.checks),
            error="" if certified else self._reason(failed, wanted),
        )

    def _reason(self, failed: list[CheckResult], wanted: int) -> str:
        if failed:
            return "; ".join(f"{check.asset}: {check.summary}" for check in failed)
        if self.errors:
            return " ".join(self.errors[0].split())
        return f"{len(self.checks)} of {wanted} checks ran"


_OF_CHECKS = {"load_id", "grade", "found_rows"}
