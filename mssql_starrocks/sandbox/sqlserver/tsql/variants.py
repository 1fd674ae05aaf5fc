"""sql_variant: a value with its base type, put in and taken out without loss.

Stored are the name of the base type, its declaration (of text with the collation), the text that CONVERT gives
without a style, and a text from which the value is made again.
"""

from collections.abc import Callable

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.tsql import casts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.functions import function
from mssql_starrocks.sandbox.sqlserver.tsql.texts import fit_text
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, failing, from_value, quoted
from mssql_starrocks.sandbox.sqlserver.types import (
    MAX,
    VARIANT,
    SqlType,
    decimal,
    nvarchar,
    parse_type,
    varbinary,
    variant,
)

_NUMBERS = ("int", "bit", "decimal", "money", "float")
_DATED = ("date", "time", "datetime", "datetimeoffset")
_REBUILT = {
    **{name: SqlType(name) for name in ("tinyint", "smallint", "int", "bigint", "bit", "money", "smallmoney")},
    **{name: SqlType(name) for name in ("real", "float", "date", "datetime", "smalldatetime", "uniqueidentifier")},
    **{name: SqlType(name, scale=7) for name in ("time", "datetime2", "datetimeoffset")},
    **dict.fromkeys(("binary", "varbinary"), varbinary(8000)),
    **dict.fromkeys(("decimal", "numeric"), decimal(38, 0)),  # its digits come from the text
}
_PROPERTIES: dict[str, Callable[[SqlType], tuple[str, str] | None]] = {
    "basetype": lambda kind: ("nvarchar(128)", kind.name),
    "precision": lambda kind: ("int", str(kind.catalog_precision)),
    "scale": lambda kind: ("int", str(kind.catalog_scale)),
    "maxlength": lambda kind: ("int", str(kind.max_length)),
    "collation": lambda kind: ("nvarchar(128)", kind.collation) if kind.family == "text" else None,
}


def to_variant(value: Typed, to: SqlType, style: int | None) -> str:
    kind = value.type
    if kind.is_max or kind.family not in (*_NUMBERS, *_DATED, "text", "binary", "guid") or kind.name == "timestamp":
        raise SqlError(206, f"Operand type clash: {kind.declared()} is incompatible with sql_variant")
    if kind.family == "text" and not kind.unicode and kind.code_page != "cp1252":
        raise unsupported(f"sql_variant of {kind.name} under the collation {kind.collation}")
    base = f"{kind.declared()} {kind.collation}" if kind.family == "text" else kind.declared()
    text = "NULL::VARCHAR" if kind.family == "binary" else convert(value, nvarchar(MAX)).sql
    made = f"{{'kind': '{kind.name}', 'base': '{base}', 'text': {text}, 'exact': {_exact(value)}}}"
    return f"(CASE WHEN {value.sql} IS NOT NULL THEN {made} END)"


def _exact(value: Typed) -> str:
    kind, sql = value.type, value.sql
    if kind.family == "text":
        return sql
    if kind.family in ("binary", "guid"):
        return f"hex({sql})"
    if kind.family == "datetimeoffset":
        return f"(CAST(({sql}).t AS VARCHAR) || ' ' || CAST(({sql}).o AS VARCHAR))"
    if kind.family == "bit":
        return f"CAST(CAST({sql} AS INTEGER) AS VARCHAR)"
    return convert(value, nvarchar(4000)).sql if kind.family == "decimal" else f"CAST({sql} AS VARCHAR)"


