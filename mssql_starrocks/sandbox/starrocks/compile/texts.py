"""Functions on text."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile.functions import (
    ANY,
    Builder,
    Context,
    function,
    text,
    varchar,
    whole,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed, literal
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import BOOLEAN, INT


@function("CONCAT", 1, ANY)
def _concat(args: list[Typed], context: Context) -> Typed:
    return varchar("(" + " || ".join(text(arg) for arg in args) + ")")


@function("CONCAT_WS", 2, ANY)
def _concat_ws(args: list[Typed], context: Context) -> Typed:
    return varchar(f"concat_ws({', '.join(text(arg) for arg in args)})")


@function("SUBSTR SUBSTRING MID", 2, 3)
def _substr(args: list[Typed], context: Context) -> Typed:
    value, start = text(args[0]), args[1]
    try:
        position = int(start.constant or "")
    except ValueError:
        raise unsupported("substr() with a position that is not an integer literal") from None
    if position == 0:
        return varchar(f"CASE WHEN {value} IS NOT NULL THEN '' END")
    length = f", greatest({whole(args[2], context)}, 0)" if len(args) == 3 else ""
    taken = f"substring({value}, {position}{length})"
    if position > 0:
        return varchar(taken)
    return varchar(f"CASE WHEN length({value}) >= {-position} THEN {taken} WHEN {value} IS NOT NULL THEN '' END")


@function("LEFT STRLEFT", 2)
def _left(args: list[Typed], context: Context) -> Typed:
    return varchar(f"left({text(args[0])}, greatest({whole(args[1], context)}, 0))")


@function("RIGHT STRRIGHT", 2)
def _right(args: list[Typed], context: Context) -> Typed:
    return varchar(f"right({text(args[0])}, greatest({whole(args[1], context)}, 0))")


@function("LENGTH", 1)
def _length(args: list[Typed], context: Context) -> Typed:
    """Bytes, unlike DuckDB's length (facts/starrocks_measured.md 3)."""
    if args[0].type.name == "VARBINARY":
        return Typed(f"CAST(octet_length({args[0].sql}) AS INTEGER)", INT)
    return Typed(f"CAST(strlen({text(args[0])}) AS INTEGER)", INT)


@function("CHAR_LENGTH CHARACTER_LENGTH", 1)
def _char_length(args: list[Typed], context: Context) -> Typed:
    return Typed(f"CAST(length({text(args[0])}) AS INTEGER)", INT)


def _text_function(name: str) -> Builder:
    return lambda args, context: varchar(f"{name}({', '.join(text(arg) for arg in args)})")


for _names, _duck in (("UPPER UCASE", "upper"), ("LOWER LCASE", "lower"), ("REVERSE", "reverse")):
    function(_names, 1)(_text_function(_duck))
for _names, _duck in (("TRIM", "trim"), ("LTRIM", "ltrim"), ("RTRIM", "rtrim")):
    function(_names, 1, 2)(_text_function(_duck))
function("REPLACE", 3)(_text_function("replace"))


@function("LPAD", 2, 3)
def _lpad(args: list[Typed], context: Context) -> Typed:
    return _pad("lpad", args, context)


@function("RPAD", 2, 3)
def _rpad(args: list[Typed], context: Context) -> Typed:
    return _pad("rpad", args, context)


def _pad(name: str, args: list[Typed], context: Context) -> Typed:
    pad = args[2].constant if len(args) == 3 else " "
    if not pad:
        raise unsupported(f"{name}() with a pad that is not a non-empty literal")
    size = whole(args[1], context)
    return varchar(f"CASE WHEN {size} >= 0 THEN {name}({text(args[0])}, CAST({size} AS INTEGER), {literal(pad)}) END")


@function("REPEAT", 2)
def _repeat(args: list[Typed], context: Context) -> Typed:
    return varchar(f"repeat({text(args[0])}, greatest({whole(args[1], context)}, 0))")


@function("INSTR", 2)
def _instr(args: list[Typed], context: Context) -> Typed:
    return Typed(f"CAST(instr({text(args[0])}, {text(args[1])}) AS INTEGER)", INT)


@function("STARTS_WITH", 2)
def _starts_with(args: list[Typed], context: Context) -> Typed:
    return Typed(f"starts_with({text(args[0])}, {text(args[1])})", BOOLEAN)


@function("ENDS_WITH", 2)
def _ends_with(args: list[Typed], context: Context) -> Typed:
    return Typed(f"ends_with({text(args[0])}, {text(args[1])})", BOOLEAN)
