"""What became of a job: frozen values that the command line, Python and the REST API all show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from mssql_starrocks.model import TableId

STOPPED = "stopped before it was done"
RESULT_VERSION = 1


@dataclass(frozen=True)
class CheckResult:
    """One check of a run: `asset` is mssql_snapshot or starrocks_table."""

    asset: str
    name: str
    passed: bool
    summary: str


@dataclass(frozen=True)
class TableResult:
    """One table of a job.

    Attributes:
        certified: the run succeeded and every check of the stages asked for passed; or nothing was to do (`skipped`).
        rows: of the last stage that ran, as counted there; None when none finished.
        seconds: wall time of the run.
        load_id: of the load that was made, published or proven.
        snapshot_id: of the Iceberg snapshot that holds it.
        run_id: of the Dagster run; None when none was launched.
        engine: that read the source.
        grade: how exact the point of the source is, A to E.
        error: why it is not certified, in one line; empty when it is.
        skipped: why nothing was to do (`--resume`); empty when a run was launched.

    """

    table: TableId
    certified: bool
    rows: int | None = None
    seconds: float = 0.0
    load_id: str | None = None
    snapshot_id: int | None = None
    run_id: str | None = None
    engine: str = ""
    grade: str = ""
    checks: tuple[CheckResult, ...] = ()
    error: str = ""
    skipped: str = ""

    @property
    def status(self) -> str:
        """`certified`, `current` (nothing was to do) or `failed`."""
        return "current" if self.skipped else "certified" if self.certified else "failed"

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return _html((self,))

    def to_dict(self) -> dict[str, Any]:
        """For JSON. The snapshot id is text: 19 digits are more than a JavaScript number holds."""
        found = asdict(self) | {"table": str(self.table), "schema": self.table.schema, "name": self.table.name}
        found |= {"status": self.status, "seconds": round(self.seconds, 3), "checks": [asdict(c) for c in self.checks]}
        return found | {"snapshot_id": None if self.snapshot_id is None else str(self.snapshot_id)}


@dataclass(frozen=True)
class MigrationResult:
    """What became of all tables of a job, in the order of the selection.

    Attributes:
        job_id: the tag `mssql_starrocks/job_id` of all its runs.
        stopped: somebody ended it before all tables were done.

    """

    job_id: str
    tables: tuple[TableResult, ...]
    seconds: float
    stopped: bool = False

    @property
    def certified(self) -> bool:
        """Whether there were tables and every one is certified."""
        return bool(self.tables) and not self.stopped and all(table.certified for table in self.tables)

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(table.rows or 0 for table in self.tables)

    @property
    def failed(self) -> tuple[TableResult, ...]:
        return tuple(table for table in self.tables if not table.certified)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        good = len(self.tables) - len(self.failed)
        return _html(self.tables) + f"<p>{good} of {len(self.tables)} tables certified, {self.seconds:.1f} s</p>"

    def to_dict(self) -> Mapping[str, Any]:
        """For JSON; `version` changes when a field does."""
        return {
            "version": RESULT_VERSION,
            "job_id": self.job_id,
            "certified": self.certified,
            "stopped": self.stopped,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "tables": [table.to_dict() for table in self.tables],
        }


def _html(tables: Sequence[TableResult]) -> str:
    titles = ("table", "status", "rows", "seconds", "checks", "engine", "grade", "snapshot", "")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return f"<table><tr>{head}</tr>{''.join(map(_html_row, tables))}</table>"


def _html_row(table: TableResult) -> str:
    """Names of tables and messages of servers are text, whatever they look like."""
    passed = f"{sum(check.passed for check in table.checks)}/{len(table.checks)}" if table.checks else ""
    rows = "" if table.rows is None else f"{table.rows:,}"
    cells = (table.table, table.status, rows, f"{table.seconds:.1f}", passed, table.engine, table.grade,
             table.snapshot_id or "", table.error or table.skipped)  # fmt: skip
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
