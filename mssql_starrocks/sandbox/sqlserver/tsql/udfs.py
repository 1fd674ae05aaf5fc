"""Functions DuckDB lacks: Python and Arrow functions, registered once per server. Names start with ts_."""

import hashlib
import re
import struct
from collections.abc import Callable

import duckdb
import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver.errors import marked
from mssql_starrocks.sandbox.sqlserver.tsql import moments, texts

_BEST_FIT = re.compile("[\u0100-\u036f\u0391-\u03c9\u2000-\u2bff\u3000-\u303f\uff00-\uffef]")
_LIMIT = "not supported by the sandbox: "


def to_code_page(text: str) -> bytes:
    """Windows-1252 bytes; a character outside becomes '?', unless SQL Server has a best-fit rule for it."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        kept = "".join(c for c in text if not _in_code_page(c))
        if _BEST_FIT.search(kept):
            raise ValueError(marked(50000, _LIMIT + "best-fit mapping of a character to code page 1252")) from None
        return b"".join(c.encode("cp1252", "replace") * (2 if ord(c) > 0xFFFF else 1) for c in text)


def _in_code_page(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def narrowed(text: str) -> str:
    return to_code_page(text).decode("cp1252")


def from_utf16(raw: bytes) -> str:
    try:
        return raw.decode("utf-16-le")
    except UnicodeDecodeError:
        raise ValueError(marked(50000, _LIMIT + "half of a surrogate pair")) from None


def substring_utf16(text: str, start: int, length: int) -> str:
    """SUBSTRING by UTF-16 units; start is 1-based and may lie before the text."""
    end = start + length - 1
    first = max(start, 1)
    return from_utf16(text.encode("utf-16-le")[2 * (first - 1) : 2 * max(end, 0)]) if end >= first else ""


def right_utf16(text: str, length: int) -> str:
    return from_utf16(text.encode("utf-16-le")[-2 * length :]) if length else ""


def units_utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


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


def _utf16_hash(algorithm: Callable[..., "hashlib._Hash"]) -> Callable[[pa.Array], pa.Array]:
    def digest(column: pa.Array) -> pa.Array:
        found = [None if text is None else algorithm(text.encode("utf-16-le")).digest() for text in column.to_pylist()]
        return pa.array(found, pa.binary())

    return digest


def _float_bytes(column: pa.Array) -> pa.Array:
    pack = struct.Struct(">d").pack
    return pa.array([None if value is None else pack(value) for value in column.to_pylist()], pa.binary())


def _recode(text: str) -> bytes:
    return text.encode("utf-16-le")


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """All functions and macros of the compiler, on a fresh database."""
    plain: tuple[tuple[str, Callable[..., object], list[str], str], ...] = (
        ("ts_parse_moment", moments.parse_moment, ["VARCHAR", "VARCHAR", "INTEGER"], "BIGINT"),
        ("ts_parse_offset", moments.parse_offset, ["VARCHAR"], "SMALLINT"),
        ("ts_code_page", to_code_page, ["VARCHAR"], "BLOB"),
        ("ts_narrowed", narrowed, ["VARCHAR"], "VARCHAR"),
        ("ts_utf16", _recode, ["VARCHAR"], "BLOB"),
        ("ts_from_utf16", from_utf16, ["BLOB"], "VARCHAR"),
        ("ts_from_code_page", lambda raw: raw.decode("cp1252"), ["BLOB"], "VARCHAR"),
        ("ts_substring_utf16", substring_utf16, ["VARCHAR", "BIGINT", "BIGINT"], "VARCHAR"),
        ("ts_right_utf16", right_utf16, ["VARCHAR", "BIGINT"], "VARCHAR"),
        ("ts_units_utf16", units_utf16, ["VARCHAR"], "BIGINT"),
        ("ts_float_text", float_text, ["DOUBLE", "INTEGER"], "VARCHAR"),
        ("ts_xml_text", xml_text, ["VARCHAR"], "VARCHAR"),
    )
    for name, function, arguments, result in plain:
        connection.create_function(name, function, arguments, result)
    for name, algorithm in (("md5", hashlib.md5), ("sha1", hashlib.sha1), ("sha256", hashlib.sha256)):
        connection.create_function(f"ts_utf16_{name}", _utf16_hash(algorithm), ["VARCHAR"], "BLOB", type="arrow")
    connection.create_function("ts_float_bytes", _float_bytes, ["DOUBLE"], "BLOB", type="arrow")
    for macro in (*moments.MACROS, *texts.MACROS):
        connection.execute(macro)
