"""Remote procedure calls: parameters off the wire, and the procedures drivers use to run statements."""

import decimal as decimals
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.encode_value import DAY, DAYS_1900, GUID_WIRE
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.types import (
    BIT,
    DATE,
    DATETIME,
    GUID,
    MAX,
    MONEY,
    SqlType,
    decimal,
    nvarchar,
    varbinary,
    varchar,
)

PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    15: "sp_unprepare",
}
_PLAIN = {0x30: ("tinyint", "<B"), 0x34: ("smallint", "<h"), 0x38: ("int", "<i"), 0x7F: ("bigint", "<q")}
_INTEGERS = {1: ("tinyint", "<B"), 2: ("smallint", "<h"), 4: ("int", "<i"), 8: ("bigint", "<q")}
_TEXTS, _BINARIES = (0xE7, 0xEF, 0xA7, 0xAF), (0xA5, 0xAD)


@dataclass(frozen=True)
class Parameter:
    name: str
    output: bool
    value: Value


@dataclass(frozen=True)
class Call:
    procedure: str
    parameters: tuple[Parameter, ...]

    def text(self, index: int) -> str:
        found = self.parameters[index].value.value if index < len(self.parameters) else ""
        return found or ""


@dataclass
class Prepared:
    """The statements of one session by handle."""

    statements: dict[int, tuple[str, str]] = field(default_factory=dict)
    last: int = 0

    def add(self, declaration: str, statement: str) -> int:
        self.last += 1
        self.statements[self.last] = (declaration, statement)
        return self.last

    def find(self, handle: Any) -> tuple[str, str]:
        if handle not in self.statements:
            raise SqlError(8179, f"Could not find prepared statement with handle {handle}.")
        return self.statements[handle]


class Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._place : self._place + count]
        if len(taken) < count:
            raise ConnectionError("a request ends before it should")
        self._place += count
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def more(self) -> bool:
        return self._place < len(self._data) and self._data[self._place] not in (0x80, 0xFE, 0xFF)


def parse_call(payload: bytes) -> Call:
    reader = Reader(payload)
    length = reader.number("<H")
    if length == 0xFFFF:
        number = reader.number("<H")
        name = PROCEDURES.get(number, f"procedure {number}")
    else:
        name = reader.take(2 * length).decode("utf-16-le")
    reader.number("<H")
    parameters = []
    while reader.more():
        parameters.append(_parameter(reader))
    return Call(name, tuple(parameters))


def bind(declaration: str, parameters: tuple[Parameter, ...]) -> dict[str, Value]:
    """Parameters by lower-case name, positional ones named by the declaration ('@P0 int, @P1 nvarchar(4000)')."""
    names = re.findall(r"@\w+", declaration or "")
    bound = {}
    for index, parameter in enumerate(parameters):
        name = parameter.name or (names[index] if index < len(names) else "")
        if not name:
            raise SqlError(8144, "Procedure or function has too many arguments specified.")
        bound[name.lower()] = parameter.value
    return bound


def _parameter(reader: Reader) -> Parameter:
    name = reader.take(2 * reader.number("<B")).decode("utf-16-le")
    status = reader.number("<B")
    return Parameter(name, bool(status & 1), _value(reader, reader.number("<B")))


def _value(reader: Reader, token: int) -> Value:
    if token in _PLAIN:
        name, layout = _PLAIN[token]
        return Value(SqlType(name), reader.number(layout))
    if token == 0x1F:
        return Value(SqlType("int"), None)
    if token in (0x32, 0x3B, 0x3E):
        return Value({0x32: BIT, 0x3B: SqlType("real"), 0x3E: SqlType("float")}[token], _plain(reader, token))
    if token in _TEXTS or token in _BINARIES:
        return _string(reader, token)
    if token in (0x26, 0x68, 0x6D, 0x6E, 0x6F, 0x24):
        size = reader.number("<B")
        return _sized(token, size, reader.take(reader.number("<B")))
    if token in (0x6A, 0x6C):
        _, precision, scale = reader.take(3)
        return _decimal(precision, scale, reader.take(reader.number("<B")))
    if token == 0x28:
        raw = reader.take(reader.number("<B"))
        return Value(DATE, int.from_bytes(raw, "little") if raw else None)
    if token in (0x29, 0x2A, 0x2B):
        scale = reader.number("<B")
        return _moment(token, scale, reader.take(reader.number("<B")))
    if token in (0x63, 0x23, 0x22):
        return _long(reader, token)
    raise unsupported(f"a parameter of TDS type {token:#x}")


