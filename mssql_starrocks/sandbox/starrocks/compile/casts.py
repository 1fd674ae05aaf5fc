"""CAST between StarRocks types as DuckDB text: NULL for what does not fit, or an error, as sql_mode says."""

from __future__ import annotations

import datetime
import re

from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed
from mssql_starrocks.sandbox.starrocks.errors import plain, unsupported
from mssql_starrocks.sandbox.starrocks.json_text import JSON_FUNCTION
from mssql_starrocks.sandbox.starrocks.sql.types import FLOATS, INTEGERS, TEXTS, SqlType

INTEGER_TEXT = r"^\s*([-+]?[0-9]+)\s*$"
NUMBER_TEXT = r"^\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*$"
TIME_TEXT = r"^\s*([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ T][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]{1,6})?)?)\s*$"
COMPACT_DATE = r"^\s*([0-9]{4})([0-9]{2})([0-9]{2})\s*$"


def cast(value: Typed, to: SqlType, mode: CastMode) -> Typed:
    """`value` as `to`; texts are never cut (facts/starrocks_judged.md B)."""
    have = value.type
    if have == to:
        return value
    if have.name == "NULL":
        return Typed(f"CAST(NULL AS {to.duck})", to)
    sql = _dispatch(value, to, mode)
    nullable = value.nullable or (have.name, to.name) not in _LOSSLESS
    return Typed(sql, to, value.constant if to.name in TEXTS and have.name in TEXTS else None, nullable=nullable)


_LOSSLESS = {(have, to) for at, have in enumerate(INTEGERS) for to in INTEGERS[at:]} | {
    (have, to) for have in (*TEXTS, *INTEGERS, "DECIMAL", "BOOLEAN", "DATE", "DATETIME") for to in TEXTS
}


def _dispatch(value: Typed, to: SqlType, mode: CastMode) -> str:
    have, sql = value.type, value.sql
    if to.name in TEXTS:
        return text(value)
    if to.name in INTEGERS:
        return _integer(value, to, mode)
    if to.name in FLOATS and (have.is_numeric or have.name in TEXTS):
        return _attempt(_number(value), to, mode.throw)
    if to.name == "DECIMAL" and (have.is_numeric or have.name in TEXTS):
        return _attempt(_number(value), to, mode.overflow)
    if to.name in ("DATE", "DATETIME"):
        return _moment(value, to, mode)
    if to.name == "BOOLEAN":
        return _boolean(value, mode)
    if to.name == "VARBINARY" and have.name == "VARBINARY":
        return sql
    if to.name == "VARBINARY" and have.name in TEXTS:
        return f"encode({sql})"
    if to.name == "JSON" and have.name in TEXTS:
        otherwise = f"CASE WHEN {sql} IS NOT NULL THEN error('cast to JSON failed') END"
        return f"coalesce({JSON_FUNCTION}({sql}), {otherwise})" if mode.throw else f"{JSON_FUNCTION}({sql})"
    raise unsupported(f"CAST from {have.plain} to {to.plain}")


def _attempt(sql: str, to: SqlType, throws: bool) -> str:
    return f"{'CAST' if throws else 'TRY_CAST'}({sql} AS {to.duck})"


def _number(value: Typed) -> str:
    if value.type.name in TEXTS:
        return f"regexp_extract({value.sql}, '{NUMBER_TEXT}', 1)"
    return f"CAST({value.sql} AS TINYINT)" if value.type.name == "BOOLEAN" else value.sql


def _integer(value: Typed, to: SqlType, mode: CastMode) -> str:
    have, sql = value.type.name, value.sql
    if value.integer:
        return _attempt(value.integer, to, mode.throw)
    if have in (*INTEGERS, "BOOLEAN"):
        return _attempt(sql, to, mode.throw)
    if have in (*FLOATS, "DECIMAL"):
        return _attempt(f"trunc({sql})", to, mode.throw)
    if have in TEXTS:
        return _attempt(f"regexp_extract({sql}, '{INTEGER_TEXT}', 1)", to, mode.throw)
    if have == "DATE":
        return _attempt(f"strftime({sql}, '%Y%m%d')", to, mode.throw)
    if have == "DATETIME":
        return _attempt(f"strftime({sql}, '%Y%m%d%H%M%S')", to, mode.throw)
    raise unsupported(f"CAST from {value.type.plain} to {to.plain}")


