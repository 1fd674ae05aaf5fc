"""Dates and times: text to ticks in Python (exact, one rule for literals and columns), ticks to text in SQL."""

import datetime
import re
import time

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, marked, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import SqlType

DAY = 864_000_000_000
DAYS_1900, DAYS_1753, DAYS_2079 = 693595, 639905, 759130
LAST_TICK = 3652059 * DAY - 1
EPOCH = 719162
_TEXT = re.compile(
    r"(?s)\s*(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<ymd>\d{8})|(?P<year>\d{4})(?=\s*$))?(?P<sep>T|\s+|$|(?=Z))?"
    r"(?:(?P<h>\d{1,2}):(?P<mi>\d{1,2})(?::(?P<s>\d{1,2})(?:\.(?P<f>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:\d{2})?\s*"
)
_LONG_FORMS = re.compile(
    r"(?i)(/|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\b[ap]m\b|\d{1,2}-\d{1,2}-\d{2,4}|\d\.\d+\.)"
)

MACROS = (
    "CREATE MACRO ts_point_in(d, s) AS left(d, length(d) - s) || '.' || right(d, s)",
    "CREATE MACRO ts_point(q, s) AS (CASE WHEN q LIKE '-%' THEN '-' ELSE '' END) || "
    "ts_point_in(lpad(ltrim(q, '-'), greatest(s + 1, length(ltrim(q, '-')))::INTEGER, '0'), s)",
    "CREATE MACRO ts_date(t) AS (DATE '0001-01-01' + CAST(t // 864000000000 AS INTEGER))",
    "CREATE MACRO ts_days(d) AS CAST(d - DATE '0001-01-01' AS BIGINT)",
    "CREATE MACRO ts_two(n) AS lpad(CAST(n AS VARCHAR), 2, '0')",
    "CREATE MACRO ts_clock(t) AS format('{:02d}:{:02d}:{:02d}', (t // 36000000000) % 24, (t // 600000000) % 60, "
    "(t // 10000000) % 60)",
    "CREATE MACRO ts_zone(o) AS (CASE WHEN o < 0 THEN '-' ELSE '+' END) || ts_two(abs(o) // 60) || ':' || "
    "ts_two(abs(o) % 60)",
    "CREATE MACRO ts_round(t, unit) AS ((t + unit // 2) // unit) * unit",
)


def ticks_now() -> int:
    return time.time_ns() // 100 + EPOCH * DAY


def parse_moment(text: str, name: str, scale: int) -> int:
    """Ticks of a text, by SQL Server's rules for language-independent forms; datetimeoffset gives UTC ticks."""
    return _parse(text, SqlType(name, scale=scale))[0]


def parse_offset(text: str) -> int:
    return _parse(text, SqlType("datetimeoffset", scale=7))[1]


def _parse(text: str, kind: SqlType) -> tuple[int, int]:
    found = _TEXT.fullmatch(text)
    if found is None or (kind.name == "datetimeoffset" and found["year"]):
        raise _bad_text(text, kind)
    if found["sep"] == "T" and not (found["h"] and (found["s"] or found["y"])):
        raise _failed(kind)
    days = _days(found, kind)
    ticks, offset = days * DAY + _clock(found, kind), _zone(found["zone"])
    if (
        found["zone"]
        and kind.name in ("datetime", "smalldatetime")
        and not (found["zone"] == "Z" and found["sep"] == "T")
    ):
        raise _failed(kind)
    if kind.name == "time":
        return fit(ticks % DAY, kind), 0
    if kind.name == "datetimeoffset":
        return fit(ticks, kind) - offset * 600_000_000, offset
    return fit(ticks, kind), offset


def _bad_text(text: str, kind: SqlType) -> Exception:
    if _LONG_FORMS.search(text) and re.search(r"\d", text):
        return ValueError(marked(50000, f"not supported by the sandbox: the date or time text '{text}'"))
    return _failed(kind)


def _failed(kind: SqlType, number: int = 241) -> ValueError:
    what = "smalldatetime " if kind.name == "smalldatetime" else ""
    message = {
        241: f"Conversion failed when converting {what}date and/or time from character string.",
        242: f"The conversion of a varchar data type to a {kind.name} data type resulted in an out-of-range value.",
    }[number]
    return ValueError(marked(295 if what and number == 241 else number, message))


