"""CAST, CONVERT and implicit conversion between SQL Server's types. A pair of types without a rule is refused."""

from collections.abc import Callable
from dataclasses import replace

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import moments
from mssql_starrocks.sandbox.sqlserver.tsql.texts import bytes_of, fit_text, money_text
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, failing, quoted, text_literal
from mssql_starrocks.sandbox.sqlserver.types import MAX, SqlType

RANGES = {
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
_MONEY_RANGE = {
    "money": ("-922337203685477.5808", "922337203685477.5807"),
    "smallmoney": ("-214748.3648", "214748.3647"),
}
_DATED = ("date", "datetime", "datetimeoffset", "time")
_INTERNAL = {"bit": "BIT", "tinyint": "INT1", "smallint": "INT2"}
_DECIMAL_TEXT = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*"
_FLOAT_TEXT = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"


def convert(value: Typed, to: SqlType, style: int | None = None, *, attempt: bool = False) -> Typed:
    """The value as type `to`, as CAST does it. With `attempt` (TRY_CAST) a failure is NULL."""
    if value.is_null:
        return Typed(f"CAST(NULL AS {to.storage})", to, is_null=False)
    if same_storage(value.type, to) and style is None:
        return replace(value, type=to)
    rule = FROM_VARIANT[0] if value.type.family == "variant" else RULES.get(to.family)
    if rule is None:
        raise unsupported(f"conversion to {to.name}")
    sql = rule(value, to, style)
    if attempt:
        sql = _attempted(value, to, sql)
    return Typed(sql, to, value.nullable or attempt, value.collation_rank)


def same_storage(one: SqlType, other: SqlType) -> bool:
    return (
        replace(one, collation="", alias="") == replace(other, collation="", alias="")
        and one.code_page == other.code_page
    )


def _attempted(value: Typed, to: SqlType, sql: str) -> str:
    if value.type.family == "text" and to.family == "int":
        low, high = RANGES[to.name]
        whole = f"TRY_CAST(trim({value.sql}) AS HUGEINT)"
        inside = f"regexp_full_match({value.sql}, '\\s*[+-]?[0-9]+\\s*') AND {whole} BETWEEN {low} AND {high}"
        return f"(CASE WHEN {inside} THEN CAST({whole} AS {to.storage}) WHEN trim({value.sql}) = '' THEN 0 END)"
    if value.type.family == "int" and to.family == "int":
        low, high = RANGES[to.name]
        return f"(CASE WHEN {value.sql} BETWEEN {low} AND {high} THEN CAST({value.sql} AS {to.storage}) END)"
    if (
        value.type.family == "text"
        and to.family in _DATED
        and to.family != "datetimeoffset"
        and value.literal is not None
    ):
        try:
            moments.parse_moment(value.literal, to.name, to.scale)
        except ValueError as failure:
            if "@@50000@@" in str(failure):
                raise
            return f"CAST(NULL AS {to.storage})"
        return sql
    if value.type.family == "text" and to.family == "text":
        return sql
    raise unsupported(f"TRY_CAST from {value.type.name} to {to.name}")


def conversion_failed(value: Typed, to: SqlType, storage: str | None = None) -> str:
    shown = (
        f"'Conversion failed when converting the {value.type.name} value ''' || {value.sql} || "
        f"''' to data type {to.name}.'"
    )
    return failing(245, shown, storage or to.storage)


def overflow(to: SqlType, number: int = 8115, what: str = "expression") -> str:
    return failing(number, quoted(f"Arithmetic overflow error converting {what} to data type {to.name}."), to.storage)


def _refuse(value: Typed, to: SqlType) -> SqlError:
    return unsupported(f"conversion from {value.type.name} to {to.name}")


def _to_int(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    low, high = RANGES[to.name]
    if family == "bit":
        return f"CAST({sql} AS {to.storage})"
    if family == "int":
        source = RANGES[value.type.name]
        if low <= source[0] and source[1] <= high:
            return f"CAST({sql} AS {to.storage})"
        number = 220 if to.name in ("tinyint", "smallint") else 8115
        return _ranged(sql, to, f"{sql} BETWEEN {low} AND {high}", overflow(to, number, value.type.name))
    if family in ("decimal", "money"):
        whole = f"round({sql}, 0)" if family == "money" else f"trunc({sql})"
        inside = f"CAST({whole} AS DECIMAL(38,0)) BETWEEN {low} AND {high}"
        return _ranged(whole, to, inside, overflow(to, 8115, "numeric"))
    if family == "float":
        number = 232 if to.name != "bigint" else 8115
        return _ranged(f"trunc({sql})", to, f"trunc({sql}) BETWEEN {low} AND {high}", overflow(to, number, "float"))
    if family == "text":
        return _text_to_int(value, to)
    if family == "binary":
        return _binary_to_int(value, to)
    raise _refuse(value, to)


def _ranged(sql: str, to: SqlType, inside: str, error: str) -> str:
    return f"(CASE WHEN {sql} IS NULL THEN NULL WHEN {inside} THEN CAST({sql} AS {to.storage}) ELSE {error} END)"


def _text_to_int(value: Typed, to: SqlType) -> str:
    low, high = RANGES[to.name]
    sql = value.sql
    whole = f"TRY_CAST(trim({sql}) AS HUGEINT)"
    shape = f"regexp_full_match({sql}, ' *[+-]?[0-9]{{1,37}} *')"
    wrong = conversion_failed(value, to)
    if to.name == "bigint":
        wrong = failing(8114, quoted(f"Error converting data type {value.type.name} to bigint."), to.storage)
    number = 8115 if to.name == "bigint" else 248 if to.name == "int" else 244
    too_big = failing(
        number, quoted(f"The conversion of the {value.type.name} value overflowed an int column."), to.storage
    )
    return (
        f"(CASE WHEN {shape} THEN CASE WHEN {whole} BETWEEN {low} AND {high} THEN CAST({whole} AS {to.storage}) "
        f"ELSE {too_big} END WHEN trim({sql}, ' ') = '' THEN CAST(0 AS {to.storage}) "
        f"WHEN {sql} IS NOT NULL THEN {wrong} END)"
    )


def _binary_to_int(value: Typed, to: SqlType) -> str:
    size = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[to.name]
    digits = f"right(hex({value.sql}), {2 * size})"
    if value.type.length != MAX and 0 < value.type.length < size:  # zero-extended: never negative
        return f"CAST('0x' || CASE WHEN {digits} = '' THEN '0' ELSE {digits} END AS {to.storage})"
    unsigned = f"CAST(CAST('0x' || CASE WHEN {digits} = '' THEN '0' ELSE {digits} END AS UBIGINT) AS HUGEINT)"
    if to.name == "tinyint":
        return f"CAST({unsigned} AS UTINYINT)"
    limit = 2 ** (8 * size - 1)
    return (
        f"CAST(CASE WHEN {unsigned} >= {limit} THEN {unsigned} - {2 * limit}::HUGEINT ELSE "
        f"{unsigned} END AS {to.storage})"
    )


def _to_bit(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family in ("int", "decimal", "money", "float"):
        return f"({value.sql} <> 0)"
    if value.type.family == "text":
        lowered = f"lower(trim({value.sql}, ' '))"
        return (
            f"(CASE WHEN {lowered} IN ('true') THEN TRUE WHEN {lowered} IN ('false', '') THEN FALSE "
            f"WHEN regexp_full_match({lowered}, '[+-]?[0-9]+') THEN CAST({lowered} AS HUGEINT) <> 0 "
            f"WHEN {value.sql} IS NOT NULL THEN {conversion_failed(value, to)} END)"
        )
    raise _refuse(value, to)


def _to_decimal(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    if family == "bit":
        return f"CAST(CAST({sql} AS INTEGER) AS {to.storage})"
    if family in ("int", "decimal", "money"):
        return f"CAST({sql} AS {to.storage})"
    if (family == "float" and to.precision <= 18) or (family == "float" and to.scale == 0):
        return f"CAST({sql} AS {to.storage})"
    if family == "text":
        wrong = failing(8114, quoted(f"Error converting data type {value.type.name} to numeric."), to.storage)
        shape = f"regexp_full_match({sql}, '{_DECIMAL_TEXT}')"
        return f"(CASE WHEN {shape} THEN CAST(trim({sql}) AS {to.storage}) WHEN {sql} IS NOT NULL THEN {wrong} END)"
    raise _refuse(value, to)


def _to_money(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    if family == "bit":
        sql = f"CAST({sql} AS INTEGER)"
    elif family == "text":
        wrong = failing(
            235, quoted("Cannot convert a char value to money. The char value has incorrect syntax."), "VARCHAR"
        )
        plain = f"replace(replace(trim({sql}), '$', ''), ',', '')"
        shape = f"regexp_full_match({plain}, '{_DECIMAL_TEXT}')"
        empty = f"WHEN {plain} = '' THEN '0'"
        sql = f"CAST(CASE WHEN {shape} THEN {plain} {empty} WHEN {sql} IS NOT NULL THEN {wrong} END AS DECIMAL(38,10))"
    elif family not in ("int", "decimal", "money", "float"):
        raise _refuse(value, to)
    low, high = _MONEY_RANGE[to.name]
    rounded = f"CAST({sql} AS DECIMAL(38,4))"
    inside = f"{rounded} BETWEEN CAST('{low}' AS DECIMAL(38,4)) AND CAST('{high}' AS DECIMAL(38,4))"
    return _ranged(rounded, to, inside, overflow(to))


def _to_float(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    if family == "bit":
        return f"CAST(CAST({sql} AS INTEGER) AS {to.storage})"
    if family in ("decimal", "money"):  # through text: correctly rounded
        sql = f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)"
    elif family == "text":
        wrong = failing(8114, quoted(f"Error converting data type {value.type.name} to float."), "DOUBLE")
        shape = f"regexp_full_match({sql}, '{_FLOAT_TEXT}')"
        empty = f"WHEN trim({sql}, ' ') = '' THEN 0.0"
        sql = f"(CASE WHEN {shape} THEN CAST(trim({sql}) AS DOUBLE) {empty} WHEN {sql} IS NOT NULL THEN {wrong} END)"
    elif family not in ("int", "float"):
        raise _refuse(value, to)
    return f"CAST({sql} AS {to.storage})"


def _to_text(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    if family in ("json", "vector", "spatial") and not to.is_max:
        raise unsupported(f"{value.type.name} as text of limited length")
    if family == "spatial":
        return f"ts_spatial_text({sql}, TRUE)"
    if family in ("text", "xml", "hierarchyid", "json", "vector"):
        return fit_text(value, to)
    room = to.length if to.length != MAX and not to.is_max else None
    if family in ("int", "bit"):
        number = f"CAST({'CAST(' + sql + ' AS INTEGER)' if family == 'bit' else sql} AS VARCHAR)"
        return _sized_number(number, value, to, room)
    if family == "decimal":
        return _sized_number(_decimal_text(value), value, to, room)
    if family == "money":
        return _sized_number(money_text(sql, style), value, to, room)
    if family == "float":
        if style not in (None, 0, 1, 2, 3):
            raise unsupported(f"CONVERT of float with style {style}")
        return _sized_number(f"ts_float_text(CAST({sql} AS DOUBLE), {style or 0})", value, to, room)
    if family == "guid":
        text = f"ts_guid_text({sql})"
        if room is not None and room < 36:
            raise SqlError(8170, "Insufficient result space to convert uniqueidentifier value to char.")
        return _padded(text, to)
    if family in _DATED:
        return _padded(_left(moments.text_sql(value, style), room), to)
    if family == "binary" and style in (1, 2):
        text = f"hex({sql})" if style == 2 else f"('0x' || hex({sql}))"
        return _padded(_left(text, room), to)
    if family == "binary" and style in (None, 0):
        text = f"ts_from_utf16({sql})" if to.unicode else f"ts_from_code_page({sql}, '{to.code_page}')"
        return _padded(_left(text, room), to)
    raise _refuse(value, to)


def _decimal_text(value: Typed) -> str:
    """DuckDB writes DECIMAL(2,2) without the leading zero."""
    text = f"CAST({value.sql} AS VARCHAR)"
    if value.type.precision > value.type.scale:
        return text
    return f"regexp_replace({text}, '^(-?)[.]', '\\10.')"


def _left(text: str, room: int | None) -> str:
    return text if room is None else f"left({text}, {room})"


def _padded(text: str, to: SqlType) -> str:
    return f"rpad({text}, {to.length}, ' ')" if to.fixed_length else text


def _sized_number(text: str, value: Typed, to: SqlType, room: int | None) -> str:
    if room is None or room >= 41:
        return _padded(text, to)
    failed = overflow(to, 8115, "numeric" if value.type.family == "decimal" else value.type.name)
    if value.type.name in ("tinyint", "smallint", "int") and not to.unicode:
        failed = "'*'"
    return _padded(f"(CASE WHEN length({text}) > {room} THEN {failed} ELSE {text} END)", to)


def _to_binary(value: Typed, to: SqlType, style: int | None) -> str:
    family, sql = value.type.family, value.sql
    if to.name == "timestamp":
        to = SqlType("binary", 8)
    if family == "text" and style in (1, 2):
        digits = sql if style == 2 else f"substr({sql}, 3)"
        shape = f"regexp_full_match({sql}, '{'0[xX]' if style == 1 else ''}([0-9A-Fa-f]{{2}})*')"
        wrong = failing(8114, quoted(f"Error converting data type {value.type.name} to varbinary."), "BLOB")
        sql = f"(CASE WHEN {shape} THEN unhex({digits}) WHEN {sql} IS NOT NULL THEN {wrong} END)"
    elif family == "text":
        sql = bytes_of(value)
    elif family in ("int", "bit"):
        return _int_to_binary(value, to)
    elif family == "guid":
        sql = f"ts_guid_bytes({sql})"
    elif value.type.name == "float" and to.fixed_length and to.length == 8:
        return f"ts_float_bytes({sql})"  # IEEE 754, big-endian
    elif family != "binary":
        raise _refuse(value, to)
    if to.is_max:
        return sql
    if value.type.max_length not in (-1, 16) and value.type.max_length <= to.length and not to.fixed_length:
        return sql
    cut = f"unhex(left(hex({sql}), {2 * to.length}))"
    return f"unhex(rpad(hex({cut}), {2 * to.length}, '0'))" if to.fixed_length else cut


def _int_to_binary(value: Typed, to: SqlType) -> str:
    size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[value.type.name]
    number = f"CAST({value.sql} AS HUGEINT)"
    wrapped = f"(CASE WHEN {number} < 0 THEN {number} + {2 ** (8 * size)}::HUGEINT ELSE {number} END)"
    digits = f"lpad(format('{{:x}}', CAST({wrapped} AS UBIGINT)), {2 * size}, '0')"
    room = size if to.is_max or (not to.fixed_length and to.length >= size) else to.length
    return f"unhex(right(lpad({digits}, {2 * max(room, size)}, '0'), {2 * room}))"


def _to_guid(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family == "binary":
        return f"ts_guid_from_bytes(unhex(rpad(left(hex({value.sql}), 32), 32, '0')))"
    if value.type.family != "text":
        raise _refuse(value, to)
    shape = r"\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}.*"
    text = f"ltrim({value.sql}, '{{')"
    wrong = failing(
        8169, quoted("Conversion failed when converting from a character string to uniqueidentifier."), "BLOB"
    )
    good = f"ts_guid_from_text({text})"
    return (
        f"(CASE WHEN regexp_full_match({value.sql}, '{shape}') THEN {good} WHEN {value.sql} IS "
        f"NOT NULL THEN {wrong} END)"
    )


def _to_date(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family == "text":
        ticks = _parsed(value, to, style)
        return f"ts_date({ticks})"
    if value.type.family in ("datetime", "datetimeoffset"):
        return f"ts_date({moments.ticks_of(value)})"
    raise _refuse(value, to)


def _parsed(value: Typed, to: SqlType, style: int | None) -> str:
    if style not in (None, 0, 20, 21, 23, 120, 121, 126, 112, 25):
        raise unsupported(f"CONVERT of text to {to.name} with style {style}")
    if isinstance(value.literal, str):
        try:
            return f"{moments.parse_moment(value.literal, to.name, to.scale)}::BIGINT"
        except ValueError:
            pass  # raise when it is evaluated, as SQL Server does
    return f"ts_parse_moment({value.sql}, '{to.name}', {to.scale})"


def _to_time(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family == "text":
        return _parsed(value, to, style)
    if value.type.family == "date":
        return f"CASE WHEN {value.sql} IS NOT NULL THEN 0::BIGINT END"
    if value.type.family not in ("time", "datetime", "datetimeoffset"):
        raise _refuse(value, to)
    ticks = value.sql if value.type.family == "time" else f"({moments.ticks_of(value)} % {moments.DAY})"
    scale = 7 if value.type.name == "datetime" else 0 if value.type.name == "smalldatetime" else value.type.scale
    return moments.fit_sql(ticks, to, scale)


def _to_datetime(value: Typed, to: SqlType, style: int | None) -> str:
    family = value.type.family
    if family == "text":
        return _parsed(value, to, style)
    if family == "int" and to.name in ("datetime", "smalldatetime"):
        ticks = f"((CAST({value.sql} AS BIGINT) + {moments.DAYS_1900}) * {moments.DAY})"
        return moments.fit_sql(ticks, to)
    if family not in _DATED:
        raise _refuse(value, to)
    scale = 7 if value.type.name == "datetime" else value.type.scale
    if family == "date" or value.type.name == "smalldatetime":
        scale = 0
    return moments.fit_sql(moments.ticks_of(value), to, scale)


def _to_offset(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family == "text":
        ticks = _parsed(value, to, style)
        offset = f"ts_parse_offset({value.sql})"
        if isinstance(value.literal, str):
            offset = f"ts_parse_offset({text_literal(value.literal)})"
        return f"(CASE WHEN {value.sql} IS NOT NULL THEN {{'t': {ticks}, 'o': {offset}}} END)"
    if value.type.family not in _DATED:
        raise _refuse(value, to)
    scale = 7 if value.type.name == "datetime" else value.type.scale
    if value.type.family == "datetimeoffset":
        fitted = moments.fit_sql(f"({value.sql}).t", to, scale)
        return f"(CASE WHEN {value.sql} IS NOT NULL THEN {{'t': {fitted}, 'o': ({value.sql}).o}} END)"
    fitted = moments.fit_sql(moments.ticks_of(value), to, scale)
    return f"(CASE WHEN {value.sql} IS NOT NULL THEN {{'t': {fitted}, 'o': 0::SMALLINT}} END)"


def _to_xml(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family != "text" or style not in (None, 0):
        raise _refuse(value, to)
    return f"ts_xml_text({value.sql})"


def _to_hierarchy(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family != "text":
        raise _refuse(value, to)
    wrong = failing(6522, quoted("A hierarchyid could not be parsed."), "VARCHAR")
    shape = f"regexp_full_match({value.sql}, '/(-?[0-9]+(\\.-?[0-9]+)*/)*')"
    return f"(CASE WHEN {shape} THEN {value.sql} WHEN {value.sql} IS NOT NULL THEN {wrong} END)"


RULES: dict[str, Callable[[Typed, SqlType, int | None], str]] = {
    "int": _to_int,
    "bit": _to_bit,
    "decimal": _to_decimal,
    "money": _to_money,
    "float": _to_float,
    "text": _to_text,
    "binary": _to_binary,
    "guid": _to_guid,
    "date": _to_date,
    "time": _to_time,
    "datetime": _to_datetime,
    "datetimeoffset": _to_offset,
    "xml": _to_xml,
    "hierarchyid": _to_hierarchy,
}
FROM_VARIANT: list[Callable[[Typed, SqlType, int | None], str]] = []  # filled by variants.py