def _moment(value: Typed, to: SqlType, mode: CastMode) -> str:
    have, sql = value.type.name, value.sql
    if have in ("DATE", "DATETIME"):
        return f"CAST({sql} AS {to.duck})"
    if have in INTEGERS:
        sql = f"CAST({sql} AS VARCHAR)"
    elif have not in TEXTS:
        raise unsupported(f"CAST from {value.type.plain} to {to.plain}")
    if mode.invalid_date and value.constant is not None and have in TEXTS:
        _check_constant(value.constant, to)
    shaped = f"regexp_extract(regexp_replace({sql}, '{COMPACT_DATE}', '\\1-\\2-\\3'), '{TIME_TEXT}', 1)"
    moment = f"{'CAST' if mode.throw else 'TRY_CAST'}({shaped} AS TIMESTAMP)"
    return f"CAST({moment} AS DATE)" if to.name == "DATE" else moment


def _check_constant(text: str, to: SqlType) -> None:
    """FORBID_INVALID_DATE looks at constants of the plan only (facts/starrocks_judged.md A1)."""
    found = re.match(r"\s*(\d{4})-?(\d{1,2})-?(\d{1,2})", text)
    try:
        if found is None:
            raise ValueError(text)
        datetime.date(*map(int, found.groups()))
    except ValueError:
        raise plain(f"Incorrect {to.name} value {text}") from None


def _boolean(value: Typed, mode: CastMode) -> str:
    if value.type.is_numeric:
        return f"({value.sql} <> 0)"
    if value.type.name not in TEXTS:
        raise unsupported(f"CAST from {value.type.plain} to boolean")
    otherwise = " ELSE error('cast to BOOLEAN failed')" if mode.throw else ""
    truths = "WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE"
    # coalesce keeps NULL apart from a text that is no boolean
    nulls = "WHEN '' THEN NULL " if mode.throw else ""
    return f"CASE lower(trim(coalesce({value.sql}, ''))) {nulls}{truths}{otherwise} END"


def text(value: Typed) -> str:
    """StarRocks' text form (truth function-072..087)."""
    name, sql = value.type.name, value.sql
    if name in TEXTS:
        return sql
    if name == "JSON":
        # a JSON string loses its quotes (be/src/exprs/cast_expr_json.cpp)
        return f"CASE WHEN starts_with({sql}, '\"') THEN json_extract_string({sql}, '$') ELSE {sql} END"
    if name == "NULL":
        return "CAST(NULL AS VARCHAR)"
    if name == "BOOLEAN":
        return f"CAST(CAST({sql} AS TINYINT) AS VARCHAR)"
    if name in FLOATS:
        return f"regexp_replace(CAST({sql} AS VARCHAR), '\\.0$', '')"
    if name == "DATETIME":
        return f"regexp_replace(strftime({sql}, '%Y-%m-%d %H:%M:%S.%f'), '\\.000000$', '')"
    if name == "DATE":
        return f"strftime({sql}, '%Y-%m-%d')"
    if name == "DECIMAL" and value.type.length == value.type.scale:
        # DuckDB writes .50
        return f"regexp_replace(CAST({sql} AS VARCHAR), '^(-?)\\.', '\\10.')"
    if name == "VARBINARY":
        if value.constant is not None:
            # judged A18: the front end folds this to the text of a Java array
            raise unsupported("x'..' as text: StarRocks stores garbage here")
        return f"decode({sql})"
    return f"CAST({sql} AS VARCHAR)"
