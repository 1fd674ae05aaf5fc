"""What a single column may be: type, default (truth topics ddl-type, ddl-default)."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation

from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.rules.names import check_column as check_name
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition
from mssql_starrocks.sandbox.starrocks.sql.types import INTEGERS, TEXTS, SqlType, check_limits

EMPTY = {("JSON", "{}"), ("JSON", "[]"), ("VARBINARY", "")}
RANGE_BITS = {"TINYINT": 7, "SMALLINT": 15, "INT": 31, "BIGINT": 63, "LARGEINT": 127}


def check_column(column: ColumnDefinition, version: tuple[int, int]) -> None:
    check_name(column.name, version)
    if column.type.name == "TIME":
        raise analyzing(f"Type:TIME of column:{column.name} does not support")
    check_limits(column.type)
    if column.default.null and column.nullable is False:
        raise invalid_default(column.name, "")
    if column.auto_increment and column.type.name != "BIGINT":
        raise analyzing("The AUTO_INCREMENT column must be BIGINT")
    if column.default.call:
        _check_call(column.name, column.type, column.default.call)
    if column.default.text is not None:
        _check_default(column.name, column.type, column.default.text, version)


def invalid_default(name: str, why: str) -> SqlError:
    return analyzing(f"Invalid default value for '{name}'" + (f": {why}" if why else ""))


def _check_call(name: str, kind: SqlType, call: str) -> None:
    word = call.partition("(")[0]
    allowed = {"now": ("DATETIME", "DATE"), "[]": ("ARRAY",), "uuid": ("VARCHAR",), "uuid_numeric": ("LARGEINT",)}[word]
    if kind.name not in allowed:
        raise invalid_default(name, f"Default function {word}() for type {kind.name} is not supported")
    if word == "uuid_numeric":
        raise unsupported("uuid_numeric()")


def _check_default(name: str, kind: SqlType, value: str, version: tuple[int, int]) -> None:
    if kind.name in ("JSON", "VARBINARY"):
        if version >= (4, 1):
            if (kind.name, value) not in EMPTY:
                raise unsupported(f"this default of type {kind.name}")
            return
        raise invalid_default(name, f"Cannot add default value for type '{kind.name}'")
    if kind.name in INTEGERS:
        _check_integer(name, kind, value)
    elif kind.name in ("FLOAT", "DOUBLE", "DECIMAL"):
        _check_number(name, kind, value)
    elif kind.name in TEXTS and len(value) > kind.length:
        # in characters, not bytes (facts/starrocks_judged.md B VARCHAR)
        raise invalid_default(name, f"Default value is too long: {value}")
    elif kind.name == "BOOLEAN" and value.lower() not in ("true", "false", "0", "1"):
        raise invalid_default(name, f"Invalid BOOLEAN literal: {value}")
    elif kind.name in ("DATE", "DATETIME"):
        _check_moment(name, kind, value)


def _check_integer(name: str, kind: SqlType, value: str) -> None:
    if not re.fullmatch(r"[-+]?\d+", value):
        raise invalid_default(name, f"Invalid number format: {value}")
    bound = 2 ** RANGE_BITS[kind.name]
    if not -bound <= int(value) < bound:
        raise invalid_default(name, f"Number out of range[{value}]. type: {kind.name}")


def _check_number(name: str, kind: SqlType, value: str) -> None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise invalid_default(name, f"Invalid number format: {value}") from None
    exponent = number.as_tuple().exponent
    if kind.name == "DECIMAL" and isinstance(exponent, int) and -exponent > kind.scale:
        raise invalid_default(name, f"Type {kind.internal} is too narrow to hold {value}")


def _check_moment(name: str, kind: SqlType, value: str) -> None:
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        raise invalid_default(name, f"{kind.name.lower()} literal [{value}] is invalid") from None