def _plain(reader: Reader, token: int) -> Any:
    if token == 0x32:
        return bool(reader.number("<B"))
    return reader.number("<f" if token == 0x3B else "<d")


def _string(reader: Reader, token: int) -> Value:
    size = reader.number("<H")
    collation = reader.take(5) if token in _TEXTS else bytes(5)
    raw = _plp(reader) if size == 0xFFFF else _short_string(reader)
    encoding = "utf-8" if collation[3] & 4 else "cp1252"
    if token in _BINARIES:
        return Value(varbinary(MAX if size == 0xFFFF else max(size, 1)), raw)
    if token in (0xE7, 0xEF):
        kind = nvarchar(MAX if size == 0xFFFF else max(size // 2, 1))
        return Value(kind, None if raw is None else utf16.decode(raw))
    return Value(varchar(MAX if size == 0xFFFF else max(size, 1)), None if raw is None else raw.decode(encoding))


def _short_string(reader: Reader) -> bytes | None:
    length = reader.number("<H")
    return None if length == 0xFFFF else reader.take(length)


def _plp(reader: Reader) -> bytes | None:
    if reader.number("<Q") == 2**64 - 1:
        return None
    raw = bytearray()
    while length := reader.number("<I"):
        raw += reader.take(length)
    return bytes(raw)


def _long(reader: Reader, token: int) -> Value:
    reader.number("<I")
    if token != 0x22:
        reader.take(5)
    length = reader.number("<i")
    raw = None if length < 0 else reader.take(length)
    if token == 0x22 or raw is None:
        return Value(varbinary(MAX) if token == 0x22 else nvarchar(MAX), raw)
    return Value(nvarchar(MAX), utf16.decode(raw) if token == 0x63 else raw.decode("cp1252"))


def _sized(token: int, size: int, raw: bytes) -> Value:
    if token == 0x26:
        name, layout = _INTEGERS[len(raw) or size]
        return Value(SqlType(name), struct.unpack(layout, raw)[0] if raw else None)
    if token == 0x68:
        return Value(BIT, bool(raw[0]) if raw else None)
    if token == 0x6D:
        kind = SqlType("real" if size == 4 else "float")
        return Value(kind, struct.unpack("<f" if size == 4 else "<d", raw)[0] if raw else None)
    if token == 0x6E:
        return Value(MONEY, _money(raw) if raw else None)
    if token == 0x24:
        return Value(GUID, bytes(raw[GUID_WIRE.index(place)] for place in range(16)) if raw else None)
    return Value(DATETIME if size == 8 else SqlType("smalldatetime"), _datetime(raw) if raw else None)


def _money(raw: bytes) -> decimals.Decimal:
    if len(raw) == 4:
        return decimals.Decimal(struct.unpack("<i", raw)[0]).scaleb(-4)
    high, low = struct.unpack("<iI", raw)
    return decimals.Decimal(high * 2**32 + low).scaleb(-4)


def _datetime(raw: bytes) -> int:
    if len(raw) == 4:
        days, minutes = struct.unpack("<HH", raw)
        return int((days + DAYS_1900) * DAY + minutes * 600_000_000)
    days, thirds = struct.unpack("<iI", raw)
    return int((days + DAYS_1900) * DAY + (thirds * 100_000 + 1) // 3)


def _decimal(precision: int, scale: int, raw: bytes) -> Value:
    if not raw:
        return Value(decimal(precision, scale), None)
    number = int.from_bytes(raw[1:], "little") * (1 if raw[0] else -1)
    return Value(decimal(precision, scale), decimals.Decimal(number).scaleb(-scale, decimals.Context(prec=60)))


def _moment(token: int, scale: int, raw: bytes) -> Value:
    kind = SqlType({0x29: "time", 0x2A: "datetime2", 0x2B: "datetimeoffset"}[token], scale=scale)
    if not raw:
        return Value(kind, None)
    date_bytes = {0x29: 0, 0x2A: 3, 0x2B: 5}[token]
    clock = raw[: len(raw) - date_bytes]
    ticks = int.from_bytes(clock, "little") * 10 ** (7 - scale)
    if token != 0x29:
        ticks += int.from_bytes(raw[len(clock) : len(clock) + 3], "little") * DAY
    if token != 0x2B:
        return Value(kind, ticks)
    return Value(kind, {"t": ticks, "o": struct.unpack("<h", raw[-2:])[0]})
