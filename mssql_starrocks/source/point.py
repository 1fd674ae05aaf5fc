"""Hold a consistency point: everything read through the session is the table as it was at one instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mssql_starrocks.model import Grade
from mssql_starrocks.source import catalog_queries
from mssql_starrocks.source.connect import Session


@dataclass(frozen=True)
class Point:
    """The instant (UTC, by the server's clock) and how exact it is for a copy made by this session alone."""

    instant: str
    grade: Grade


@contextmanager
def hold_point(session: Session, *, snapshot: bool = True) -> Iterator[Point]:
    """Open a SNAPSHOT transaction where the database allows it (grade B), else read committed (grade E).

    The isolation level is set in a plain batch: inside sp_executesql it would be gone when the batch returns
    (facts/sqlserver.md 1.4). The transaction only reads; it is rolled back at the end.
    Memory-optimised tables cannot be read at that level (error 41332): `snapshot=False`.
    """
    if not snapshot or session.rows(catalog_queries.ISOLATION)[0][0] != 1:
        yield Point(_now(session), Grade.E)
        return
    session.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    session.run("BEGIN TRANSACTION")
    try:
        yield Point(_now(session), Grade.B)
    finally:
        session.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        session.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def _now(session: Session) -> str:
    return str(session.rows("SELECT CONVERT(varchar(27), SYSUTCDATETIME(), 121)")[0][0])
