"""Hashes and digests in SQL: the same numbers from SQL Server, DuckDB and StarRocks.

A value's hash is the MD5 of its canonical text, a row's the MD5 of its columns' hashes in hexadecimal, `-` for NULL,
in column order. A digest is the sum over rows of a hash's first 7 bytes: it does not depend on the order of rows, and
10**12 rows do not overflow decimal(38) (facts/starrocks.md 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.model import ColumnPrint, Fingerprint, Level

_ARGUMENTS = 200  # SQL Server's CONCAT takes at most 254
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class HashDialect:
    """One system's functions as templates: `{t}` a text, `{h}` a hash, `{n}` a number of hexadecimal digits."""

    count_rows: str
    count: str
    hash: str
    hex: str
    digest: str
    prefix: str
    null: str
    concat: str


TSQL = HashDialect(
    count_rows="COUNT_BIG(*)",
    count="COUNT_BIG({h})",
    hash="HASHBYTES('MD5', {t})",
    hex="LOWER(CONVERT(varchar(32), {h}, 2))",
    digest="SUM(CAST(CONVERT(bigint, SUBSTRING({h}, 1, 7)) AS decimal(38,0)))",
    prefix="LEFT(LOWER(CONVERT(varchar(32), {h}, 2)), {n})",
    null="ISNULL({h}, '-')",
    concat="CONCAT(CAST('' AS varchar(max)), {list})",
)
DUCKDB = HashDialect(
    count_rows="count(*)",
    count="count({h})",
    hash="md5({t})",
    hex="{h}",
    digest="sum(CAST(CAST('0x' || substr({h}, 1, 14) AS UBIGINT) AS HUGEINT))",
    prefix="substr({h}, 1, {n})",
    null="ifnull({h}, '-')",
    concat="concat({list})",
)
STARROCKS = HashDialect(
    count_rows="count(*)",
    count="count({h})",
    hash="md5({t})",
    hex="{h}",
    # the sum of a BIGINT would stay BIGINT, hence LARGEINT
    digest="sum(CAST(conv(substr({h}, 1, 14), 16, 10) AS LARGEINT))",
    prefix="substr({h}, 1, {n})",
    null="ifnull({h}, '-')",
    concat="concat({list})",
)


@dataclass(frozen=True)
class Hashed:
    """A column in a query: its name in the copy, the SQL expression that is hashed, and what a person reads of it.

    With `text` None only NULLs are seen, through `value`: a mark stands for every other value.
    """

    name: str
    value: str
    text: str | None
    shown: str = ""


