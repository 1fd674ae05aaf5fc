"""Whatever the table: the whole chain certifies it, and StarRocks shows its values by each type's rule."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mssql_starrocks_tests.golden.any_values import KINDS, Kind
from mssql_starrocks_tests.golden.corpus import CORPUS
from mssql_starrocks_tests.platform import Platform, failed

EXAMPLES = int(os.environ.get("ANY_TABLE_EXAMPLES", "12"))
_NAMES = (
    "id",
    "select",
    "Order",
    "key",
    "a]b",
    "it's",
    'say "x"',
    "größe",
    "数量",
    "😀",
    "a.b",
    "a b",
    "__op",
    "1st",
    "%",
    "$x",
    "`t`",
)
_OPTIONS = {
    "time_as": ("text", "ticks"),
    "datetime2_as": ("companion", "text"),
    "datetimeoffset_as": ("companion", "text"),
    "guid_case": ("upper", "lower"),
    "char_blanks": ("keep", "trim"),
    "unicode_as": ("text", "bytes"),
}
_NUMBER = count()


@dataclass(frozen=True)
class Drawn:
    """A column: its source name, its type, whether it takes NULL and whether it is in the key."""

    name: str
    kind: Kind
    nullable: bool
    key: bool


@dataclass(frozen=True, repr=False)  # a failure shows its SQL instead
class AnyTable:
    name: str
    columns: Sequence[Drawn]
    rows: Sequence[Sequence[Any]]
    choices: Mapping[str, str]

    def create(self, name: str) -> str:
        lines = [f"{_quote(c.name)} {_declared(c)} {'NULL' if c.nullable else 'NOT NULL'}" for c in self.columns]
        key = [_quote(c.name) for c in self.columns if c.key]
        lines += [f"PRIMARY KEY ({', '.join(key)})"] if key else []
        return f"CREATE TABLE dbo.{_quote(name)} (ord int NOT NULL, {', '.join(lines)})"

    def inserts(self, name: str) -> list[str]:
        return [
            f"INSERT INTO dbo.{_quote(name)} VALUES ({', '.join([str(number), *self._literals(row)])})"
            for number, row in enumerate(self.rows)
        ]

    def _literals(self, row: Sequence[Any]) -> list[str]:
        return ["NULL" if v is None else c.kind.literal(v) for c, v in zip(self.columns, row, strict=True)]

    def shown(self, number: int) -> list[dict[str, Any] | None]:
        """What StarRocks must show of a row: by column and suffix, None for NULL."""
        return [
            None if value is None else column.kind.shown(value, column.key, self.choices)
            for column, value in zip(self.columns, self.rows[number], strict=True)
        ]


def _quote(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def _declared(column: Drawn) -> str:
    text = column.kind.declared
    return f"{text} COLLATE Latin1_General_BIN2" if column.key and "char" in text else text


@st.composite
def tables(draw: st.DrawFn) -> AnyTable:
    columns = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(KINDS)
        key = kind.key and len([c for c in columns if c.key]) < 3 and draw(st.booleans())
        columns.append(Drawn(f"{draw(st.sampled_from(_NAMES))}{number}", kind, not key and draw(st.booleans()), key))
    values = st.tuples(*(c.kind.values | st.none() if c.nullable else c.kind.values for c in columns))
    choices = {name: draw(st.sampled_from(values)) for name, values in _OPTIONS.items()}
    return AnyTable(draw(st.sampled_from(_NAMES)), columns, draw(st.lists(values, max_size=5)), choices)


@pytest.fixture(scope="module")
def platform(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        yield Platform(box)


@pytest.mark.timeout(900 + 10 * EXAMPLES)  # a failure is made small, which takes up to five minutes
@settings(max_examples=EXAMPLES, deadline=None, derandomize="ANY_TABLE_EXAMPLES" not in os.environ, print_blob=False,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(table=tables())
def test_any_table_is_certified_and_exact(platform, table):
    name = f"{table.name}{next(_NUMBER)}"
    kept = _make(platform, table, name)
    try:
        [chain] = platform.chains(engine="arrow", types=dict(table.choices)).values()
        reports = platform.copy(chain)
        assert (failed(reports), len(reports)) == ([], 6)
        found = _read(platform, chain)
    finally:
        platform.box.sqlserver.execute(f"DROP TABLE dbo.{_quote(name)}")
    assert found == {number: _named(chain, table, number) for number in kept}


@pytest.mark.parametrize("case", CORPUS)
def test_what_was_once_found_stays_mended(platform, case):
    config, statements = CORPUS[case]
    name = f"dbo.found{next(_NUMBER)}"
    for statement in statements:
        platform.box.sqlserver.execute(statement.replace("dbo.found", name, 1))
    [chain] = platform.chains(engine="arrow", include=(name,), tables={name: config}).values()
    assert failed(platform.copy(chain)) == []
    platform.box.sqlserver.execute(f"DROP TABLE {name}")


def _make(platform: Platform, table: AnyTable, name: str) -> list[int]:
    """Create and fill it; the numbers of the rows that the key took."""
    note("-- " + repr(dict(table.choices)))
    note(table.create(name) + ";")
    platform.box.sqlserver.execute(table.create(name))
    kept = []
    for number, insert in enumerate(table.inserts(name)):
        note(insert + ";")
        try:
            platform.box.sqlserver.execute(insert)
        except Exception as error:
            if getattr(error, "number", None) != 2627:
                raise
        else:
            kept.append(number)
    return kept


def _read(platform: Platform, chain: Any) -> dict[int, dict[str, str]]:
    names = [c.name for c in chain.columns]
    listed = ", ".join(f"`{n}`" for n in names)
    database, table = chain.names.warehouse
    rows = [
        dict(zip(names, row, strict=True)) for row in platform.warehouse(f"SELECT {listed} FROM `{database}`.`{table}`")
    ]
    real = {c.name for c in chain.columns if c.starrocks == "FLOAT"}
    shown = [{n: struct.pack("f", v) if n in real and v is not None else v for n, v in row.items()} for row in rows]
    return {row.pop("ord"): {n: repr(v) for n, v in row.items()} for row in shown}


def _named(chain: Any, table: AnyTable, number: int) -> dict[str, str]:
    """The oracle's row under the names of the copy: a source column's own column, and its companions by suffix."""
    row = dict(zip([c.name for c in table.columns], table.shown(number), strict=True))
    own = {c.source: c.name for c in reversed(chain.columns)}
    expected = {}
    for column in chain.columns:
        if column.source in row:
            suffix = column.name.removeprefix(own[column.source]).removeprefix("__")
            value = row[column.source]
            expected[column.name] = repr(None if value is None else value[suffix])
    return expected
