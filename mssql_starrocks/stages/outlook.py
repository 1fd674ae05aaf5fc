"""What a copy would find and change, asked of the three systems; nothing is written anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.changes import continued, definition_of, schema_changes, undecided
from mssql_starrocks.errors import LakeError, MssqlStarrocksError, SourceError, WarehouseError
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.errors import explained as lake_explained
from mssql_starrocks.lake.rows import schema_of
from mssql_starrocks.lake.tables import schema_differences as lake_differences
from mssql_starrocks.model import Difference
from mssql_starrocks.proof import what_to_accept
from mssql_starrocks.settings import LakeSettings, MssqlSettings, Settings
from mssql_starrocks.source.chunking import plan_chunks
from mssql_starrocks.source.connect import Session, reader_session
from mssql_starrocks.source.errors import explained as source_explained
from mssql_starrocks.source.point import Isolation, isolation
from mssql_starrocks.stages.lake_loads import ours
from mssql_starrocks.stages.reading import grades
from mssql_starrocks.types.ledger import ledger_changes
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse.alter import alterations
from mssql_starrocks.warehouse.connect import WarehouseSession, warehouse_session
from mssql_starrocks.warehouse.ddl import expected_columns
from mssql_starrocks.warehouse.schema import columns_of, schema_differences

if TYPE_CHECKING:
    from pyiceberg.table import Table

# docs/performance.md: rows of 193 bytes a second, with point and fingerprint; and a table of 1,000 rows to its end.
_ROUGH = {"arrow": 96_000, "spark": 66_000}
_ROUGH_ROW, _ROUGH_TABLE = 193, 1.0


@dataclass(frozen=True)
class Change:
    """What becomes of one table that exists, or does not.

    Attributes:
        kind: of the lake created, published (for the first time), evolved, unchanged, needs a decision; of StarRocks
            created, overwritten, altered and overwritten, swapped; of both refused, or unknown when it was not asked.
        details: the columns concerned, or why.
    """

    kind: str
    details: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        return self.kind == "refused"

    def __str__(self) -> str:
        return f"{self.kind}: {'; '.join(self.details)}" if self.details else self.kind


@dataclass(frozen=True)
class Outlook:
    """What the systems said about one table.

    Attributes:
        chunks: how many extraction chunks, None when the source was not asked; how they were cut is in `cut`.
        grade: how exact the point would be.
        types: what the type ledger says otherwise than that of the published load.
        seconds: an estimate, and what it rests on is in `basis`.
    """

    lake: Change
    warehouse: Change
    types: tuple[str, ...]
    seconds: float
    basis: str
    chunks: int | None = None
    cut: str = "not asked"
    grade: str = ""


NOT_ASKED = Change("unknown", ("not asked",))


def offline(chain: Chain) -> Outlook:
    """What can be said without any server."""
    return Outlook(NOT_ASKED, NOT_ASKED, (), *_rough(chain))


def outlooks(chains: Sequence[Chain], settings: Settings) -> Iterator[Outlook]:
    """What each copy would change; a lake or a StarRocks that does not answer is said in its place.

    Raises:
        SourceError, SourceUnreachableError: there is no session with SQL Server.
    """
    with ExitStack() as stack:
        source = _Source(settings.mssql, stack.enter_context(reader_session(settings.mssql.at_point())))
        warehouse: WarehouseSession | None = None
        closed = NOT_ASKED
        try:
            warehouse = stack.enter_context(warehouse_session(settings.starrocks))
        except WarehouseError as error:
            closed = Change("unknown", (str(error),))
        lake = _Lake(settings.lake)
        for chain in chains:
            change, published = lake.look(chain)
            after = _asked(partial(_warehouse, chain, warehouse, published)) if warehouse else closed
            types = ledger_changes(published.evidence.ledger, chain.ledger) if published else ()
            seconds, basis = lake.taken(chain) or _rough(chain)
            yield Outlook(change, after, types, seconds, basis, *source.chunks(chain))


class _Source:
    """SQL Server: how it would be read."""

    def __init__(self, mssql: MssqlSettings, session: Session) -> None:
        self._mssql, self._session = mssql, session
        with source_explained(mssql):
            self._allows: Isolation = isolation(session)

    def chunks(self, chain: Chain) -> tuple[int | None, str, str]:
        """How many, how they are cut, and the grade; as `reading` does it, without holding a point."""
        held, told = grades(chain, self._allows)
        level = "SNAPSHOT" if held.value == "B" else "READ COMMITTED"
        try:
            with source_explained(self._mssql, chain.table.id):
                self._session.run(f"SET TRANSACTION ISOLATION LEVEL {level}")
                cut = plan_chunks(self._session, chain.table, chain.sizing)
        except SourceError as error:
            return None, str(error), told.value
        return len(cut.chunks), cut.how, told.value


class _Lake:
    """The Iceberg catalog; once it is out of reach it is not waited for again."""

    def __init__(self, lake: LakeSettings) -> None:
        self._lake = lake
        self._down: Change | None = None
        self._table: Table | None = None

    def look(self, chain: Chain) -> tuple[Change, in_lake.LoadSnapshot | None]:
        self._table = None
        if self._down:
            return self._down, None
        try:
            with lake_explained(self._lake, chain.names.lake):
                return self._compare(chain)
        except LakeError as error:
            change = Change("unknown", (str(error),))
            self._down = change if error.transient else None
            return change, None

    def taken(self, chain: Chain) -> tuple[float, str] | None:
        """Seconds that the last load took until its commit, scaled by rows; both instants are of our own clock."""
        load = in_lake.published(self._table) if self._table is not None else None
        commit = self._table.snapshot_by_id(load.snapshot_id) if self._table is not None and load else None
        if load is None or commit is None:
            return None
        try:
            begun = dt.datetime.strptime(load.evidence.load_id.split("_")[0], "%Y%m%dt%H%M%S%f")
        except ValueError:
            return None
        seconds = commit.timestamp_ms / 1000 - begun.replace(tzinfo=dt.timezone.utc).timestamp()
        scale = chain.table.rows / load.evidence.fingerprint.rows if load.evidence.fingerprint.rows else 1.0
        return seconds * scale, (
            f"copy to the lake only: {seconds:.1f} s in load {load.evidence.load_id}, scaled by rows"
        )

    def _compare(self, chain: Chain) -> tuple[Change, in_lake.LoadSnapshot | None]:
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        try:
            table = open_catalog(self._lake).load_table(chain.names.lake)
        except (NoSuchTableError, NoSuchNamespaceError):
            return Change("created"), None
        self._table, load = table, in_lake.published(table)
        try:
            ours(chain, load)
        except LakeError as error:
            return Change("refused", (str(error),)), None
        if load is None:
            return Change("published"), None
        return _evolution(chain, table, load), load


def _evolution(chain: Chain, table: Table, load: in_lake.LoadSnapshot) -> Change:
    differences = lake_differences(chain, schema_of(table, load.snapshot_id))
    known = load.evidence.definition
    changes = schema_changes(known, definition_of(chain)) if known else ()
    if left := undecided(changes, chain.accepted_changes):
        return Change("needs a decision", (*(c.message for c in left), what_to_accept(chain, changes)))
    return Change("evolved", _said(differences)) if differences else Change("unchanged")


def _warehouse(chain: Chain, session: WarehouseSession, published: in_lake.LoadSnapshot | None) -> Change:
    target = chain.names.warehouse
    found, entry = columns_of(session, target), ledger.read(session, chain)
    if entry and entry.source != ledger.source_name(chain):
        return Change("refused", (f"{'.'.join(target)} holds {entry.source}",))
    if not found:
        return Change("created")
    if entry is None:
        return Change("refused", (f"{'.'.join(target)} exists and was not made by mssql_starrocks",))
    clauses = alterations(chain, found, expected_columns(chain), _former_names(chain, published))
    if clauses == ():
        return Change("overwritten")
    said = _said(schema_differences(chain, found))
    return Change("swapped", said) if clauses is None else Change("altered and overwritten", said)


def _former_names(chain: Chain, published: in_lake.LoadSnapshot | None) -> Mapping[str, str]:
    before = published.evidence.definition if published else None
    return continued(before, definition_of(chain)) if before else {}


def _asked(look: Callable[[], Change]) -> Change:
    try:
        return look()
    except MssqlStarrocksError as error:
        return Change("unknown", (str(error),))


def _said(differences: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(f"{d.what} {d.found} becomes {d.expected}" for d in differences)


def _rough(chain: Chain) -> tuple[float, str]:
    rate = _ROUGH[chain.engine]
    return _ROUGH_TABLE + chain.table.bytes / (rate * _ROUGH_ROW), (
        f"rough: {rate:,} rows of {_ROUGH_ROW} bytes a second, measured against stand-ins (docs/performance.md)"
    )
