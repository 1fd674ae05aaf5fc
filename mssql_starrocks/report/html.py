"""The report as one self-contained page: no script, no network, every name and message escaped by Jinja."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from mssql_starrocks.model import ColumnPrint, Fingerprint, Level, Loss, TypeLine
from mssql_starrocks.report import words
from mssql_starrocks.report.model import Report, StageMeasure, TableEvidence, TableFacts
from mssql_starrocks.report.plots import LEFT, WIDTH, Plot, Series, plot

STAGES = ("snapshot", "publish", "load")


@dataclass(frozen=True)
class Cell:
    """One system's print of one column: `same` says whether it is what it must be; None where nothing is compared."""

    text: str
    same: bool | None = None


@dataclass(frozen=True)
class TableView:
    """Everything the page says of one table; `anchor` is made of its number, because names are anybody's text."""

    anchor: str
    evidence: TableEvidence
    facts: TableFacts

    @property
    def name(self) -> str:
        return str(self.evidence.table)

    @property
    def counts(self) -> tuple[int | None, int | None, int | None]:
        """Source, lake, StarRocks."""
        found = self.evidence
        prints = (found.source.fingerprint if found.source else None, found.lake, found.starrocks)
        return tuple(p.rows if p else None for p in prints)  # type: ignore[return-value]

    @property
    def compared(self) -> str:
        level = self.evidence.source.level if self.evidence.source else None
        return {None: "nothing", Level.COUNTS: "counts", Level.COLUMNS: "columns", Level.ROWS: "columns, rows"}[level]

    @property
    def prints(self) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
        """Rows as a whole, then each column: SQL Server, lake, lake as StarRocks hashes, StarRocks."""
        found = self.evidence
        if found.source is None or found.lake is None or found.lake_for_starrocks is None:
            return ()
        sides = (found.source.fingerprint, found.lake, found.lake_for_starrocks, found.starrocks)
        names = dict.fromkeys(name for side in sides if side for name in side.columns)
        rows = [("rows as a whole", tuple(_whole(side) for side in sides))]
        rows += [(name, tuple(_column(side, name) for side in sides)) for name in names]
        return tuple((name, _cells(texts)) for name, texts in rows)

    def stage(self, name: str) -> StageMeasure:
        return next((s for s in self.facts.stages if s.stage == name), StageMeasure(name))

    def declared(self) -> Iterator[TypeLine]:
        """Columns whose loss was declared."""
        ledger = self.evidence.source.ledger if self.evidence.source else ()
        return (line for line in ledger if line.loss is Loss.DECLARED)


def render(report: Report) -> str:
    """The whole page."""
    tables = [TableView(f"t{n}", e, f) for n, (e, f) in enumerate(zip(report.evidence, report.facts, strict=True))]
    grades = sorted({t.evidence.source.grade.value for t in tables if t.evidence.source})
    points = sorted(t.evidence.source.point for t in tables if t.evidence.source)
    return _template().render(
        report=report,
        summary=report.summary,
        tables=tables,
        failed=[t for t in tables if not t.evidence.certified or t.facts.waiting],
        grades=grades,
        points=points,
        losses=[(t, line) for t in tables for line in t.declared()],
        totals={name: _sum(getattr(t.facts, name) for t in tables) for name in _SIZES},
        plots=[p for p in _plots(tables) if p],
        left=LEFT,
        width=WIDTH,
    )


_SIZES = ("source_bytes", "lake_bytes", "starrocks_bytes")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("mssql_starrocks.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers: tuple[Callable[..., object], ...] = (words.number, words.size, words.seconds, words.rate)
    environment.filters.update({helper.__name__: helper for helper in helpers})
    return environment.get_template("page.html.j2")


def _sum(values: Iterable[int | None]) -> int | None:
    """Of what is known; None when one is unknown: half a sum is no sum."""
    found = list(values)
    known = [v for v in found if v is not None]
    return sum(known) if len(known) == len(found) else None


def _plots(tables: list[TableView]) -> Iterator[Plot | None]:
    took = [(t, tuple(t.stage(name).seconds for name in STAGES)) for t in tables]
    yield plot("Seconds of each stage", STAGES,
               [Series(t.name, s, words.seconds(sum(v or 0 for v in s))) for t, s in took], stacked=True)  # fmt: skip
    rates = [(t, words.rate(t.stage("snapshot").rows, t.stage("snapshot").seconds)) for t in tables]
    yield plot("Rows per second, SQL Server to the lake", ("snapshot",),
               [Series(t.name, (r,), words.number(r)) for t, r in rates])  # fmt: skip
    sizes = [(t, tuple(getattr(t.facts, name) for name in _SIZES)) for t in tables]
    yield plot("Bytes in SQL Server (estimate), the lake and StarRocks", ("SQL Server", "lake", "StarRocks"),
               [Series(t.name, s, " / ".join(map(words.size, s))) for t, s in sizes])  # fmt: skip


def _whole(side: Fingerprint | None) -> str | None:
    if side is None:
        return None
    return f"{side.rows:,} rows" + (f", digest {side.digest}" if side.digest is not None else "")


def _column(side: Fingerprint | None, name: str) -> str | None:
    found = side.columns.get(name) if side else None
    return None if found is None else _say(found)


def _say(found: ColumnPrint) -> str:
    return f"{found.nulls:,} NULL" + (f", digest {found.digest}" if found.digest is not None else "")


def _cells(texts: tuple[str | None, ...]) -> tuple[Cell, ...]:
    """Second against first, fourth against third; the third is another hash of the same rows."""
    source, lake, expected, measured = (text or "absent" for text in texts)
    return Cell(source), Cell(lake, lake == source), Cell(expected), Cell(measured, measured == expected)
