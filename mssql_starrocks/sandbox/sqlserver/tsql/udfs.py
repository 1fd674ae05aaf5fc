"""Functions DuckDB lacks: Python and Arrow functions, registered once per server. Names start with ts_."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mssql_starrocks.sandbox.sqlserver import code_pages, utf16
from mssql_starrocks.sandbox.sqlserver.errors import marked
from mssql_starrocks.sandbox.sqlserver.spatial import stored
from mssql_starrocks.sandbox.sqlserver.tsql import documents, moments, texts, variants

_LIMIT = "not supported by the sandbox: "


def substring_utf16(text: str, start: int, length: int) -> str:
    """SUBSTRING by UTF-16 units; start is 1-based and may lie before the text."""
    end = start + length - 1
    first = max(start, 1)
    return utf16.decode(utf16.encode(text)[2 * (first - 1) : 2 * max(end, 0)]) if end >= first else ""


def right_utf16(text: str, length: int) -> str:
    return utf16.decode(utf16.encode(text)[-2 * length :]) if length else ""


def float_text(value: float, style: int) -> str:
    """CONVERT(varchar, float, style): 0 is at most six digits, 1 always 8, 2 always 16, 3 always 17."""
    text = f"{value:.6g}" if style == 0 else f"{value:.{ {1: 7, 2: 15, 3: 16}[style] }e}"
    return re.sub(r"e([+-])(\d+)", lambda m: f"e{m[1]}{int(m[2]):03d}", text)


def xml_text(text: str) -> str:
    """An xml value as SQL Server gives it back: no declaration, empty elements closed in one tag."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if "<!" in text or re.search(r"&(?!lt;|gt;|amp;)", text) or "\r" in text:
        raise ValueError(marked(50000, _LIMIT + "xml with comments, CDATA, a DTD or character references"))
    text = re.sub(r">\s+<", "><", text).strip()
    text = re.sub(r"<([\w:.-]+)((?:\s[^<>]*)?)></\1>", r"<\1\2/>", text)
    return re.sub(r"\s+/>", "/>", text)


def _utf16_bytes(column: pa.Array) -> pa.Array:
    """Whole batches at once: offsets of UTF-16 follow from the lead bytes of UTF-8."""
    texts_ = _whole(column.fill_null("")).cast(pa.large_string())
    _, starts, data = texts_.buffers()
    raw = np.frombuffer(data or b"", np.uint8)
    if utf16.is_reserved(raw).any():
        return pa.array([None if text is None else utf16.encode(text) for text in column.to_pylist()], pa.binary())
    offsets = np.frombuffer(starts, np.int64)[: len(texts_) + 1]
    units = ((raw & 0xC0) != 0x80).astype(np.int64) + (raw >= 0xF0)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(units)])
    wide = raw.tobytes().decode().encode("utf-16-le")
    places = pa.py_buffer((2 * ends[offsets]).astype(np.int32))
    return _masked(pa.BinaryArray.from_buffers(pa.binary(), len(column), [None, places, pa.py_buffer(wide)]), column)


def _float_bytes(column: pa.Array) -> pa.Array:
    numbers = _whole(column.fill_null(0.0)).to_numpy(zero_copy_only=False).astype(">f8").tobytes()
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(column), [None, pa.py_buffer(numbers)])
    return _masked(fixed.cast(pa.binary()), column)


def refused(text: str, what: str) -> str:
    """Unlike DuckDB's error(), allowed in the ORDER BY of a window: its answer depends on nothing but its arguments."""
    raise ValueError(marked(50000, _LIMIT + what))


def _whole(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else pa.concat_arrays([column])


def _masked(values: pa.Array, like: pa.Array) -> pa.Array:
    return pc.if_else(like.is_valid(), values, None) if like.null_count else values


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """All functions and macros of the compiler, on a fresh database."""
    plain: tuple[tuple[str, Callable[..., object], list[str], str], ...] = (
        ("ts_parse_moment", moments.parse_moment, ["VARCHAR", "VARCHAR", "INTEGER"], "BIGINT"),
        ("ts_parse_offset", moments.parse_offset, ["VARCHAR"], "SMALLINT"),
        ("ts_code_page", code_pages.encode, ["VARCHAR", "VARCHAR"], "BLOB"),
        ("ts_narrowed", code_pages.narrowed, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("ts_cut_bytes", code_pages.cut, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR"),
        ("ts_utf16", utf16.encode, ["VARCHAR"], "BLOB"),
        ("ts_from_utf16", utf16.decode, ["BLOB"], "VARCHAR"),
        ("ts_bytes_sha512", lambda raw: hashlib.sha512(raw).digest(), ["BLOB"], "BLOB"),
        ("ts_joined_halves", utf16.joined, ["VARCHAR"], "VARCHAR"),
        ("ts_from_code_page", code_pages.decode, ["BLOB", "VARCHAR"], "VARCHAR"),
        ("ts_substring_utf16", substring_utf16, ["VARCHAR", "BIGINT", "BIGINT"], "VARCHAR"),
        ("ts_right_utf16", right_utf16, ["VARCHAR", "BIGINT"], "VARCHAR"),
        ("ts_units_utf16", utf16.units, ["VARCHAR"], "BIGINT"),
        ("ts_float_text", float_text, ["DOUBLE", "INTEGER"], "VARCHAR"),
        ("ts_variant_property", variants.variant_property, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("ts_json_text", documents.json_text, ["VARCHAR"], "VARCHAR"),
        ("ts_vector_text", documents.vector_text, ["VARCHAR", "INTEGER"], "VARCHAR"),
        ("ts_spatial_from_text", stored.from_text, ["VARCHAR", "INTEGER", "VARCHAR"], "BLOB"),
        ("ts_spatial_from_binary", stored.from_binary, ["BLOB", "INTEGER", "VARCHAR"], "BLOB"),
        ("ts_spatial_text", stored.as_text, ["BLOB", "BOOLEAN"], "VARCHAR"),
        ("ts_spatial_binary", stored.as_binary, ["BLOB", "BOOLEAN"], "BLOB"),
        ("ts_spatial_srid", stored.srid, ["BLOB"], "INTEGER"),
        ("ts_refused", refused, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("ts_xml_text", xml_text, ["VARCHAR"], "VARCHAR"),
    )
    for name, function, arguments, result in plain:
        connection.create_function(name, function, arguments, result)
    connection.create_function("ts_utf16_bytes", _utf16_bytes, ["VARCHAR"], "BLOB", type="arrow")
    connection.create_function("ts_float_bytes", _float_bytes, ["DOUBLE"], "BLOB", type="arrow")
    for macro in (*moments.MACROS, *texts.MACROS):
        connection.execute(macro)