@dataclass(frozen=True)
class HashedTable:
    """The columns of one query in one dialect; `letter` begins the names of their hashes inside it.

    `beside` is another set of hashes of the same columns in the same query: what is equal there is not hashed twice.
    """

    dialect: HashDialect
    columns: Sequence[Hashed]
    letter: str = "h"
    beside: HashedTable | None = None

    def hashes(self, level: Level = Level.ROWS) -> list[str]:
        """The inner SELECT list: one hash per column, or at level `counts` a mark for values."""
        own = [(i, column) for i, column in enumerate(self.columns) if not self._is_beside(i)]
        return [f"{self._inner(column, level)} AS {self.alias(i)}" for i, column in own]

    def items(self, level: Level) -> list[str]:
        """The outer SELECT list over `hashes`: per column a count and perhaps a digest, then the rows' digest."""
        found = []
        for number, column in enumerate(self.columns):
            found.append(self.dialect.count.format(h=self.alias(number)))
            if _digested(column, level):
                found.append(self.dialect.digest.format(h=self.alias(number)))
        if level is Level.ROWS:
            found.append(self.dialect.digest.format(h=self.row_hash()))
        return found

    def row_hash(self, names: Iterable[str] | None = None) -> str:
        """The hash of a row over `hashes`: of all columns, or of those with these names."""
        wanted = {c.name for c in self.columns} if names is None else set(names)
        parts = [self._printed(i) for i, column in enumerate(self.columns) if column.name in wanted]
        return self.dialect.hash.format(t=_concat(self.dialect, parts))

    def buckets_query(self, source: str, key: Sequence[str], digits: int, within: Sequence[str]) -> str:
        """Rows and digest for each prefix of the key's hash with `digits` digits, below the prefixes `within`."""
        prefix = self.dialect.prefix
        group, condition = prefix.format(h="q.k", n=digits), self._under("q.k", within)
        keyed = f"SELECT {self.row_hash(key or None)} AS k, {self.row_hash()} AS r FROM ({self._hashed(source)}) p"
        items = f"{group} AS b, {self.dialect.count_rows}, {self.dialect.digest.format(h='q.r')}"
        return f"SELECT {items} FROM ({keyed}) q{condition} GROUP BY {group}"

    def rows_query(self, source: str, key: Sequence[str], prefix: str, values: bool) -> str:
        """The rows below one prefix: a text per key column, a hash per column, and with `values` a text per column."""
        shown = [f"{c.shown or c.text or c.value} AS t{i}" for i, c in enumerate(self.columns)]
        hashes = [self._printed(i) for i in range(len(self.columns))]
        keys = [f"t{i}" for i, c in enumerate(self.columns) if c.name in key]
        texts = [f"t{i}" for i in range(len(self.columns))] if values else []
        inner = f"SELECT {', '.join([*self.hashes(), *shown])} FROM {source}"
        under = self.dialect.prefix.format(h=self.row_hash(key or None), n=len(prefix))
        where = f" WHERE {under} = {_digits(prefix)}"
        return f"SELECT {', '.join([*keys, *hashes, *texts])} FROM ({inner}) q{where}"

    def _printed(self, number: int) -> str:
        """A column's hash in hexadecimal, or its mark; `-` for NULL."""
        return self.dialect.null.format(h=self.dialect.hex.format(h=self.alias(number)))

    def _hashed(self, source: str) -> str:
        return f"SELECT {', '.join(self.hashes())} FROM {source}"

    def _under(self, hash_: str, prefixes: Sequence[str]) -> str:
        if not prefixes:
            return ""
        wanted = ", ".join(map(_digits, prefixes))
        return f" WHERE {self.dialect.prefix.format(h=hash_, n=len(prefixes[0]))} IN ({wanted})"

    def alias(self, number: int) -> str:
        """The name of a column's hash inside the query."""
        if self.beside is not None and self._is_beside(number):
            return self.beside.alias(number)
        return f"{self.letter}{number}"

    def _is_beside(self, number: int) -> bool:
        if self.beside is None:
            return False
        one, other = self.columns[number], self.beside.columns[number]
        return (one.value, one.text) == (other.value, other.text)

    def read(self, level: Level, row: Sequence[Any]) -> Fingerprint:
        """The fingerprint from a result of the row count and `items`."""
        rows, values = int(row[0]), iter(row[1:])
        prints = {}
        for column in self.columns:
            nulls = rows - int(next(values))
            prints[column.name] = ColumnPrint(nulls, _number(next(values)) if _digested(column, level) else None)
        return Fingerprint(rows, prints, _number(next(values)) if level is Level.ROWS else None)

    def _inner(self, column: Hashed, level: Level) -> str:
        if column.text is None or level is Level.COUNTS:
            return f"CASE WHEN {column.value} IS NULL THEN NULL ELSE '1' END"
        return self.dialect.hash.format(t=column.text)


def _digits(prefix: str) -> str:
    """A literal. One system says these digits and they are put into a statement for the other, hence the look at them.

    Raises:
        MssqlStarrocksError: what a server said is no beginning of a hash.
    """
    if not prefix or set(prefix) - _HEX:
        raise MssqlStarrocksError(f"A server answered {prefix[:40]!r} where a hash was asked for.")
    return f"'{prefix}'"


def _digested(column: Hashed, level: Level) -> bool:
    return level is not Level.COUNTS and column.text is not None


def _concat(dialect: HashDialect, parts: Sequence[str]) -> str:
    while len(parts) > _ARGUMENTS:
        parts = [dialect.concat.format(list=", ".join(group)) for group in _groups(parts)]
    return dialect.concat.format(list=", ".join(parts))


def _groups(parts: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(parts)
    while group := list(islice(rest, _ARGUMENTS)):
        yield group


def _number(value: Any) -> str:
    return str(int(str(value or 0)))
