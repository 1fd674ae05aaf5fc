"""The bytes of the MySQL protocol: pure functions (starrocks_measured.md 4: what StarRocks does differently)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mssql_starrocks.sandbox.starrocks.errors import SqlError
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType

AUTOCOMMIT, MORE_RESULTS = 2, 8
PLUGIN = b"mysql_native_password"
TEXT_CHARSET, BINARY_CHARSET = 33, 63
NEWDECIMAL, BLOB, VAR_STRING, STRING = 246, 252, 253, 254
# type number and display length; LARGEINT and JSON travel as STRING, VARBINARY as BLOB
WIRE = {
    "NULL": (1, 1), "BOOLEAN": (1, 1), "TINYINT": (1, 4), "SMALLINT": (2, 6), "INT": (3, 11), "BIGINT": (8, 20),
    "LARGEINT": (STRING, 40), "FLOAT": (4, 12), "DOUBLE": (5, 22), "DATE": (10, 10), "DATETIME": (12, 19),
    "TIME": (11, 10), "VARBINARY": (BLOB, 1024), "JSON": (STRING, 1024), "CHAR": (STRING, 255),
}  # fmt: skip


@dataclass(frozen=True)
class ResultColumn:
    name: str
    type: SqlType


@dataclass(frozen=True)
class Result:
    """What one statement answers: rows of values ready for `cell`, or an OK packet."""

    columns: Sequence[ResultColumn] = ()
    rows: Sequence[Sequence[Any]] = field(default_factory=list)
    affected: int = 0
    info: str = ""
    warnings: int = 0


def password_hash(password: str) -> bytes:
    """SHA1(SHA1(password)); empty for no password."""
    return hashlib.sha1(hashlib.sha1(password.encode()).digest()).digest() if password else b""


def scramble_matches(stored: bytes, salt: bytes, answer: bytes) -> bool:
    if not stored or not answer:
        return stored == answer
    if len(answer) != 20:
        return False
    mixed = hashlib.sha1(salt + stored).digest()
    return hashlib.sha1(bytes(a ^ b for a, b in zip(answer, mixed, strict=True))).digest() == stored


def length_encoded(number: int) -> bytes:
    if number < 251:
        return bytes([number])
    if number < 1 << 16:
        return b"\xfc" + struct.pack("<H", number)
    if number < 1 << 24:
        return b"\xfd" + struct.pack("<I", number)[:3]
    return b"\xfe" + struct.pack("<Q", number)


def length_string(value: bytes) -> bytes:
    return length_encoded(len(value)) + value


def read_length(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first < 251:
        return first, at + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    return int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size


def column_packet(column: ResultColumn) -> bytes:
    number, length = WIRE.get(column.type.name, (VAR_STRING, 3 * max(column.type.length, 64)))
    if column.type.name == "DECIMAL":
        number, length = NEWDECIMAL, column.type.length + 2 + (column.type.scale > 0)
    charset = TEXT_CHARSET if number in (VAR_STRING, STRING) else BINARY_CHARSET
    name = length_string(column.name.encode())
    tail = struct.pack("<HIBHB", charset, min(length, 2**31), number, 0, column.type.scale) + b"\0\0"
    return length_string(b"def") + b"\0\0\0" + name + name + b"\x0c" + tail


def cell(value: Any) -> bytes:
    if value is None:
        return b"\xfb"
    if isinstance(value, bytes):
        return length_string(value)
    if isinstance(value, bool):
        return b"\x011" if value else b"\x010"
    return length_string(str(value).encode("utf-8", "surrogatepass"))


def row_packet(row: Sequence[Any]) -> bytes:
    return b"".join([cell(value) for value in row])


def ok_packet(result: Result, status: int) -> bytes:
    # the text is length-encoded, as clients read it, whatever the manual says
    info = length_string(result.info.encode()) if result.info else b""
    return b"\0" + length_encoded(result.affected) + b"\0" + struct.pack("<HH", status, result.warnings) + info


def eof_packet(warnings: int, status: int) -> bytes:
    return b"\xfe" + struct.pack("<HH", warnings, status)


def error_packet(error: SqlError) -> bytes:
    return b"\xff" + struct.pack("<H", error.code) + b"#" + error.state.encode() + error.text.encode()[:65000]
