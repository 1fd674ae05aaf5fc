"""Functions that choose between values."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.functions import ANY, Builder, Context, condition, function
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed, common_type
from mssql_starrocks.sandbox.starrocks.sql.types import BOOLEAN, NULL


@function("IF", 3)
def _if(args: list[Typed], context: Context) -> Typed:
    both = common_type(args[1].type, args[2].type)
    left, right = (casts.cast(arg, both, context.mode).sql for arg in args[1:])
    return Typed(f"CASE WHEN {condition(args[0])} THEN {left} ELSE {right} END", both)


@function("IFNULL NVL", 2)
def _ifnull(args: list[Typed], context: Context) -> Typed:
    return _coalesce(args, context)


@function("COALESCE", 1, ANY)
def _coalesce(args: list[Typed], context: Context) -> Typed:
    together = NULL
    for arg in args:
        together = common_type(together, arg.type)
    nullable = all(arg.nullable for arg in args)
    parts = ", ".join(casts.cast(arg, together, context.mode).sql for arg in args)
    return Typed(f"coalesce({parts})", together, nullable=nullable)


@function("NULLIF", 2)
def _nullif(args: list[Typed], context: Context) -> Typed:
    both = common_type(args[0].type, args[1].type)
    left, right = (casts.cast(arg, both, context.mode).sql for arg in args)
    return Typed(f"nullif({left}, {right})", both)


@function("ISNULL", 1)
def _isnull(args: list[Typed], context: Context) -> Typed:
    return Typed(f"({args[0].sql} IS NULL)", BOOLEAN, nullable=False)


def _extreme(name: str) -> Builder:
    def build(args: list[Typed], context: Context) -> Typed:
        together = NULL
        for arg in args:
            together = common_type(together, arg.type)
        parts = [casts.cast(arg, together, context.mode).sql for arg in args]
        missing = " OR ".join(f"{part} IS NULL" for part in parts)
        return Typed(f"CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(parts)}) END", together)

    return build


function("GREATEST", 1, ANY)(_extreme("greatest"))
function("LEAST", 1, ANY)(_extreme("least"))
