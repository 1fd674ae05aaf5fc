"""`migrate --dry-run`: what would be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mssql_starrocks.cli.shared import screen, show_table, tell_json

if TYPE_CHECKING:
    from mssql_starrocks.model import TableId
    from mssql_starrocks.orchestration.launch.job import Job
    from mssql_starrocks.orchestration.launch.prepare import Workplace

Row = Mapping[str, Any]
_WOULD = {"all": "copy", "lake": "copy to lake", "warehouse": "load"}


def show_plan(place: Workplace, job: Job, *, as_json: bool) -> bool:
    """Print engine, names and estimates, with `resume` whether a table is current; return whether all can be copied."""
    known = _planned(place, job) | _refused(job)
    rows = [known[table] for table in job.tables]
    if as_json:
        tell_json({"version": 1, "dry_run": True, "tables": rows})
        return not job.refused
    heads = ("table", "would", "engine", "rows (estimate)", "lake", "target", "why")
    show_table(heads, [(row["table"], row["would"], row["engine"], f"{row['estimated_rows']:,}", row["lake"],
                        row["target"], row["reason"]) for row in rows])  # fmt: skip
    screen.print(f"{len(rows)} table{'s' if len(rows) > 1 else ''}; nothing was launched")
    return not job.refused


def _planned(place: Workplace, job: Job) -> dict[TableId, Row]:
    current = place.current_of(job.part) if job.resume else None
    found: dict[TableId, Row] = {}
    for chain in job.chains:
        seen = current(chain) if current else None
        would = "nothing" if seen and seen.current else _WOULD[job.part]
        lake, target = ".".join(chain.names.lake), ".".join(chain.names.warehouse)
        reason = seen.reason if seen else chain.engine_reason
        found[chain.table.id] = {"table": str(chain.table.id), "would": would, "engine": chain.engine, "lake": lake,
                                 "target": target, "estimated_rows": chain.table.rows,
                                 "estimated_bytes": chain.table.bytes, "reason": reason}  # fmt: skip
    return found


def _refused(job: Job) -> dict[TableId, Row]:
    empty = {"engine": "", "lake": "", "target": "", "estimated_rows": 0, "estimated_bytes": 0}
    return {r.table: {"table": str(r.table), "would": "refuse", "reason": r.reason, **empty} for r in job.refused}
