"""Open the source for one copy: chunks, connections, and the point that they all see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.model import Grade
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source.chunking import ChunkPlan, plan_chunks
from mssql_starrocks.source.connect import control_session, reader_session
from mssql_starrocks.source.errors import explained
from mssql_starrocks.source.kindness import Grant
from mssql_starrocks.source.point import Isolation, Point, change_version, hold_point, isolation, refuse_below


@dataclass(frozen=True)
class Reading:
    """What an engine reads: chunks, the point with its sessions, and the database they are in."""

    cut: ChunkPlan
    point: Point
    mssql: MssqlSettings
    snapshot_isolation: bool


@contextmanager
def reading(chain: Chain, mssql: MssqlSettings, load_id: str) -> Iterator[Reading]:
    """Hold the best point that source, engine and configuration allow.

    Raises:
        SourceError, SourceUnreachableError: the source refuses, or cannot give `minimum_grade`.
        ConfigError: MSSQL_SNAPSHOT_DATABASE is no snapshot of the database.
    """
    mssql = mssql.at_point()
    label = f"mssql_starrocks {load_id}"
    with ExitStack() as stack:
        grant = stack.enter_context(Grant(mssql))
        first = stack.enter_context(reader_session(mssql, label))
        stack.enter_context(explained(mssql, chain.table.id))
        allows = isolation(first)
        _refuse_other(mssql, chain, allows)
        held, told = grades(chain, allows)
        refuse_below(told, chain.grades[0], chain.table)
        if held is Grade.B:  # edges are read from the rows too, and must wait for nobody's locks
            first.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
        cut = plan_chunks(first, chain.table, chain.sizing)
        many = chain.engine == "arrow" and held is not Grade.E  # E is one stream
        readers = grant.up_to(len(cut.chunks)) if many else 1
        sessions = [first, *(stack.enter_context(reader_session(mssql, label)) for _ in range(readers - 1))]
        coordinator = stack.enter_context(control_session(mssql)) if readers > 1 and held is Grade.B else first
        version = change_version(coordinator, chain.table)
        point = stack.enter_context(hold_point(sessions, coordinator, chain.table, held, allows.frozen_at))
        yield Reading(cut, replace(point, grade=told, change_version=version), mssql, held is Grade.B)


def grades(chain: Chain, allows: Isolation) -> tuple[Grade, Grade]:
    """How the point is held, and what that is worth: Spark's connections cannot share a transaction."""
    best = allows.best(chain.table)
    held = max(best, chain.grades[1], key=lambda g: g.value) if chain.grades[1] else best
    return held, Grade.D if chain.engine == "spark" and held is Grade.B else held


def _refuse_other(mssql: MssqlSettings, chain: Chain, allows: Isolation) -> None:
    if mssql.snapshot_database and (allows.frozen_from or "").lower() != chain.database.lower():
        raise ConfigError(f"MSSQL_SNAPSHOT_DATABASE: {mssql.snapshot_database} is no snapshot of {chain.database}.")
