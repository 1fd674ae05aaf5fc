"""Arithmetic and comparison between typed values."""

from __future__ import annotations

import re

from mssql_starrocks.sandbox.starrocks.compile import casts, numbers
from mssql_starrocks.sandbox.starrocks.compile.casts import NUMBER_TEXT
from mssql_starrocks.sandbox.starrocks.compile.functions import Context
from mssql_starrocks.sandbox.starrocks.compile.typed import (
    Typed,
    as_decimal,
    common_number,
    common_type,
    decimal,
    is_integer,
    promoted,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import (
    BIGINT,
    BOOLEAN,
    DATETIME,
    DOUBLE,
    NULL,
    TEXTS,
    TINYINT,
    SqlType,
)  # fmt: skip

SMALL = decimal(9, 0)  # a TINYINT among decimals (truth ddl-ctas-like-023)
COMPARE = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "<=>": "IS NOT DISTINCT FROM"}


def binary(op: str, left: Typed, right: Typed, context: Context) -> Typed:
    if op in COMPARE:
        return compare(op, left, right, context)
    if op in ("&", "|"):
        return numbers.bits(op)([left, right], context)
    if op == "%":
        return numbers.modulo([left, right], context)
    left, right = _number(left), _number(right)
    if op == "/":
        return _divide(left, right, context)
    if op == "DIV":
        if not (is_integer(left.type) and is_integer(right.type)):
            raise unsupported("DIV of anything but integers")
        to = common_number(left.type, right.type)
        sides = (casts.cast(side, to, context.mode).sql for side in (left, right))
        dividend, divisor = sides
        return Typed(f"({dividend} // nullif({divisor}, 0))", to)
    return _arithmetic(op, left, right, context)


def _number(value: Typed) -> Typed:
    if value.type == NULL:
        return Typed("CAST(NULL AS BIGINT)", BIGINT)
    if value.type.name in TEXTS:
        return Typed(f"TRY_CAST({value.sql} AS DOUBLE)", DOUBLE)
    if not value.type.is_numeric:
        raise unsupported(f"arithmetic on {value.type.plain}")
    return value


def _divide(left: Typed, right: Typed, context: Context) -> Typed:
    if "DECIMAL" in (left.type.name, right.type.name) and DOUBLE not in (left.type, right.type):
        raise unsupported("division of decimals: StarRocks' scale rules; CAST to DOUBLE or use div")
    dividend, divisor = (casts.cast(side, DOUBLE, context.mode).sql for side in (left, right))
    return Typed(f"({dividend} / nullif({divisor}, 0))", DOUBLE)


def _arithmetic(op: str, left: Typed, right: Typed, context: Context) -> Typed:
    """An overflow is an error here where StarRocks wraps around."""
    if is_integer(left.type) and is_integer(right.type):
        to = promoted(left.type, right.type)
    elif "DECIMAL" in (left.type.name, right.type.name) and not {"DOUBLE", "FLOAT"} & {left.type.name, right.type.name}:
        return _decimals(op, left, right, context)
    else:
        to = DOUBLE
    one, two = (casts.cast(side, to, context.mode).sql for side in (left, right))
    return Typed(f"({one} {op} {two})", to)


def _decimals(op: str, left: Typed, right: Typed, context: Context) -> Typed:
    first, second = (SMALL if side.type == TINYINT else as_decimal(side.type) for side in (left, right))
    if op == "*":
        precision, scale = first.length + second.length, first.scale + second.scale
    else:
        scale = max(first.scale, second.scale)
        precision = max(first.length - first.scale, second.length - second.scale) + scale + 1
    if op == "*" and precision > 38:
        raise unsupported(f"{first.plain} * {second.plain}: more than 38 digits")
    to = decimal(precision, scale)
    one = casts.cast(left, first, context.mode).sql
    two = casts.cast(right, second, context.mode).sql
    return Typed(f"CAST({one} {op} {two} AS {to.duck})", to)


def compare(op: str, left: Typed, right: Typed, context: Context) -> Typed:
    to = comparable(left, right)
    if to.name in ("JSON",):
        raise unsupported("comparing JSON")
    one, two = (casts.cast(side, to, context.mode).sql for side in (left, right))
    nullable = op != "<=>" and (left.nullable or right.nullable)
    return Typed(f"({one} {COMPARE[op]} {two})", BOOLEAN, nullable=nullable)


def comparable(left: Typed, right: Typed) -> SqlType:
    """The type two values are compared in."""
    names = {left.type.name, right.type.name}
    texts = names & set(TEXTS)
    moments = names & {"DATE", "DATETIME"}
    if texts and moments:
        return DATETIME
    if texts and (left.type.is_numeric or right.type.is_numeric):
        text = left if left.type.name in TEXTS else right
        if text.constant is None or not re.fullmatch(NUMBER_TEXT[1:-1], text.constant):
            raise unsupported("comparing text with numbers; CAST one side")
        return DOUBLE
    return common_type(left.type, right.type)
