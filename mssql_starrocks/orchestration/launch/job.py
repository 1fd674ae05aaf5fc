"""A job: one run per table, and the tags by which its runs are found again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mssql_starrocks.chain import Chain, Refused
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest, TableId
from mssql_starrocks.orchestration.checks import SNAPSHOT_CHECKS, WAREHOUSE_CHECKS
from mssql_starrocks.orchestration.launch.results import TableResult
from mssql_starrocks.orchestration.translator import Stage, table_tags

Part = Literal["all", "lake", "warehouse"]
JOB_TAG, WHAT_TAG = "mssql_starrocks/job_id", "mssql_starrocks/what"
SCHEMA_TAG, TABLE_TAG = "mssql_starrocks/schema", "mssql_starrocks/table"
CHECKS_TAG, TABLES_TAG = "mssql_starrocks/checks", "mssql_starrocks/tables"
# Dagster's: the daemon retries no run whose process was this one, and the run must not say that it would.
NO_RETRIES = {"dagster/max_retries": "0"}
_STAGES: dict[Part, tuple[Stage, ...]] = {
    "all": (Stage.SNAPSHOT, Stage.LAKE, Stage.WAREHOUSE),
    "lake": (Stage.SNAPSHOT, Stage.LAKE),
    "warehouse": (Stage.WAREHOUSE,),
}
_CHECKS = {Stage.SNAPSHOT: tuple(SNAPSHOT_CHECKS), Stage.LAKE: (), Stage.WAREHOUSE: tuple(WAREHOUSE_CHECKS)}


def new_job_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Job:
    """What is to be launched.

    Attributes:
        config: how to copy, with what the options override.
        manifest: what discovery saw.
        chains: the tables' copies as planned, in order.
        refused: selected tables that cannot be copied; they fail without a run.
        part: the whole chain, only up to the published Iceberg table, or only from there to StarRocks.
        proofs_only: run the checks of that part alone; nothing is copied.
        parallel: tables at a time.
        resume: skip tables whose published copy is still what the source holds (stages.is_current).
        job_id: the tag of all runs.

    """

    config: Config
    manifest: Manifest
    chains: tuple[Chain, ...]
    refused: tuple[Refused, ...] = ()
    part: Part = "all"
    proofs_only: bool = False
    parallel: int = 4
    resume: bool = False
    job_id: str = field(default_factory=new_job_id)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return _STAGES[self.part]

    @property
    def tables(self) -> tuple[TableId, ...]:
        """All that were selected, refused ones too, in the order of the selection, which is the manifest's."""
        wanted = {*(chain.table.id for chain in self.chains), *(refused.table for refused in self.refused)}
        return tuple(table.id for table in self.manifest.tables if table.id in wanted)

    @property
    def what(self) -> str:
        """The command that asks for it."""
        return "validate" if self.proofs_only else "migrate"

    @property
    def checks(self) -> tuple[tuple[Stage, str], ...]:
        """Every check that has to pass before a table is certified."""
        return tuple((stage, name) for stage in self.stages for name in _CHECKS[stage])

    def tags(self, chain: Chain) -> dict[str, str]:
        """Of the table's run: ours, where `mssql_starrocks/table` is its full name, and those that queues limit."""
        return {
            JOB_TAG: self.job_id,
            WHAT_TAG: self.what,
            SCHEMA_TAG: chain.table.id.schema,
            TABLE_TAG: str(chain.table.id),
            TABLES_TAG: str(len(self.chains) + len(self.refused)),
            CHECKS_TAG: str(len(self.checks)),
            **table_tags(chain.database, chain.table.id),
        }


Moment = Literal["looking", "launched", "snapshot", "lake", "warehouse", "checks", "done"]


@dataclass(frozen=True)
class TableEvent:
    """Something happened to one table; told from the thread that runs it.

    Attributes:
        moment: `looking` whether it is current, `launched`, the stage or the checks that begin, `done`.
        run_id: known from `launched` on.
        result: with `done`.

    """

    table: TableId
    moment: Moment
    run_id: str | None = None
    result: TableResult | None = None


Watch = Callable[[TableEvent], None]


def quiet(_: TableEvent) -> None:
    """Watches nothing."""


class Door(Protocol):
    """Where runs are executed; used by several threads at once."""

    def run(self, job: Job, chain: Chain, watch: Watch) -> TableResult:
        """Run one table to its end. Raises only what no other table would survive, or when it was stopped."""

    def stop(self, job: Job) -> None:
        """End the job's running runs; their `run` returns or raises soon. From any thread, and more than once."""

    def abandon(self, job: Job) -> None:
        """Say of the job's runs that did not end in time that they are cancelled."""

    def alive(self) -> None:
        """Called several times a second by the thread that waits for the tables."""
