"""The reference encoder: one stored value to the bytes of a ROW token. Slow and plain; encode.py must agree with it."""

import datetime
import decimal as decimals
import struct
from typing import Any

from mssql_starrocks.sandbox.sqlserver import code_pages, utf16
from mssql_starrocks.sandbox.sqlserver.types import SqlType, decimal_bytes, time_bytes

DAY = 864_000_000_000  # ticks of 100 ns
DAYS_1900 = 693595  # days from 0001-01-01 to 1900-01-01
CHUNK = 1 << 20  # drivers refuse PLP chunks over 16 MiB (sqlserver_measured.md 3)
GUID_WIRE = (
    12,
    13,
    14,
    15,
    10,
    11,
    8,
    9,
    6,
    7,
    0,
    1,
    2,
    3,
    4,
    5,
)  # place in sort-ordered storage, by place on the wire
TEXT_POINTER = b"\x10" + b"dummy textptr\0\0\0" + b"dummyTS\0"
_INTEGER = {"tinyint": "<B", "smallint": "<h", "int": "<i", "bigint": "<q"}


def encoded(kind: SqlType, text: str) -> bytes:
    """Text as the bytes that go over the wire."""
    return utf16.encode(text) if kind.unicode else code_pages.encode(text, kind.code_page)


def is_plp(kind: SqlType) -> bool:
    return kind.name == "xml" or (kind.is_max and kind.name not in ("text", "ntext", "image"))


def encode_value(kind: SqlType, value: Any) -> bytes:
    """The value as it stands in a row, its length included."""
    if kind.family in ("text", "binary", "xml"):
        raw = value if value is None or isinstance(value, bytes) else encoded(kind, value)
        return _bytes(kind, raw)
    if value is None:
        return b"\0"
    body = _body(kind, value)
    return bytes([len(body)]) + body


def _bytes(kind: SqlType, raw: bytes | None) -> bytes:
    if is_plp(kind):
        return _plp(raw)
    if kind.name in ("text", "ntext", "image"):
        return b"\0" if raw is None else TEXT_POINTER + struct.pack("<I", len(raw)) + raw
    return b"\xff\xff" if raw is None else struct.pack("<H", len(raw)) + raw


def _plp(raw: bytes | None) -> bytes:
    if raw is None:
        return b"\xff" * 8
    out = bytearray(struct.pack("<Q", len(raw)))
    for start in range(0, len(raw), CHUNK):
        piece = raw[start : start + CHUNK]
        out += struct.pack("<I", len(piece)) + piece
    return bytes(out) + bytes(4)


def _body(kind: SqlType, value: Any) -> bytes:
    if kind.name in _INTEGER:
        return struct.pack(_INTEGER[kind.name], value)
    if kind.name in ("real", "float"):
        return struct.pack("<f" if kind.name == "real" else "<d", value)
    if kind.family in ("decimal", "money"):
        return _exact(kind, value)
    if kind.name == "bit":
        return bytes([bool(value)])
    if kind.name == "uniqueidentifier":
        return bytes(value[place] for place in GUID_WIRE)
    return _moment(kind, value)


def _exact(kind: SqlType, value: decimals.Decimal) -> bytes:
    scale = kind.scale if kind.family == "decimal" else 4
    number = int(value.scaleb(scale, decimals.Context(prec=60)).to_integral_value())
    if kind.name == "money":
        return struct.pack("<iI", number >> 32, number & 0xFFFFFFFF)
    if kind.name == "smallmoney":
        return struct.pack("<i", number)
    size = decimal_bytes(kind.precision) - 1
    return bytes([number >= 0]) + abs(number).to_bytes(size, "little")


def _moment(kind: SqlType, value: Any) -> bytes:
    if kind.name == "date":
        days = value.toordinal() - 1 if isinstance(value, datetime.date) else int(value)
        return days.to_bytes(3, "little")
    ticks: int = value["t"] if kind.name == "datetimeoffset" else value
    days, rest = divmod(ticks, DAY)
    if kind.name == "datetime":
        return struct.pack("<iI", days - DAYS_1900, (rest * 3 + 50_000) // 100_000)
    if kind.name == "smalldatetime":
        return struct.pack("<HH", days - DAYS_1900, rest // 600_000_000)
    out: bytes = (rest // 10 ** (7 - kind.scale)).to_bytes(time_bytes(kind.scale), "little")
    if kind.name != "time":
        out += days.to_bytes(3, "little")
    return out + (struct.pack("<h", value["o"]) if kind.name == "datetimeoffset" else b"")
