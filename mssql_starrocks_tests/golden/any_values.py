"""Any value of any type: how to write it in T-SQL, and by a small oracle of its own what StarRocks must show of it."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mssql_starrocks_tests.golden.others import HIERARCHY, JSON, VARIANT, XML

Choices = Mapping[str, str]
Shown = dict[str, Any]  # by suffix, "" for the column itself
DAY = 864_000_000_000  # ticks of 100 ns
DAYS = dt.date.max.toordinal()
HOURS_14 = 14 * 60


@dataclass(frozen=True)
class Kind:
    """A declared type. `literal` writes a value, `shown` is what a client reads in StarRocks."""

    declared: str
    values: st.SearchStrategy
    literal: Callable[[Any], str]
    shown: Callable[[Any, bool, Choices], Shown]
    key: bool = True


def _plain(value: Any, in_key: bool, choices: Choices) -> Shown:
    return {"": value}


def _number(declared: str, low: int, high: int) -> Kind:
    edges = st.sampled_from([low, high, 0])
    return Kind(declared, edges | st.integers(low, high), str, _plain)


def _scaled(declared: str, precision: int, scale: int, low: int, high: int, *, exact: bool = False) -> Kind:
    def shown(value: Decimal, in_key: bool, choices: Choices) -> Shown:
        if not in_key:
            return {"": value}
        if scale:
            return {"": f"{value:f}"}
        return {"": int(value) if precision <= 18 else str(value)}

    digits = st.sampled_from([low, high, 0]) | st.integers(low, high)
    return Kind(
        declared, digits.map(lambda n: Decimal((n < 0, tuple(map(int, str(abs(n)))), -scale))), "{:f}".format, shown
    )


def _decimal(shape: tuple[int, int]) -> Kind:
    precision, scale = max(shape), min(shape)
    return _scaled(f"decimal({precision},{scale})", precision, scale, 1 - 10**precision, 10**precision - 1)


def _float(declared: str, width: int) -> Kind:
    def literal(value: float) -> str:
        return f"CAST({value!r}{'' if 'e' in repr(value) else 'E0'} AS {declared})"

    def shown(value: float, in_key: bool, choices: Choices) -> Shown:
        return {"": value if width == 64 else struct.pack("f", value)}

    return Kind(declared, st.floats(width=width, allow_nan=False, allow_infinity=False), literal, shown, key=False)


def _stamp(ticks: int, scale: int) -> str:
    whole = (dt.datetime(1, 1, 1) + dt.timedelta(seconds=ticks // 10**7)).isoformat(" ")
    return whole + (f".{ticks % 10**7:07d}"[: scale + 1] if scale else "")


def _instant(ticks: int) -> dt.datetime:
    return dt.datetime(1, 1, 1) + dt.timedelta(microseconds=ticks // 10)


def _ticks(scale: int, low: int = 0, high: int = DAYS * DAY - 1) -> st.SearchStrategy[int]:
    unit = 10 ** (7 - scale)
    return (st.sampled_from([low, high]) | st.integers(low, high)).map(lambda t: max(t // unit * unit, low))


def _quoted(text: str) -> str:
    return f"'{text}'"


def _time(scale: int) -> Kind:
    def text(ticks: int) -> str:
        return _stamp(ticks, scale)[11:]

    def shown(ticks: int, in_key: bool, choices: Choices) -> Shown:
        return {"": ticks if choices["time_as"] == "ticks" else text(ticks)}

    return Kind(f"time({scale})", _ticks(scale, high=DAY - 1), lambda t: _quoted(text(t)), shown)


def _datetime2(scale: int) -> Kind:
    def shown(ticks: int, in_key: bool, choices: Choices) -> Shown:
        if scale < 7:
            return {"": _instant(ticks)}
        if in_key or choices["datetime2_as"] == "text":
            return {"": _stamp(ticks, 7)}
        return {"": _instant(ticks), "ns100": ticks % 10}

    return Kind(f"datetime2({scale})", _ticks(scale), lambda t: _quoted(_stamp(t, scale)), shown)


def _offset(scale: int) -> Kind:
    """Drawn are the instant in UTC and the offset; the local time must be in SQL Server's years as well."""

    def text(value: tuple[int, int]) -> str:
        ticks, minutes = value
        sign = "-" if minutes < 0 else "+"
        local = _stamp(ticks + minutes * 600_000_000, scale)
        return f"{local} {sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    def shown(value: tuple[int, int], in_key: bool, choices: Choices) -> Shown:
        if in_key or choices["datetimeoffset_as"] == "text":
            return {"": text(value)}
        seventh = {"ns100": value[0] % 10} if scale == 7 else {}
        return {"": _instant(value[0]), "offset_min": value[1], **seventh}

    offsets = st.sampled_from([-HOURS_14, 0, HOURS_14]) | st.integers(-HOURS_14, HOURS_14)
    inside = st.tuples(_ticks(scale, DAY, (DAYS - 1) * DAY - 1), offsets)
    return Kind(f"datetimeoffset({scale})", inside, lambda v: _quoted(text(v)), shown)


def _smalldatetime() -> Kind:
    minutes = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2079, 6, 6, 23, 59))
    values = minutes.map(lambda d: d.replace(second=0, microsecond=0, fold=0))
    return Kind("smalldatetime", values, lambda d: _quoted(d.isoformat(" ")), _plain)


