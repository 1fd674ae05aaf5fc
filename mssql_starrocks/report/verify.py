"""Whether a report still holds: its evidence is taken again from lake and warehouse and compared with what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mssql_starrocks.chain import Chain, Refused
from mssql_starrocks.model import TableId
from mssql_starrocks.report.document import plain, signature
from mssql_starrocks.report.gather import evidence_of
from mssql_starrocks.report.model import Report, TableEvidence
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session

Planned = tuple[Sequence[Chain], Sequence[Refused]]  # what plan_chains gives
_UNKNOWN = "it is not in the manifest and the configuration of this place"
_MOST = 5
_WORDS = {
    "source": "SQL Server's evidence in the lake",
    "lake": "lake",
    "lake_for_starrocks": "lake as StarRocks must hold it",
    "ledger": "StarRocks' ledger of loads",
    "starrocks": "StarRocks",
    "checks": "checks",
    "snapshot_id": "published snapshot",
}


@dataclass(frozen=True)
class TableHolds:
    """Whether one table is still as the report says; `reasons` are the differences when it is not."""

    table: TableId
    reasons: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class Verification:
    """The outcome.

    Attributes:
        misfits: what in the file itself does not fit together.
        signature: of the evidence as it is now; equal to the report's when everything holds.
    """

    misfits: tuple[str, ...]
    tables: tuple[TableHolds, ...]
    signature: str

    @property
    def holds(self) -> bool:
        return not self.misfits and bool(self.tables) and all(table.holds for table in self.tables)


def verify(
    report: Report,
    misfits: tuple[str, ...],
    planned: Planned,
    lake: LakeSettings,
    starrocks: StarRocksSettings,
) -> Verification:
    """Take the evidence of every table of the report again.

    `report` and `misfits` are what `document.load` gave; a table that is not `planned` now does not hold.

    Raises:
        WarehouseError, WarehouseUnreachableError: there is no session with StarRocks.
    """
    chains, refused = planned
    known: dict[TableId, Chain | str] = {chain.table.id: chain for chain in chains}
    known |= {one.table: one.reason for one in refused}
    with warehouse_session(starrocks) as session:
        now = [_again(stated.table, known.get(stated.table, _UNKNOWN), lake, session) for stated in report.evidence]
    tables = tuple(_compared(one, other) for one, other in zip(report.evidence, now, strict=True))
    return Verification(misfits, tables, signature(plain(now)))


def _again(table: TableId, known: Chain | str, lake: LakeSettings, session: WarehouseSession) -> TableEvidence:
    return TableEvidence(table, known) if isinstance(known, str) else evidence_of(known, lake, session)


def _compared(stated: TableEvidence, now: TableEvidence) -> TableHolds:
    if now.problem:
        return TableHolds(stated.table, (now.problem,))
    reasons = list(_differences("", *plain((stated, now))))
    if not reasons and not stated.certified:
        reasons = [f"not certified in the report: {text}" for text in stated.failures]
    more = [f"and {len(reasons) - _MOST} more"] if len(reasons) > _MOST else []
    return TableHolds(stated.table, (*reasons[:_MOST], *more))


def _differences(path: str, stated: Any, now: Any) -> Iterator[str]:
    """Every leaf that differs; `path` says where."""
    if stated == now:
        return
    if isinstance(stated, dict) and isinstance(now, dict):
        for key in [*stated, *(k for k in now if k not in stated)]:
            yield from _differences(_joined(path, key), stated.get(key), now.get(key))
    elif isinstance(stated, list) and isinstance(now, list) and len(stated) == len(now):
        for number, (one, other) in enumerate(zip(stated, now, strict=True)):
            name = one.get("check") or one.get("name") or number if isinstance(one, dict) else number
            yield from _differences(_joined(path, str(name)), one, other)
    else:
        yield f"{path}: {_say(stated)} in the report, {_say(now)} now"


def _joined(path: str, key: str) -> str:
    return f"{path}, {key}" if path else _WORDS.get(key, key)


def _say(value: Any) -> str:
    if value is None:
        return "absent"
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