def _days(found: "re.Match[str]", kind: SqlType) -> int:
    if found["ymd"]:
        parts = (int(found["ymd"][:4]), int(found["ymd"][4:6]), int(found["ymd"][6:]))
    elif found["y"]:
        parts = (int(found["y"]), int(found["m"]), int(found["d"]))
    elif found["year"]:
        parts = (int(found["year"]), 1, 1)
    else:
        return DAYS_1900
    try:
        return datetime.date(*parts).toordinal() - 1
    except ValueError:
        raise _failed(kind, 242 if kind.name in ("datetime", "smalldatetime") else 241) from None


def _clock(found: "re.Match[str]", kind: SqlType) -> int:
    hour, minute, second = (int(found[part] or 0) for part in ("h", "mi", "s"))
    fraction = found["f"] or ""
    if hour > 23 or minute > 59 or second > 59:
        raise _failed(kind, 242 if kind.name in ("datetime", "smalldatetime") else 241)
    if len(fraction) > (3 if kind.name in ("datetime", "smalldatetime") else 7):
        raise _failed(kind)
    return ((hour * 60 + minute) * 60 + second) * 10_000_000 + int(fraction.ljust(7, "0") or 0)


def _zone(text: str | None) -> int:
    if text is None or text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    if minutes > 840:
        raise ValueError(marked(9812, "The timezone provided to builtin function is invalid."))
    return -minutes if text[0] == "-" else minutes