def _datetime() -> Kind:
    """Thirds of a hundredth of a second, shown as .000, .003 and .007."""
    moments = st.datetimes(dt.datetime(1753, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59))
    thirds = st.tuples(moments, st.integers(0, 99), st.sampled_from([0, 3, 7]))
    values = thirds.map(lambda v: v[0].replace(microsecond=10_000 * v[1] + 1000 * v[2], fold=0))
    return Kind("datetime", values, lambda d: _quoted(d.isoformat(" ", "milliseconds")), _plain)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


_SPECIAL = [
    "",
    " ",
    "  x ",
    "\\N",
    "NULL",
    "null",
    "'",
    '"',
    "\\",
    "a\tb",
    "\n",
    "\r\n",
    "\0",
    "漢字",
    "😀",
    "e\u0301",
    "\ufeff",
    "%s",
]
# the sandbox keeps the end of private plane 16 for halves of surrogate pairs
_CHARACTERS = st.characters(exclude_categories=("Cs",), max_codepoint=0x10EFFF)
_LATIN = st.sampled_from([chr(c) for c in (*range(128), *range(0xA0, 0x100))])


def _text(name: str, length: int | None, kind: str = "") -> Kind:
    """`length` None: without a limit. Text in a key is compared by its bytes, so that any characters may meet."""
    wide, fixed = name.startswith("n"), name in ("char", "nchar")
    declared = kind or f"{name}({length or 'max'})"
    drawn = (
        st.sampled_from(_SPECIAL) | st.text(_CHARACTERS, max_size=length or 40)
        if wide
        else st.text(_LATIN, max_size=length or 40)
    )
    size = length or 40

    def literal(value: str) -> str:
        if value.isprintable():
            return ("N'" if wide else "'") + value.replace("'", "''") + "'"
        raw = value.encode("utf-16-le" if wide else "cp1252", "strict" if wide else "replace")
        return f"CAST(0x{raw.hex()} AS {'n' if wide else ''}varchar({max(len(raw), 1)}))"

    def shown(value: str, in_key: bool, choices: Choices) -> Shown:
        text = value + " " * (size - (_units(value) if wide else len(value))) if fixed else value
        if wide and choices["unicode_as"] == "bytes":
            raw = text.encode("utf-16-le")
            return {"": raw.hex().upper() if in_key else raw}
        return {"": text.rstrip(" ") if fixed and choices["char_blanks"] == "trim" else text}

    return Kind(
        declared, drawn.filter(lambda t: _units(t) <= size), literal, shown, key=length is not None and length <= 8
    )


def _binary(name: str, length: int | None, kind: str = "") -> Kind:
    def shown(value: bytes, in_key: bool, choices: Choices) -> Shown:
        raw = value.ljust(length, b"\0") if name == "binary" and length else value
        return {"": raw.hex().upper() if in_key else raw}

    values = st.sampled_from([b"", b"\0"]) | st.binary(max_size=length or 60)
    declared = kind or f"{name}({length or 'max'})"
    return Kind(declared, values, lambda b: f"0x{b.hex()}", shown, key=length is not None and length <= 8)


def _guid() -> Kind:
    def shown(value: Any, in_key: bool, choices: Choices) -> Shown:
        return {"": str(value) if choices["guid_case"] == "lower" else str(value).upper()}

    return Kind("uniqueidentifier", st.uuids(), lambda g: _quoted(str(g)), shown)


def _written(golden: Any) -> Kind:
    """Values that are written by hand for the golden tables."""

    def shown(value: Any, in_key: bool, choices: Choices) -> Shown:
        return {"": value.warehouse, **value.beside}

    return Kind(golden.type, st.sampled_from(golden.values), lambda v: v.sql, shown, key=False)


_SCALES, _LENGTHS = st.integers(0, 7), st.integers(1, 30)
_SHAPES = st.tuples(st.integers(1, 38), st.integers(0, 38))
KINDS: st.SearchStrategy[Kind] = st.one_of(
    st.just(Kind("bit", st.integers(0, 1), str, _plain)),
    st.sampled_from([_number("tinyint", 0, 255), _number("smallint", -(2**15), 2**15 - 1)]),
    st.sampled_from([_number("int", -(2**31), 2**31 - 1), _number("bigint", -(2**63), 2**63 - 1)]),
    _SHAPES.map(_decimal),
    st.sampled_from([_scaled("money", 19, 4, -(2**63), 2**63 - 1), _scaled("smallmoney", 10, 4, -(2**31), 2**31 - 1)]),
    st.sampled_from([_float("real", 32), _float("float", 64)]),
    st.just(Kind("date", st.dates(), lambda d: _quoted(d.isoformat()), _plain)),
    _SCALES.map(_time),
    st.sampled_from([_smalldatetime(), _datetime()]),
    _SCALES.map(_datetime2),
    _SCALES.map(_offset),
    _LENGTHS.map(lambda n: _text("char", n)) | _LENGTHS.map(lambda n: _text("varchar", n)),
    _LENGTHS.map(lambda n: _text("nchar", n)) | _LENGTHS.map(lambda n: _text("nvarchar", n)),
    st.sampled_from(
        [_text("varchar", None), _text("nvarchar", None), _text("text", None, "text"), _text("ntext", None, "ntext")]
    ),
    _LENGTHS.map(lambda n: _binary("binary", n)) | _LENGTHS.map(lambda n: _binary("varbinary", n)),
    st.sampled_from([_binary("varbinary", None), _binary("image", None, "image")]),
    st.just(_guid()),
    st.sampled_from([_written(XML), _written(HIERARCHY), _written(VARIANT), _written(JSON)]),
)
