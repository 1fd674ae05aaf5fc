"""Token bytes of a reply: COLMETADATA with TYPE_INFO, DONE, ERROR, INFO, ENVCHANGE, LOGINACK."""

import struct
from dataclasses import dataclass

from mssql_starrocks.sandbox.sqlserver import collations, utf16
from mssql_starrocks.sandbox.sqlserver.collations import DEFAULT_COLLATION
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.types import SqlType, decimal_bytes

MORE, ERROR, COUNT, ATTENTION = 0x01, 0x02, 0x10, 0x20
DONE, DONE_PROC, DONE_IN_PROC = 0xFD, 0xFE, 0xFF
SELECT, INSERT, DELETE, UPDATE, SET, EXECUTE = 0xC1, 0xC3, 0xC4, 0xC5, 0xF9, 0xE0
COLLATION = collations.find(DEFAULT_COLLATION).wire
SERVER_NAME = "SANDBOX"
_FIXED = {
    "tinyint": b"\x26\x01",
    "smallint": b"\x26\x02",
    "int": b"\x26\x04",
    "bigint": b"\x26\x08",
    "bit": b"\x68\x01",
    "real": b"\x6d\x04",
    "float": b"\x6d\x08",
    "money": b"\x6e\x08",
    "smallmoney": b"\x6e\x04",
    "datetime": b"\x6f\x08",
    "smalldatetime": b"\x6f\x04",
    "uniqueidentifier": b"\x24\x10",
    "date": b"\x28",
    "xml": b"\xf1\x00",
    "timestamp": b"\xad\x08\x00",
}
_SCALED = {"time": 0x29, "datetime2": 0x2A, "datetimeoffset": 0x2B}
_SIZED = {"varbinary": 0xA5, "binary": 0xAD, "varchar": 0xA7, "char": 0xAF, "nvarchar": 0xE7, "nchar": 0xEF}
_LONG = {"text": 0x23, "ntext": 0x63, "image": 0x22}


@dataclass(frozen=True)
class ResultColumn:
    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    table: str = ""


def short(text: str) -> bytes:
    raw = utf16.encode(text)
    return bytes([len(raw) // 2]) + raw


def long(text: str) -> bytes:
    raw = utf16.encode(text)
    return struct.pack("<H", len(raw) // 2) + raw


def type_info(kind: SqlType) -> bytes:
    """TYPE_INFO of MS-TDS 2.2.5.6 for one type."""
    name = kind.name
    if name in _FIXED:
        return _FIXED[name]
    if kind.family == "decimal":
        token = 0x6A if name == "decimal" else 0x6C
        return bytes([token, decimal_bytes(kind.precision), kind.precision, kind.scale])
    if name in _SCALED:
        return bytes([_SCALED[name], kind.scale])
    if name in _SIZED:
        size = 0xFFFF if kind.is_max else kind.max_length
        return bytes([_SIZED[name]]) + struct.pack("<H", size) + _collation(kind)
    if name in _LONG:
        return (
            bytes([_LONG[name]]) + struct.pack("<I", 0x7FFFFFFE if name == "ntext" else 0x7FFFFFFF) + _collation(kind)
        )
    raise unsupported(f"a bare {name} column in a result; cast it")


def _collation(kind: SqlType) -> bytes:
    if kind.family == "binary":
        return b""
    return collations.find(kind.collation).wire


def column_metadata(columns: tuple[ResultColumn, ...]) -> bytes:
    out = bytearray(b"\x81" + struct.pack("<H", len(columns)))
    for column in columns:
        flags = (1 if column.nullable else 0) | 8 | (0x10 if column.identity else 0)
        user_type = 0x50 if column.type.name == "timestamp" else 0
        out += struct.pack("<IH", user_type, flags) + type_info(column.type)
        if column.type.name in _LONG:
            out += b"\x01" + long(column.table or "t")
        out += short(column.name[:128])
    return bytes(out)


def done(token: int = DONE, status: int = 0, command: int = 0, rows: int = 0) -> bytes:
    return struct.pack("<BHHQ", token, status, command, rows)


def _message(token: int, number: int, state: int, severity: int, text: str) -> bytes:
    body = struct.pack("<iBB", number, state, severity) + long(text[:2000]) + short(SERVER_NAME) + short("")
    body += struct.pack("<i", 1)
    return bytes([token]) + struct.pack("<H", len(body)) + body


def error(failure: SqlError) -> bytes:
    return _message(0xAA, failure.number, failure.state, failure.severity, failure.message)


def info(number: int, text: str) -> bytes:
    return _message(0xAB, number, 1, 0, text)


def env_text(kind: int, new: str, old: str = "") -> bytes:
    body = bytes([kind]) + short(new) + short(old)
    return b"\xe3" + struct.pack("<H", len(body)) + body


def env_bytes(kind: int, new: bytes = b"", old: bytes = b"") -> bytes:
    body = bytes([kind, len(new)]) + new + bytes([len(old)]) + old
    return b"\xe3" + struct.pack("<H", len(body)) + body


def login_ack(version: int) -> bytes:
    body = b"\x01" + struct.pack(">I", version) + short("Microsoft SQL Server") + bytes([16, 0, 0x03, 0xE8])
    return b"\xad" + struct.pack("<H", len(body)) + body


def return_status(value: int = 0) -> bytes:
    return b"\x79" + struct.pack("<i", value)


def return_value(name: str, kind: SqlType, encoded: bytes) -> bytes:
    return b"\xac" + struct.pack("<H", 0) + short(name) + b"\x01" + struct.pack("<IH", 0, 0) + type_info(kind) + encoded