def from_variant(value: Typed, to: SqlType, style: int | None) -> str:
    """CAST of a sql_variant to a type that its base type converts to within numbers, dates, text or bytes."""
    if to.family == "text":
        return _as_text(value, to, style)
    group = next((g for g in (_NUMBERS, _DATED, ("binary",), ("guid",)) if to.family in g), ())
    whens = []
    for name, base in _REBUILT.items():
        if base.family not in group:
            continue
        try:
            sql = convert(_rebuilt(value, name, to), to, style).sql
        except SqlError as failure:
            sql = failing(failure.number, quoted(failure.message), to.storage)
        whens.append(f"WHEN '{name}' THEN {sql}")
    if not whens:
        raise unsupported(f"conversion from sql_variant to {to.name}")
    refused = (
        f"'not supported by the sandbox: conversion from sql_variant of ' || ({value.sql}).kind || ' to {to.name}'"
    )
    other = failing(50000, refused, to.storage)
    return f"(CASE ({value.sql}).kind {' '.join(whens)} WHEN NULL THEN NULL ELSE {other} END)"


def _rebuilt(value: Typed, name: str, to: SqlType) -> Typed:
    """The value in its base type; scales are the largest, since the digits are those of the value."""
    # NULL where the base type is another: DuckDB may evaluate a branch of CASE for all values of a dictionary
    kind, exact = _REBUILT[name], f"(CASE WHEN ({value.sql}).kind = '{name}' THEN ({value.sql}).exact END)"
    if name in ("decimal", "numeric"):
        return _rebuilt_decimal(exact, to)
    if kind.family in ("binary", "guid"):
        return Typed(f"unhex({exact})", kind)
    if name == "datetimeoffset":
        ticks, minutes = (f"CAST(split_part({exact}, ' ', {n}) AS {t})" for n, t in ((1, "BIGINT"), (2, "SMALLINT")))
        return Typed(f"{{'t': {ticks}, 'o': {minutes}}}", kind)
    return Typed(f"CAST({exact} AS {kind.storage})", kind)


def _rebuilt_decimal(exact: str, to: SqlType) -> Typed:
    if to.family == "decimal":
        return Typed(f"CAST({exact} AS {to.storage})", to)
    if to.family == "money":
        return Typed(f"CAST({exact} AS DECIMAL(38,4))", decimal(38, 4))
    if to.family in ("float", "bit"):
        return Typed(f"CAST({exact} AS DOUBLE)", SqlType("float"))
    return Typed(f"CAST(split_part({exact}, '.', 1) AS DECIMAL(38,0))", decimal(38, 0))


def _as_text(value: Typed, to: SqlType, style: int | None) -> str:
    if style is not None:
        raise unsupported("CONVERT of sql_variant to text with a style; cast it to its base type first")
    binary = f"({value.sql}).kind IN ('binary', 'varbinary')"
    raw = convert(Typed(f"unhex(CASE WHEN {binary} THEN ({value.sql}).exact END)", varbinary(8000)), to).sql
    shown = fit_text(Typed(f"({value.sql}).text", nvarchar(MAX)), to)
    return f"(CASE WHEN {binary} THEN {raw} ELSE {shown} END)"


casts.RULES["variant"] = to_variant
casts.FROM_VARIANT.append(from_variant)


def variant_property(base: str, name: str) -> str:
    """One property of a declared base type as text, empty where it has none."""
    declared, _, collation = base.partition(" ")
    kind = parse_type(declared)
    found = _PROPERTIES[name](kind.collated(collation) if collation else kind)
    return found[1] if found else ""


@function("SQL_VARIANT_PROPERTY", 2)
def _property(args: list[Typed]) -> Typed:
    value, name = args[0], str(args[1].literal or "").lower()
    if name not in _PROPERTIES:
        raise unsupported(f"SQL_VARIANT_PROPERTY {name}")
    if value.is_null:
        return from_value(Value(VARIANT, None))
    if value.type.family != "variant":
        value = convert(value, VARIANT)
    base = "int" if name in ("precision", "scale", "maxlength") else "nvarchar(128)"
    text = f"nullif(ts_variant_property(({value.sql}).base, '{name}'), '')"
    made = variant(base, "{text}")
    fields = ", ".join(f"'{key}': {text if content == '{text}' else quoted(content)}" for key, content in made.items())
    return Typed(f"(CASE WHEN {text} IS NOT NULL THEN {{{fields}}} END)", VARIANT)
