"""Functions of dates and times."""

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import moments
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import FUNCTIONS, compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, from_value
from mssql_starrocks.sandbox.sqlserver.types import BIGINT, DATETIME, INT, SqlType

Nodes = list[exp.Expression]
_PARTS = {
    "yy": "year", "yyyy": "year", "qq": "quarter", "q": "quarter", "mm": "month", "m": "month",
    "dy": "dayofyear", "y": "dayofyear",
    "dd": "day", "d": "day", "hh": "hour", "mi": "minute", "n": "minute", "ss": "second", "s": "second",
    "ms": "millisecond", "mcs": "microsecond", "ns": "nanosecond", "tz": "tzoffset",
    "isowk": "iso_week", "isoww": "iso_week",
}  # fmt: skip
_TICKS = {
    "day": 864_000_000_000,
    "hour": 36_000_000_000,
    "minute": 600_000_000,
    "second": 10_000_000,
    "millisecond": 10_000,
    "microsecond": 10,
}
_CALENDAR = ("year", "quarter", "month", "day", "dayofyear")


def part_name(node: exp.Expression) -> str:
    name = str(node.name).lower()
    return _PARTS.get(name, name)


def _moment(value: Typed) -> Typed:
    if value.type.family == "text":
        kind = SqlType(
            "datetimeoffset" if isinstance(value.literal, str) and _has_zone(value.literal) else "datetime2", scale=7
        )
        return convert(value, kind)
    if value.type.family not in ("date", "time", "datetime", "datetimeoffset"):
        raise unsupported(f"{value.type.name} where a date or time is needed")
    return value


def _has_zone(text: str) -> bool:
    return text.strip()[-6:-5] in ("+", "-") and text.strip()[-3:-2] == ":"


def _datepart(nodes: Nodes, scope: Scope) -> Typed:
    if len(nodes) != 2:
        raise SqlError(174, "The datepart function requires 2 argument(s).", 15)
    part, value = part_name(nodes[0]), _moment(compile_value(nodes[1], scope))
    return Typed(_part_sql(part, value), INT)


def _part_sql(part: str, value: Typed) -> str:
    family = value.type.family
    if part == "tzoffset":
        if family == "datetimeoffset":
            return f"CAST(({value.sql}).o AS INTEGER)"
        if value.type.name == "datetime2":
            return f"(CASE WHEN {value.sql} IS NOT NULL THEN 0 END)"
        raise SqlError(
            9810, f"The datepart tzoffset is not supported by date function datepart for data type {value.type.name}."
        )
    ticks = value.sql if family == "time" else moments.ticks_of(value)
    if part in _CALENDAR and family != "time":
        return f"CAST({part}(ts_date({ticks})) AS INTEGER)"
    clock = {
        "hour": f"({ticks}) // 36000000000 % 24",
        "minute": f"({ticks}) // 600000000 % 60",
        "second": f"({ticks}) // 10000000 % 60",
        "millisecond": f"({ticks}) % 10000000 // 10000",
        "microsecond": f"({ticks}) % 10000000 // 10",
        "nanosecond": f"({ticks}) % 10000000 * 100",
    }.get(part)
    if clock is None or family == "date":
        raise unsupported(f"DATEPART({part}) of {value.type.name}")
    if value.type.name == "datetime" and part == "millisecond":
        clock = f"(({ticks}) % 10000000 + 5000) // 10000"
    elif value.type.name == "datetime" and part in ("microsecond", "nanosecond"):
        raise unsupported(f"DATEPART({part}) of datetime")
    return f"CAST({clock} AS INTEGER)"


def _named_part(name: str) -> None:
    def handle(nodes: Nodes, scope: Scope) -> Typed:
        if len(nodes) != 1:
            raise SqlError(174, f"The {name.lower()} function requires 1 argument(s).", 15)
        return Typed(_part_sql(name.lower(), _moment(compile_value(nodes[0], scope))), INT)

    FUNCTIONS[name] = handle


def _datediff(nodes: Nodes, scope: Scope, kind: SqlType) -> Typed:
    if len(nodes) != 3:
        raise SqlError(174, "The datediff function requires 3 argument(s).", 15)
    part = part_name(nodes[0])
    start, end = (_moment(compile_value(node, scope)) for node in nodes[1:])
    one, two = _utc(start), _utc(end)
    if part in _TICKS:
        unit = _TICKS[part]
        if unit < 10_000_000 and "datetime" in (start.type.name, end.type.name):
            raise unsupported(f"DATEDIFF({part}) of datetime")
        sql = f"(({two}) // {unit} - ({one}) // {unit})"
    elif part == "nanosecond":
        sql = f"((({two}) - ({one})) * 100)"
    elif part in ("year", "quarter", "month"):
        factor = {"year": 1, "quarter": 4, "month": 12}[part]
        extra = "" if part == "year" else f" + {part}(ts_date({{0}}))"
        count = [f"(year(ts_date({t})) * {factor}{extra.format(t)})" for t in (one, two)]
        sql = f"({count[1]} - {count[0]})"
    else:
        raise unsupported(f"DATEDIFF({part})")
    if kind is INT:
        error = "CAST(error('@@535@@The datediff function resulted in an overflow.') AS INTEGER)"
        sql = f"CASE WHEN abs({sql}) > 2147483647 THEN {error} ELSE CAST({sql} AS INTEGER) END"
    return Typed(f"({sql})", kind)