def fit(ticks: int, kind: SqlType) -> int:
    """Round ticks to what the type holds; out of its range is an error."""
    if kind.name == "date":
        return ticks // DAY * DAY
    if kind.name == "datetime":
        thirds = (ticks * 3 + 50_000) // 100_000
        ticks = (thirds * 100_000 + 1) // 3
        low, high = DAYS_1753 * DAY, LAST_TICK
    elif kind.name == "smalldatetime":
        thirds = (ticks * 3 + 50_000) // 100_000  # through datetime: 29.999 rounds up
        ticks = ((thirds * 100_000 + 1) // 3 + 300_000_000) // 600_000_000
        ticks *= 600_000_000
        low, high = DAYS_1900 * DAY, DAYS_2079 * DAY + DAY - 1
    else:
        unit: int = 10 ** (7 - kind.scale)
        ticks = (ticks + unit // 2) // unit * unit
        if kind.name == "time":
            return min(ticks, DAY - unit) if ticks >= DAY else ticks
        low, high = 0, LAST_TICK
        if ticks > high:
            return LAST_TICK // unit * unit
    if not low <= ticks <= high:
        raise _failed(kind, 242)
    return ticks


def fit_sql(ticks: str, kind: SqlType, source_scale: int = 7) -> str:
    """The same in SQL, for columns."""
    if kind.name == "datetime":
        exact = f"((({ticks}) * 3 + 50000) // 100000 * 100000 + 1) // 3"
        return f"(CASE WHEN {ticks} < {DAYS_1753 * DAY} THEN {_range_error(kind)} ELSE {exact} END)"
    if kind.name == "smalldatetime":
        rounded = f"ts_round(((({ticks}) * 3 + 50000) // 100000 * 100000 + 1) // 3, 600000000)"
        low, high = DAYS_1900 * DAY, DAYS_2079 * DAY + DAY
        return f"(CASE WHEN {rounded} < {low} OR {rounded} >= {high} THEN {_range_error(kind)} ELSE {rounded} END)"
    if source_scale <= kind.scale:
        return ticks
    unit = 10 ** (7 - kind.scale)
    rounded = f"ts_round({ticks}, {unit})"
    if kind.name == "time":
        return f"(CASE WHEN {rounded} >= {DAY} THEN {DAY - unit} ELSE {rounded} END)"
    last = LAST_TICK // unit * unit
    return f"(CASE WHEN {rounded} > {last} THEN {last} ELSE {rounded} END)"  # least() would take NULL for the last


def _range_error(kind: SqlType) -> str:
    message = f"The conversion to a {kind.name} data type resulted in an out-of-range value."
    return f"CAST(error('{marked(242, message)}') AS BIGINT)"


def ticks_of(value: Typed) -> str:
    """Ticks of the local date and time of any date-like expression."""
    family = value.type.family
    if family == "date":
        return f"(ts_days({value.sql}) * {DAY})"
    if family == "datetimeoffset":
        return f"(({value.sql}).t + ({value.sql}).o * 600000000::BIGINT)"
    if family == "time":
        return f"({value.sql} + {DAYS_1900 * DAY})"
    return value.sql


def fraction_sql(ticks: str, digits: int) -> str:
    if not digits:
        return "''"
    return f"('.' || lpad(CAST(({ticks}) % 10000000 // {10 ** (7 - digits)} AS VARCHAR), {digits}, '0'))"


def text_sql(value: Typed, style: int | None) -> str:
    """CONVERT(varchar, date-like, style): the styles of CAST and CONVERT (Transact-SQL) that are documented exactly."""
    kind = value.type
    if style is None:
        style = 0 if kind.name in ("datetime", "smalldatetime") else 121
    ticks = value.sql if kind.family == "time" else ticks_of(value)
    day = f"ts_date({ticks})"
    digits = 3 if kind.name == "datetime" else 0 if kind.name == "smalldatetime" else kind.scale
    zone = f" || ' ' || ts_zone(({value.sql}).o)" if kind.family == "datetimeoffset" else ""
    if style in (20, 120, 21, 25, 121):
        return _odbc(kind, ticks, day, 0 if style in (20, 120) else digits, zone)
    return _other_style(value, style, ticks, day)


def _odbc(kind: SqlType, ticks: str, day: str, digits: int, zone: str) -> str:
    fraction = fraction_sql(ticks, digits) if kind.name != "datetime" else _milliseconds(ticks) if digits else "''"
    if kind.name == "date":
        return f"CAST({day} AS VARCHAR)"
    clock = f"ts_clock({ticks}) || {fraction}"
    if kind.name == "time":
        return f"({clock})"
    return f"(CAST({day} AS VARCHAR) || ' ' || {clock}{zone})"


def _milliseconds(ticks: str) -> str:
    return f"('.' || lpad(CAST((({ticks}) % 10000000 + 5000) // 10000 AS VARCHAR), 3, '0'))"


_DAY_STYLES = {
    1: "%m/%d/%y",
    2: "%y.%m.%d",
    3: "%d/%m/%y",
    4: "%d.%m.%y",
    5: "%d-%m-%y",
    10: "%m-%d-%y",
    11: "%y/%m/%d",
    12: "%y%m%d",
    23: "%Y-%m-%d",
    101: "%m/%d/%Y",
    102: "%Y.%m.%d",
    103: "%d/%m/%Y",
    104: "%d.%m.%Y",
    105: "%d-%m-%Y",
    106: "%d %b %Y",
    107: "%b %d, %Y",
    110: "%m-%d-%Y",
    111: "%Y/%m/%d",
    112: "%Y%m%d",
}


def _other_style(value: Typed, style: int, ticks: str, day: str) -> str:
    kind = value.type
    if style in _DAY_STYLES and kind.family in ("date", "datetime", "datetimeoffset"):
        layout = _DAY_STYLES[style]
        return f"strftime({day}, '{layout}')" if style != 23 else f"CAST({day} AS VARCHAR)"
    if style in (8, 24, 108) and kind.family in ("datetime", "time"):
        return f"ts_clock({ticks})"
    if style in (0, 100) and kind.name in ("datetime", "smalldatetime"):
        hour = f"(({ticks}) // 36000000000) % 24"
        clock = f"lpad(CAST(({hour} + 11) % 12 + 1 AS VARCHAR), 2, ' ') || ':' || ts_two((({ticks}) // 600000000) % 60)"
        half = f"CASE WHEN {hour} < 12 THEN 'AM' ELSE 'PM' END"
        month = f"strftime({day}, '%b') || ' ' || lpad(strftime({day}, '%-d'), 2, ' ') || strftime({day}, ' %Y ')"
        return f"({month} || {clock} || {half})"
    if style == 126 and kind.name == "date":
        return f"CAST({day} AS VARCHAR)"
    if style == 114 and kind.name == "datetime":
        return f"(ts_clock({ticks}) || replace({_milliseconds(ticks)}, '.', ':'))"
    raise unsupported(f"CONVERT of {kind.name} to text with style {style}")


def not_dated(kind: SqlType) -> SqlError:
    return unsupported(f"{kind.name} where a date or time is needed")
