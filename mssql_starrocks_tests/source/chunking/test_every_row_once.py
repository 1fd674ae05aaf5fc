"""For any table and any plan each row is in exactly one chunk, also rows that come while the copy runs."""

import itertools
import uuid
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mssql_starrocks.model import Sizing
from mssql_starrocks.source.chunking import plan_chunks
from mssql_starrocks_tests.source.chunking.conftest import Limited, counts

_numbers = itertools.count()
_latin, _any = st.text("aAbBzé '_0", max_size=6), st.text("aAbBzéß '日0", max_size=6)


def _quoted(text: str) -> str:
    return "N'" + text.replace("'", "''") + "'"


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


_ticks = st.integers(0, 9_999_999).map(lambda n: f"{n:07}")
TYPES = {
    "int": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: f"CAST('{n}' AS bigint)"),
    "decimal(9,2)": st.decimals(-9_999_999, 9_999_999, places=2).map(lambda d: f"CAST('{d:f}' AS decimal(9,2))"),
    "date": st.dates().map(lambda d: f"'{d.isoformat()}'"),
    "datetime": st.integers(0, 23).map(lambda h: f"'2024-02-29T{h:02}:59:59.997'"),
    "datetime2(7)": st.tuples(st.dates(), _ticks).map(lambda t: f"'{t[0].isoformat()} 23:59:59.{t[1]}'"),
    "datetimeoffset(7)": st.tuples(st.integers(0, 23), _ticks, st.integers(-840, 840)).map(
        lambda t: f"'2024-01-01 {t[0]:02}:00:00.{t[1]} {_offset(t[2])}'"
    ),
    "uniqueidentifier": st.uuids().map(lambda u: f"'{u}'"),
    "varchar(8)": _latin.map(_quoted),
    "char(6)": _latin.map(_quoted),
    "nvarchar(8)": _any.map(_quoted),
    "nvarchar(8) COLLATE Latin1_General_BIN2": _any.map(_quoted),
    "binary(4)": st.binary(min_size=4, max_size=4).map(lambda b: f"0x{b.hex()}"),
}


@dataclass
class Drawn:
    """A table's key, its rows, and the rows that come later, as SQL."""

    types: list[str]
    unique: bool
    nullable: bool
    rows: list[tuple[str, ...]]
    later: list[tuple[str, ...]]

    def insert(self, name: str, rows: list[tuple[str, ...]], first: int) -> str:
        values = ", ".join(f"({', '.join([*row, str(number)])})" for number, row in enumerate(rows, first))
        return f"INSERT INTO {name} VALUES {values}"

    def create(self, name: str) -> str:
        null = "NULL" if self.nullable else "NOT NULL"
        columns = ", ".join(f"k{n} {kind} {null}" for n, kind in enumerate(self.types))
        keys = ", ".join(f"k{n}" for n in range(len(self.types))) + (", id" if self.unique else "")
        kind = "UNIQUE CLUSTERED" if self.unique else "CLUSTERED"
        return f"CREATE TABLE {name} ({columns}, id int NOT NULL); CREATE {kind} INDEX ix ON {name} ({keys})"


def _null(kind: str) -> st.SearchStrategy[str]:
    return st.just(f"CAST(NULL AS {kind.split(' ', maxsplit=1)[0]})")


@st.composite
def drawn(draw):
    types = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
    nullable = draw(st.booleans())
    values = [st.one_of(_null(kind), TYPES[kind]) if nullable else TYPES[kind] for kind in types]
    one = st.tuples(*values)
    rows = draw(st.lists(one, min_size=2, max_size=40))
    if draw(st.booleans()):  # one value that holds most of the table
        rows = rows + [rows[0]] * 60
    return Drawn(types, draw(st.booleans()), nullable, rows, draw(st.lists(one, min_size=1, max_size=20)))


@given(
    drawn=drawn(),
    wanted=st.sampled_from([2, 3, 7]),
    refused=st.sampled_from([(), ("dm_db_stats_histogram",), ("dm_db_stats_properties",)]),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_in_exactly_one_chunk(source, session, described, drawn, wanted, refused):
    name = f"any_{next(_numbers)}"
    source.execute(drawn.create(name))
    source.execute(drawn.insert(name, drawn.rows, 0))
    table = described(name)
    plan = plan_chunks(Limited(session, refused), table, Sizing(1 << 40, wanted))
    counts(session, table, plan)
    source.execute(drawn.insert(name, drawn.later, len(drawn.rows)))
    counts(session, table, plan)
    source.execute(f"DROP TABLE {name}")


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize("refused", [(), ("dm_db_stats_histogram",)])
def test_keys_of_every_type_are_cut(source, session, described, kind, refused):
    """The property would hold if every plan were one stream; this is why it is not empty."""
    name = f"cut_{uuid.uuid4().hex}"
    source.execute(f"CREATE TABLE {name} (k {kind} NOT NULL PRIMARY KEY)")
    rows = {
        "int": [str(n) for n in range(30)],
        "bigint": [str(2**40 + n) for n in range(30)],
        "decimal(9,2)": [f"{n}.25" for n in range(30)],
        "date": [f"'0001-01-{n:02}'" for n in range(1, 31)],
        "datetime": [f"'2024-02-29T00:00:{n:02}.003'" for n in range(30)],
        "datetime2(7)": [f"'9999-12-31 23:59:59.99999{n}'" for n in range(10, 40)],
        "datetimeoffset(7)": [f"'2024-01-01 00:00:{n}.0000001 +14:00'" for n in range(10, 40)],
        "uniqueidentifier": [f"'{uuid.uuid4()}'" for _ in range(30)],
        "binary(4)": [f"0x0102{n:02x}ff" for n in range(30)],
    }.get(kind, [f"N'O''{n:02}é'" for n in range(30)])
    source.execute(f"INSERT INTO {name} VALUES {', '.join(f'({row})' for row in rows)}")
    table = described(name)
    plan = plan_chunks(Limited(session, refused), table, Sizing(1 << 40, 5))
    found = counts(session, table, plan)
    assert len(found) == 5
    assert max(found) <= 3 * min(found), found
