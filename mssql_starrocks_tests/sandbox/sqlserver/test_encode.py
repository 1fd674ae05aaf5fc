"""The numpy encoder gives byte for byte what the plain per-value encoder gives."""

import datetime
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.encode import rows
from mssql_starrocks.sandbox.sqlserver.encode_value import DAY, DAYS_1900, encode_value
from mssql_starrocks.sandbox.sqlserver.types import MAX, SqlType, decimal

DAYS = 3652059
CP1252 = st.text(st.characters(codec="cp1252"), max_size=20)
UNICODE = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=utf16.FIRST + 2047), max_size=20)
UTF8 = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=utf16.FIRST - 1), max_size=20)


def exact(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    limit = 10**precision - 1
    return st.integers(-limit, limit).map(lambda number: Decimal(number).scaleb(-scale, Context(prec=60)))


def moments(scale: int, low: int = 0, high: int = DAYS * DAY - 1) -> st.SearchStrategy[int]:
    unit = 10 ** (7 - scale)
    return st.integers(low // unit, high // unit).map(lambda count: count * unit)


OFFSETS = st.fixed_dictionaries({"t": moments(7), "o": st.integers(-840, 840)})
KINDS: list[tuple[SqlType, pa.DataType, st.SearchStrategy[Any]]] = [
    (SqlType("tinyint"), pa.uint8(), st.integers(0, 255)),
    (SqlType("smallint"), pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (SqlType("int"), pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (SqlType("bigint"), pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (SqlType("bit"), pa.bool_(), st.booleans()),
    (SqlType("real"), pa.float32(), st.floats(width=32, allow_nan=False)),
    (SqlType("float"), pa.float64(), st.floats(allow_nan=False)),
    (decimal(5, 2), pa.decimal128(5, 2), exact(5, 2)),
    (decimal(19, 0), pa.decimal128(19, 0), exact(19, 0)),
    (decimal(28, 10), pa.decimal128(28, 10), exact(28, 10)),
    (decimal(38, 20), pa.decimal128(38, 20), exact(38, 20)),
    (SqlType("money"), pa.decimal128(19, 4), st.integers(-(2**63), 2**63 - 1).map(lambda n: Decimal(n).scaleb(-4))),
    (
        SqlType("smallmoney"),
        pa.decimal128(10, 4),
        st.integers(-(2**31), 2**31 - 1).map(lambda n: Decimal(n).scaleb(-4)),
    ),
    (SqlType("date"), pa.date32(), st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31))),
    (SqlType("time", scale=0), pa.int64(), moments(0, 0, DAY - 1)),
    (SqlType("time", scale=7), pa.int64(), moments(7, 0, DAY - 1)),
    (SqlType("datetime"), pa.int64(), moments(7, DAYS_1900 * DAY - 50 * DAY, DAYS * DAY - 100_000)),
    (SqlType("smalldatetime"), pa.int64(), st.integers(DAYS_1900 * 1440, 759130 * 1440).map(lambda m: m * 600_000_000)),
    (SqlType("datetime2", scale=3), pa.int64(), moments(3)),
    (SqlType("datetime2", scale=7), pa.int64(), moments(7)),
    (SqlType("datetimeoffset", scale=7), pa.struct([("t", pa.int64()), ("o", pa.int16())]), OFFSETS),
    (SqlType("uniqueidentifier"), pa.binary(), st.binary(min_size=16, max_size=16)),
    (SqlType("nvarchar", 50), pa.string(), UNICODE),
    (SqlType("nvarchar", MAX), pa.string(), UNICODE),
    (SqlType("varchar", 50), pa.string(), CP1252),
    (SqlType("varchar", MAX, collation="Latin1_General_100_CI_AS_SC_UTF8"), pa.string(), UTF8),
    (SqlType("varchar", 50, collation="Japanese_CI_AS"), pa.string(), st.text("日本語ｱab", max_size=20)),
    (SqlType("varbinary", 50), pa.binary(), st.binary(max_size=50)),
    (SqlType("varbinary", MAX), pa.binary(), st.binary(max_size=50)),
    (SqlType("ntext"), pa.string(), UNICODE),
    (SqlType("image"), pa.binary(), st.binary(max_size=50)),
    (SqlType("xml"), pa.string(), UNICODE),
]


def reference(kinds: list[SqlType], table: list[tuple[Any, ...]]) -> bytes:
    out = b""
    for row in table:
        out += b"\xd1" + b"".join(encode_value(kind, value) for kind, value in zip(kinds, row, strict=True))
    return out


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_same_bytes(data: st.DataObject) -> None:
    picked = data.draw(st.lists(st.sampled_from(range(len(KINDS))), min_size=1, max_size=6))
    table = data.draw(st.lists(st.tuples(*(st.none() | KINDS[n][2] for n in picked)), max_size=8))
    kinds = [KINDS[n][0] for n in picked]
    arrays = [pa.array([row[place] for row in table], KINDS[n][1]) for place, n in enumerate(picked)]
    batch = pa.RecordBatch.from_arrays(arrays, [str(place) for place in range(len(picked))])
    assert bytes(rows(kinds, batch)) == reference(kinds, table)
    assert bytes(rows(kinds, batch.slice(1))) == reference(kinds, table[1:])


@pytest.mark.parametrize("size", [0, 1, 8001, (1 << 20) + 3, 3 << 20])
def test_long_values(size: int) -> None:
    kinds = [SqlType("nvarchar", MAX), SqlType("int")]
    table = [("é" * size, 1), (None, None), ("x", 2)]
    batch = pa.RecordBatch.from_arrays(
        [pa.array([r[0] for r in table]), pa.array([r[1] for r in table], pa.int32())], ["a", "b"]
    )
    assert bytes(rows(kinds, batch)) == reference(kinds, table)
