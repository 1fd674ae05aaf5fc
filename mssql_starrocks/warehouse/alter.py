"""Follow the new columns by ALTER on the target itself, which keeps grants; its rows are overwritten after it.

Between the two, readers see the old load with the new columns: added ones NULL, renamed ones by their new name,
dropped ones gone. No row is missing and no value is another one. Rules: facts/starrocks_judged.md A7, B ALTER matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession
from mssql_starrocks.warehouse.ddl import column_line, table_name
from mssql_starrocks.warehouse.schema import WarehouseColumn

_INTEGERS = ("TINYINT", "SMALLINT", "INT", "BIGINT", "LARGEINT")
_FLOATS = ("FLOAT", "DOUBLE")
_SIZED = re.compile(r"(DECIMAL|VARCHAR|VARBINARY)\((\d+)(?:,(\d+))?\)")
_LONGEST_JOB = 4 * 3600.0  # seconds
_JOB, _STATE, _MESSAGE = 0, 9, 10  # columns of SHOW ALTER TABLE COLUMN
_ENDED = ("FINISHED", "CANCELLED")


@dataclass(frozen=True)
class Alteration:
    """One clause of ALTER TABLE. One that is not `additive` may invalidate what reads the table by name."""

    clause: str
    additive: bool


def alterations(
    chain: Chain, have: Sequence[WarehouseColumn], want: Sequence[WarehouseColumn], names: Mapping[str, str]
) -> tuple[Alteration, ...] | None:
    """What makes `have` into `want`, whatever their order; None when only a new table will do.

    Args:
        chain: has the definitions of the columns.
        have: the target's columns.
        want: a shadow table's.
        names: what a column was called before, where that is known.
    """
    renamed = _renamed({c.name for c in have}, want, names)
    clauses = [
        Alteration(f"RENAME COLUMN {quote_starrocks(old)} TO {quote_starrocks(new)}", additive=False)
        for old, new in renamed.items()
    ]
    found = {c.name: c for c in (replace(c, name=renamed.get(c.name, c.name)) for c in have)}
    if [c for c in found.values() if c.key] != [c for c in want if c.key]:
        return None
    for column in want:
        line, before = column_line(chain, column.name), found.pop(column.name, None)
        if before is None and column.nullable:
            clauses.append(Alteration(f"ADD COLUMN {line}", additive=True))
        elif before is None or not _wider(before, column):
            return None
        elif before != column:
            clauses.append(Alteration(f"MODIFY COLUMN {line}", additive=False))
    dropped = [Alteration(f"DROP COLUMN {quote_starrocks(name)}", additive=False) for name in found]
    return (*clauses, *dropped)


def alter(session: WarehouseSession, target: tuple[str, str], clauses: Sequence[Alteration]) -> None:
    """Change one thing after the other, as StarRocks takes them, and wait for each.

    Raises:
        WarehouseError: StarRocks refused a change or gave it up; the rows are the old load's.
    """
    for one in clauses:
        last = max((job for job, _, _ in _jobs(session, target)), default=0)
        session.run(f"ALTER TABLE {table_name(target)} {one.clause}", f"table {'.'.join(target)}")
        _await(session, target, one.clause, last)


def _renamed(have: set[str], want: Sequence[WarehouseColumn], names: Mapping[str, str]) -> dict[str, str]:
    """New names by old ones; a name that somebody else still has is not taken away from it."""
    gone = have - {c.name for c in want}
    return {names[c.name]: c.name for c in want if c.name not in have and names.get(c.name) in gone}


def _wider(have: WarehouseColumn, want: WarehouseColumn) -> bool:
    """Whether every value stays as it is."""
    if have.nullable and not want.nullable:
        return False
    if have.type == want.type:
        return True
    for ladder in (_INTEGERS, _FLOATS):
        if have.type in ladder and want.type in ladder:
            return ladder.index(have.type) < ladder.index(want.type)
    one, other = _SIZED.fullmatch(have.type), _SIZED.fullmatch(want.type)
    if not one or not other or one[1] != other[1]:
        return False
    (size, scale), (more, finer) = ((int(m[2]), int(m[3] or 0)) for m in (one, other))
    return size - scale <= more - finer and scale <= finer


def _jobs(session: WarehouseSession, target: tuple[str, str]) -> list[tuple[int, str, str]]:
    rows = session.rows(
        f"SHOW ALTER TABLE COLUMN FROM {quote_starrocks(target[0])} WHERE TableName = {text_starrocks(target[1])}"
    )
    return [(int(row[_JOB]), str(row[_STATE]), str(row[_MESSAGE] or "")) for row in rows]


def _await(session: WarehouseSession, target: tuple[str, str], clause: str, last: int) -> None:
    """Changes of metadata alone are done at once and may leave no job; others rewrite the rows in the background."""
    subject = f"{'.'.join(target)}: ALTER TABLE ... {clause}"
    retry = Retrying(
        retry=retry_if_result(lambda jobs: any(state not in _ENDED for _, state, _ in jobs)),
        stop=stop_after_delay(_LONGEST_JOB),
        wait=wait_exponential(0.1, max=5),
    )
    try:
        jobs: list[tuple[int, str, str]] = retry(_jobs, session, target)
    except RetryError:
        raise WarehouseError(
            f"{subject} is still not finished. Look at SHOW ALTER TABLE COLUMN, and load again when it is."
        ) from None
    given_up = [message for job, state, message in jobs if state == "CANCELLED" and job > last]
    if given_up:
        raise WarehouseError(f"{subject} was cancelled by StarRocks: {given_up[0]}. The table holds the old load.")
