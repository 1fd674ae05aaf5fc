"""Name the rows behind a failed proof of level `rows`, and put them beside the report's differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.lake.fingerprint import arrived_hashed, snapshot_rows, source_hashed
from mssql_starrocks.model import CheckReport, Difference, Level
from mssql_starrocks.proof import ROW_COUNT, VALUES
from mssql_starrocks.proof.drill import Side, differing_rows
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source import fingerprint as source
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.hashing import HashedTable
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import table_name
from mssql_starrocks.warehouse.fingerprint import warehouse_hashed

if TYPE_CHECKING:
    from pyiceberg.table import Table

Reports = tuple[CheckReport, ...]


def with_source_rows(
    chain: Chain, reports: Reports, level: Level, mssql: MssqlSettings | None, table: Table, snapshot_id: int
) -> Reports:
    """Compare the lake with the source as it is now: rows that changed since the point are named too."""
    if mssql is None or not _wanted(reports, level):
        return reports

    def find() -> tuple[Difference, ...]:
        with reader_session(mssql) as session:
            there = Side(source.source_hashed(chain.columns), from_table(chain.table.id), _key(chain), session.rows)
            held = _lake_side(chain, table, snapshot_id, source_hashed)
            return differing_rows(there, held, show_values=chain.show_values)

    return _with_rows(reports, find, "; the source as it is now")


def with_warehouse_rows(
    chain: Chain,
    reports: Reports,
    level: Level,
    lake: tuple[Table, int],
    session: WarehouseSession,
    path: tuple[str, str],
) -> Reports:
    """Compare a StarRocks table with the snapshot that it should hold."""
    if not _wanted(reports, level):
        return reports

    def find() -> tuple[Difference, ...]:
        there = Side(warehouse_hashed(chain.columns), table_name(path), _key(chain), session.rows)
        return differing_rows(_lake_side(chain, *lake, arrived_hashed), there, show_values=chain.show_values)

    return _with_rows(reports, find, "")


def _wanted(reports: Reports, level: Level) -> bool:
    return level is Level.ROWS and any(not r.passed for r in reports if r.name in (ROW_COUNT, VALUES))


def _with_rows(reports: Reports, find: Callable[[], tuple[Difference, ...]], remark: str) -> Reports:
    """The rows go to the last failed one of row_count and values; that they cannot be found fails nothing more."""
    try:
        rows = find()
    except Exception as error:
        # the text of a foreign error may hold values
        why = error if isinstance(error, MssqlStarrocksError) else type(error).__name__
        rows = (Difference("rows that differ", "named", f"not found: {why}"),)
    name = VALUES if any(r.name == VALUES and not r.passed for r in reports) else ROW_COUNT
    named = f". First of the rows{remark}: {rows[0].what}" if rows else f". No row differs any more{remark}"
    return tuple(
        replace(r, differences=(*r.differences, *rows), summary=r.summary + named) if r.name == name else r
        for r in reports
    )


def _lake_side(chain: Chain, table: Table, snapshot_id: int, hashed: Callable[[Sequence[Any]], HashedTable]) -> Side:
    def run(sql: str) -> Sequence[Sequence[Any]]:
        with snapshot_rows(table, snapshot_id, chain.columns) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    return Side(hashed(chain.columns), "snapshot", _key(chain), run)


def _key(chain: Chain) -> tuple[str, ...]:
    return tuple(c.name for c in chain.key)
