"""What SQL Server hashes, made from Arrow arrays: the same bytes as Python's own encoders, whatever the slice."""

import struct

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mssql_starrocks.lake.encoded import encoded

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=8), max_size=20)
FLOATS = st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=20)


@given(TEXTS, st.integers(0, 5), st.sampled_from([pa.string(), pa.large_string()]))
def test_text_is_utf_16_little_endian(values, start, kind):
    array = pa.array(values, kind).slice(start)
    assert encoded("text", array).to_pylist() == [None if v is None else v.encode("utf-16-le") for v in values[start:]]


@given(FLOATS, st.integers(0, 5))
def test_floats_are_ieee_754_big_endian(values, start):
    array = pa.array(values, pa.float64()).slice(start)
    assert encoded("float", array).to_pylist() == [None if v is None else struct.pack(">d", v) for v in values[start:]]


def test_a_real_is_hashed_as_the_float_it_widens_to():
    assert encoded("float", pa.array([0.1], pa.float32())).to_pylist() == [bytes.fromhex("3fb99999a0000000")]
