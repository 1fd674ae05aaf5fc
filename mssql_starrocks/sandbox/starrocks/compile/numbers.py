"""Functions on numbers."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.functions import Builder, Context, function, no_such_function
from mssql_starrocks.sandbox.starrocks.compile.typed import NEXT_INTEGER, Typed, common_number, is_integer
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import (
    BIGINT,
    DOUBLE,
    FLOAT,
    INTEGERS,
    LARGEINT,
    NULL,
    SqlType,
)  # fmt: skip


@function("ABS", 1)
def _abs(args: list[Typed], context: Context) -> Typed:
    have = args[0].type
    if have.name == "BIGINT":
        to = LARGEINT
    elif is_integer(have):
        to = SqlType(NEXT_INTEGER.get(have.name, have.name))
    elif have.is_numeric:
        to = have
    else:
        raise no_such_function("abs", args)
    return Typed(f"abs({casts.cast(args[0], to, context.mode).sql})", to)


@function("FLOOR", 1)
def _floor(args: list[Typed], context: Context) -> Typed:
    return Typed(f"CAST(floor({casts.cast(args[0], DOUBLE, context.mode).sql}) AS BIGINT)", BIGINT)


@function("CEIL CEILING", 1)
def _ceil(args: list[Typed], context: Context) -> Typed:
    return Typed(f"CAST(ceil({casts.cast(args[0], DOUBLE, context.mode).sql}) AS BIGINT)", BIGINT)


@function("ROUND", 1, 2)
def _round(args: list[Typed], context: Context) -> Typed:
    have = args[0].type
    written = (args[1].constant or "") if len(args) == 2 else "0"
    digits = int(written) if written.isdigit() else 0
    if not written.isdigit():
        raise unsupported("round() with digits that are not a literal")
    if have.name == "DECIMAL":
        to = SqlType("DECIMAL", 38, min(digits, have.scale))
        return Typed(f"CAST(round({args[0].sql}, {digits}) AS {to.duck})", to)
    if have.name in ("FLOAT", "DOUBLE"):
        rounded = f"round({args[0].sql}, {digits})"
        return Typed(rounded, DOUBLE) if len(args) == 2 else Typed(f"CAST({rounded} AS BIGINT)", BIGINT)
    raise unsupported(f"round({have.plain})")


@function("MOD", 2)
def modulo(args: list[Typed], context: Context) -> Typed:
    if not all(arg.type.is_numeric or arg.type == NULL for arg in args):
        raise unsupported("mod() of anything but numbers")
    both = common_number(*[arg.type if arg.type != NULL else BIGINT for arg in args])
    left, right = (casts.cast(arg, both, context.mode).sql for arg in args)
    return Typed(f"({left} % nullif({right}, 0))", both)


def bits(duck: str) -> Builder:
    def build(args: list[Typed], context: Context) -> Typed:
        if not all(arg.type.name in INTEGERS for arg in args):
            raise unsupported("bit operations on anything but integers")
        both = common_number(args[0].type, args[1].type)
        left, right = (casts.cast(arg, both, context.mode).sql for arg in args)
        return Typed(f"xor({left}, {right})" if duck == "xor" else f"({left} {duck} {right})", both)

    return build


for _names, _duck in (("BITAND", "&"), ("BITOR", "|"), ("BITXOR", "xor")):
    function(_names, 2)(bits(_duck))


def _double(value: Typed, context: Context) -> str:
    return casts.cast(value, DOUBLE, context.mode).sql


@function("SIGN", 1)
def _sign(args: list[Typed], context: Context) -> Typed:
    """FLOAT (docs.starrocks.io sign); NaN is neither above nor below 0."""
    value = _double(args[0], context)
    return Typed(f"CAST(CASE WHEN isnan({value}) THEN 0 ELSE sign({value}) END AS FLOAT)", FLOAT)


@function("LOG2", 1)
def _log2(args: list[Typed], context: Context) -> Typed:
    """ln(x) / ln(2), as the back end computes it: not exact at every power of two (be/src/exprs/math_functions.cpp)."""
    # NULL say the docs, -inf says the back end's code
    zero = "error('not supported by the sandbox: log2(0)')"
    log = f"CASE WHEN v < 0 OR isnan(v) THEN NULL WHEN v = 0 THEN {zero} ELSE ln(v) / ln(CAST(2 AS DOUBLE)) END"
    return Typed(_once(_double(args[0], context), log), DOUBLE)


@function("RAND RANDOM", 0)
def _rand(args: list[Typed], context: Context) -> Typed:
    return Typed("random()", DOUBLE, nullable=False)


@function("POW POWER DPOW FPOW", 2)
def _pow(args: list[Typed], context: Context) -> Typed:
    """NULL for what is no finite number; squares and reciprocals are plain arithmetic, as in the back end."""
    base, exponent = (_double(arg, context) for arg in args)
    power = (
        f"CASE WHEN v = 2 THEN {base} * {base} WHEN v = -1 THEN CAST(1 AS DOUBLE) / nullif({base}, 0) "
        f"ELSE pow({base}, v) END"
    )
    return Typed(_once(_once(exponent, power), "CASE WHEN isfinite(v) THEN v END"), DOUBLE)


def _once(value: str, body: str) -> str:
    """`body` over `v`: a long expression written several times would be computed as often inside a CASE."""
    return f"list_transform([{value}], lambda v: {body})[1]"
