"""The table of StarRocks functions: how one is registered and called. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed, is_integer
from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import BIGINT, BOOLEAN, VARCHAR


@dataclass(frozen=True)
class Context:
    mode: CastMode
    time_zone: str


Builder = Callable[[list[Typed], Context], Typed]


@dataclass(frozen=True)
class Function:
    build: Builder
    least: int
    most: int


FUNCTIONS: dict[str, Function] = {}
ANY = 10_000


def function(names: str, least: int, most: int | None = None) -> Callable[[Builder], Builder]:
    def register(build: Builder) -> Builder:
        for name in names.split():
            FUNCTIONS[name] = Function(build, least, least if most is None else most)
        return build

    return register


def no_such_function(name: str, args: list[Typed]) -> SqlError:
    signature = ", ".join(arg.type.plain for arg in args)
    return analyzing(
        f"No matching function with signature: {name.lower()}({signature}), or not supported by the sandbox"
    )


def call(name: str, args: list[Typed], context: Context) -> Typed:
    found = FUNCTIONS.get(name)
    if found is None or not found.least <= len(args) <= found.most:
        raise no_such_function(name, args)
    return found.build(args, context)


def text(value: Typed) -> str:
    return casts.text(value)


def whole(value: Typed, context: Context) -> str:
    """An argument that must be a number of characters, digits .."""
    if not is_integer(value.type):
        raise unsupported(f"{value.type.plain} where a function wants an integer")
    return casts.cast(value, BIGINT, context.mode).sql


def varchar(sql: str) -> Typed:
    return Typed(sql, VARCHAR)


def condition(value: Typed) -> str:
    """A value where a truth is wanted."""
    if value.type.name in ("BOOLEAN", "NULL"):
        return value.sql if value.type == BOOLEAN else "CAST(NULL AS BOOLEAN)"
    if value.type.is_numeric:
        return f"({value.sql} <> 0)"
    raise unsupported(f"{value.type.plain} as a condition")
