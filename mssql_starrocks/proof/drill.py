"""Find the rows behind a mismatch: narrow both sides down by ranges of the key's hash, then compare row by row.

Ranges are of the key's hash and not of the key itself, because systems do not order text and guids alike. Each step is
one query a side; rows leave a system only in ranges that differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mssql_starrocks.model import Difference
from mssql_starrocks.types.hashing import HashedTable

MOST = 20
_FIRST, _DEEPEST = 2, 6  # hexadecimal digits: 256 and 16 million ranges
_FEW_ROWS = 2_000
_RANGES = 8
_HIDDEN = "hidden; set show_values: true for the table to see it"


@dataclass(frozen=True)
class Side:
    """One system's rows: how its columns hash, where they are, and how a query is run there."""

    hashed: HashedTable
    source: str
    key: tuple[str, ...]
    run: Callable[[str], Sequence[Sequence[Any]]]

    def buckets(self, digits: int, within: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Rows and digest by prefix of the key's hash."""
        found = self.run(self.hashed.buckets_query(self.source, self.key, digits, within))
        return {str(prefix): (int(rows), int(str(digest or 0))) for prefix, rows, digest in found}

    def rows(self, prefix: str, values: bool) -> list[_Row]:
        keys, columns = len(self.key), len(self.hashed.columns)
        found = self.run(self.hashed.rows_query(self.source, self.key, prefix, values))
        return [_Row(tuple(r[:keys]), tuple(r[keys : keys + columns]), tuple(r[keys + columns :])) for r in found]


@dataclass(frozen=True)
class _Row:
    key: tuple[Any, ...]
    hashes: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def identity(self) -> tuple[Any, ...]:
        return self.key or self.hashes


def differing_rows(expected: Side, found: Side, *, show_values: bool = False) -> tuple[Difference, ...]:
    """Up to 20 rows, by key, that differ or are on one side only, and the columns in which they do."""
    return tuple(islice(_differences(expected, found, show_values), MOST))


def _differences(expected: Side, found: Side, values: bool) -> Iterator[Difference]:
    for prefix in _differing_prefixes(expected, found):
        one, other = _grouped(expected.rows(prefix, values)), _grouped(found.rows(prefix, values))
        for identity in sorted({*one, *other}, key=str):
            yield from _compare(expected, one.get(identity, []), other.get(identity, []))


def _differing_prefixes(expected: Side, found: Side) -> list[str]:
    digits, within = _FIRST, []  # type: tuple[int, list[str]]
    while True:
        one, other = expected.buckets(digits, within), found.buckets(digits, within)
        within = sorted(p for p in {*one, *other} if one.get(p) != other.get(p))[:_RANGES]
        most = max((rows for side in (one, other) for p, (rows, _) in side.items() if p in within), default=0)
        if most <= _FEW_ROWS or digits >= _DEEPEST:
            return within
        digits += 2


def _grouped(rows: Sequence[_Row]) -> dict[tuple[Any, ...], list[_Row]]:
    grouped: dict[tuple[Any, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        grouped[row.identity].append(row)
    return grouped


def _compare(side: Side, expected: list[_Row], found: list[_Row]) -> Iterator[Difference]:
    if [r.hashes for r in expected] == [r.hashes for r in found]:
        return
    name = _name(side, (expected or found)[0])
    if len(expected) != len(found):
        yield Difference(name, _times(expected), _times(found))
        return
    for one, other in zip(_sorted(expected), _sorted(found), strict=True):
        for number, column in enumerate(side.hashed.columns):
            if one.hashes[number] != other.hashes[number]:
                yield Difference(f"{name}, column {column.name}", _value(one, number), _value(other, number))


def _sorted(rows: list[_Row]) -> list[_Row]:
    return sorted(rows, key=lambda row: row.hashes)


def _name(side: Side, row: _Row) -> str:
    if row.key:
        return "row " + ", ".join(f"{name}={value}" for name, value in zip(side.key, row.key, strict=True))
    shown = ", ".join(f"{c.name}={v}" for c, v in zip(side.hashed.columns, row.values, strict=False))
    return f"a row without key ({shown or _HIDDEN})"


def _times(rows: list[_Row]) -> str:
    return {0: "absent", 1: "present"}.get(len(rows), f"{len(rows)} times")


def _value(row: _Row, number: int) -> str:
    if not row.values:
        return _HIDDEN
    return "NULL" if row.values[number] is None else repr(str(row.values[number]))
