"""Ways to find edges, the cheapest first. Each gives about wanted - 1 real keys that cut equal shares, or None."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mssql_starrocks.model import Column, Table
from mssql_starrocks.source.chunking.keys import PAGE
from mssql_starrocks.source.chunking.literals import declared, literal, text_of
from mssql_starrocks.source.chunking.predicates import Edge, above
from mssql_starrocks.source.connect import Rows, Session
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.dialects import quote_tsql

_PAGES_A_CHUNK = 50  # sampled: shares are true to about 1 / sqrt(50)
_KEYS_A_CHUNK = 20
_LARGEST_SAMPLE = 25  # per cent; above it, walking the index costs no more
_LONGEST_WALK = 40  # statements; each waits for the network


@dataclass(frozen=True)
class Target:
    """Rows to be cut: a table, or the part of it that `within` takes. `ordered` as in CutKey."""

    table: Table
    columns: tuple[Column, ...]
    ordered: bool
    rows: int
    bytes: int
    wanted: int
    within: str = ""

    @property
    def names(self) -> list[str]:
        return [quote_tsql(c.name) for c in self.columns]

    def where(self, *more: str) -> str:
        terms = [f"({term})" for term in (self.within, *more) if term]
        return f" WHERE {' AND '.join(terms)}" if terms else ""


class Asker:
    """Runs statements that may be refused: no permission, an older release, a kind of table without it."""

    def __init__(self, session: Session, depth: int) -> None:
        self._session, self._depth = session, depth

    def rows(self, sql: str) -> Rows:
        return self._session.rows(sql)

    def attempt(self, sql: str) -> Rows | None:
        """None where the server refuses.

        Raises:
            Exception: the driver's, when the refusal ended the transaction that holds the point.
        """
        try:
            return self._session.rows(sql)
        except Exception:  # the drivers' errors have no common base
            if self._session.rows("SELECT @@TRANCOUNT AS depth")[0][0] != self._depth:
                raise
            return None


def histogram(asker: Asker, target: Target) -> list[Edge] | None:
    """Edges from the statistics of the leading column, where these are fresh and their steps are fine enough."""
    found = asker.attempt(_statistics_sql(target))
    if not found or found[0][1] > max(target.rows // target.wanted, 1):
        return None
    steps = asker.attempt(_steps_sql(target, found[0][0])) or []
    total = sum(between + equal for _, between, equal in steps)
    share = total / target.wanted
    splittable = len(target.columns) > 1
    if not total or any(between + (equal if splittable else 0) > share / 2 for _, between, equal in steps):
        return None
    return edges(target, ((text,) for text in _nearest(steps, share, target.wanted)))


def _statistics_sql(target: Target) -> str:
    """Counters are NULL, and no row comes, where the login may not see them (sys.dm_db_stats_properties)."""
    return (
        "SELECT TOP (1) s.stats_id, p.modification_counter FROM sys.stats s "
        "JOIN sys.stats_columns sc ON sc.object_id = s.object_id AND sc.stats_id = s.stats_id "
        "CROSS APPLY sys.dm_db_stats_properties(s.object_id, s.stats_id) p "
        f"WHERE s.object_id = {target.table.object_id:d} AND s.has_filter = 0 AND sc.stats_column_id = 1 "
        f"AND sc.column_id = {target.columns[0].ordinal:d} AND p.modification_counter IS NOT NULL "
        "ORDER BY p.modification_counter, p.rows_sampled DESC"
    )


def _steps_sql(target: Target, statistics: int) -> str:
    column = target.columns[0]  # cast: the driver hands a sql_variant over as bytes (facts/sqlserver_judged.md 1.1)
    high = text_of(column, f"CAST(h.range_high_key AS {declared(column)})")
    return (
        f"SELECT {high} AS high, h.range_rows, h.equal_rows "
        f"FROM sys.dm_db_stats_histogram({target.table.object_id:d}, {statistics:d}) h ORDER BY h.step_number"
    )


def _nearest(steps: Rows, share: float, wanted: int) -> list[str | None]:
    """The keys whose cumulative rows come nearest to whole shares."""
    upto, places = 0.0, []
    for high, between, equal in steps:
        upto += between + equal
        places.append((upto, high))
    return [min(places, key=lambda place: abs(place[0] - number * share))[1] for number in range(1, wanted)]


def sample(asker: Asker, target: Target) -> list[Edge] | None:
    """Edges from the keys on some pages, sorted by the server; None where so many pages would cost more than a walk."""
    pages = max(target.bytes // PAGE, 1)
    percent = 100 * _PAGES_A_CHUNK * target.wanted / pages
    if percent > _LARGEST_SAMPLE:
        return None
    pick = f"q.n * {target.wanted} / q.total <> (q.n - 1) * {target.wanted} / q.total AND q.n < q.total"
    total = "COUNT_BIG(*) OVER () AS total"
    tablesample = f" TABLESAMPLE SYSTEM ({percent:.6f} PERCENT) REPEATABLE (1)"
    rows = asker.attempt(_numbered(target, pick, ", q.total", f", {total}", tablesample))
    if not rows or rows[0][-1] < _KEYS_A_CHUNK * target.wanted:
        return None
    return edges(target, (row[:-1] for row in rows))


def walk(asker: Asker, target: Target) -> list[Edge] | None:
    """Edges from the index itself, each found from the one before by skipping a share of its rows."""
    if not target.ordered or target.wanted > _LONGEST_WALK:
        return None
    found: list[Edge] = []
    done = 0
    for number in range(1, target.wanted):
        upto = number * target.rows // target.wanted
        rows = asker.rows(_step_sql(target, found[-1] if found else None, max(upto - done, 1)))
        if not rows:
            break
        step = edges(target, rows)
        if not step:
            return None
        found += step
        done = upto
    return found


def _step_sql(target: Target, last: Edge | None, skipped: int) -> str:
    items = ", ".join(f"{text_of(c, quote_tsql(c.name))} AS k{n}" for n, c in enumerate(target.columns))
    where = target.where(above(target.names, last) if last else "")
    return (
        f"SELECT {items} FROM {from_table(target.table.id)}{where} "
        f"ORDER BY {', '.join(target.names)} OFFSET {skipped - 1} ROWS FETCH NEXT 1 ROWS ONLY"
    )


def quantiles(asker: Asker, target: Target) -> list[Edge]:
    """Edges from numbering all rows: one statement, which sorts where no index does."""
    share = max(target.rows // target.wanted, 1)
    return edges(target, asker.rows(_numbered(target, f"q.n % {share} = 0"))[: target.wanted - 1])


def _numbered(target: Target, pick: str, shown: str = "", more: str = "", tablesample: str = "") -> str:
    order = ", ".join(target.names)
    keys = ", ".join(f"{name} AS k{n}" for n, name in enumerate(target.names))
    texts = ", ".join(f"{text_of(c, f'q.k{n}')} AS t{n}" for n, c in enumerate(target.columns))
    return (
        f"SELECT {texts}{shown} FROM (SELECT {keys}, ROW_NUMBER() OVER (ORDER BY {order}) AS n{more} "
        f"FROM {from_table(target.table.id)}{tablesample}{target.where()}) q WHERE {pick} ORDER BY q.n"
    )


def edges(target: Target, keys: Iterable[Sequence[str | None]]) -> list[Edge]:
    """Keys as edges, each once; a key with a NULL, or that no statement can carry, is left out."""
    found: dict[tuple[str, ...], None] = {}
    for key in keys:
        values = [None if text is None else literal(c, text) for c, text in zip(target.columns, key, strict=False)]
        whole = tuple(value for value in values if value is not None)
        if len(whole) == len(values):
            found.setdefault(whole)
    return [Edge(values) for values in found]