def _utc(value: Typed) -> str:
    return f"({value.sql}).t" if value.type.family == "datetimeoffset" else moments.ticks_of(value)


def _dateadd(nodes: Nodes, scope: Scope) -> Typed:
    part = part_name(nodes[0])
    count, value = convert(compile_value(nodes[1], scope), INT), compile_value(nodes[2], scope)
    if value.type.family == "text":
        value = convert(value, DATETIME)
    if value.type.family == "date" and part == "day":
        days = f"(ts_days({value.sql}) + CAST({count.sql} AS BIGINT))"
        error = "CAST(error('@@517@@Adding a value to a date column caused an overflow.') AS DATE)"
        sql = (
            f"(CASE WHEN {days} BETWEEN 0 AND 3652058 THEN {value.sql} + {count.sql} WHEN {days} "
            f"IS NOT NULL THEN {error} END)"
        )
        return Typed(sql, value.type)
    if value.type.name != "datetime2" or part not in _TICKS:
        raise unsupported(f"DATEADD({part}) on {value.type.name}")
    ticks = f"({value.sql} + CAST({count.sql} AS BIGINT) * {_TICKS[part]})"
    error = "CAST(error('@@517@@Adding a value to a datetime2 column caused an overflow.') AS BIGINT)"
    sql = (
        f"(CASE WHEN {ticks} BETWEEN 0 AND {moments.LAST_TICK} THEN "
        f"{moments.fit_sql(ticks, value.type)} ELSE {error} END)"
    )
    return Typed(sql, value.type)


def _switchoffset(nodes: Nodes, scope: Scope) -> Typed:
    value, zone = compile_value(nodes[0], scope), compile_value(nodes[1], scope)
    if value.type.family != "datetimeoffset":
        value = convert(value, SqlType("datetimeoffset", scale=7))
    minutes = zone.literal if isinstance(zone.literal, int) else _offset(zone)
    moved = f"{{'t': ({value.sql}).t, 'o': {minutes}::SMALLINT}}"
    return Typed(f"(CASE WHEN {value.sql} IS NOT NULL THEN {moved} END)", value.type)


def _todatetimeoffset(nodes: Nodes, scope: Scope) -> Typed:
    value, zone = _moment(compile_value(nodes[0], scope)), compile_value(nodes[1], scope)
    minutes = zone.literal if isinstance(zone.literal, int) else _offset(zone)
    kind = SqlType("datetimeoffset", scale=value.type.scale if value.type.name == "datetime2" else 7)
    made = f"{{'t': {moments.ticks_of(value)} - {minutes * 600_000_000}, 'o': {minutes}::SMALLINT}}"
    return Typed(f"(CASE WHEN {value.sql} IS NOT NULL THEN {made} END)", kind)


def _offset(zone: Typed) -> int:
    if not isinstance(zone.literal, str):
        raise unsupported("an offset that is not a literal")
    try:
        return moments.parse_offset("2000-01-01 00:00 " + zone.literal)
    except ValueError as failure:
        raise SqlError(9812, "The timezone provided to builtin function switchoffset is invalid.") from failure


def _now(name: str) -> None:
    def handle(nodes: Nodes, scope: Scope) -> Typed:
        value = scope.context.catalog.variable(name)
        if nodes or value is None:
            raise SqlError(174, f"The {name.lower()} function requires 0 argument(s).", 15)
        return from_value(value)

    FUNCTIONS[name] = handle


FUNCTIONS.update(
    {
        "DATEPART": _datepart,
        "DATEDIFF": lambda nodes, scope: _datediff(nodes, scope, INT),
        "DATEDIFF_BIG": lambda nodes, scope: _datediff(nodes, scope, BIGINT),
        "DATEADD": _dateadd,
        "SWITCHOFFSET": _switchoffset,
        "TODATETIMEOFFSET": _todatetimeoffset,
    }
)
for _part in ("YEAR", "MONTH", "DAY"):
    _named_part(_part)
for _clock in ("GETDATE", "GETUTCDATE", "SYSDATETIME", "SYSUTCDATETIME", "SYSDATETIMEOFFSET"):
    _now(_clock)
