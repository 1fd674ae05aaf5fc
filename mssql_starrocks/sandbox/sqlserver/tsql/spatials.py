"""geometry and geography in expressions: static methods, methods, STSrid, conversion of text."""

from collections.abc import Callable

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import casts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import METHODS, PROPERTIES, VALUES, compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import FLOAT, INT, MAX, SqlType, nvarchar, varbinary

_DEFAULT_SRID = {"geometry": 0, "geography": 4326}


def _static(node: exp.Expression, scope: Scope) -> Typed:
    kind, call = node.this.name.lower(), node.expression
    if kind not in _DEFAULT_SRID or not isinstance(call, exp.Anonymous):
        raise unsupported(f"{node.sql(dialect='tsql')[:60]}")
    name, arguments = str(call.this), [compile_value(argument, scope) for argument in call.expressions]
    maker = _MAKERS.get((name, len(arguments)))
    if maker is None:
        raise unsupported(f"{kind}::{name} with {len(arguments)} arguments")
    return Typed(maker(kind, arguments), SqlType(kind))


def _from_text(kind: str, arguments: list[Typed]) -> str:
    text, number = convert(arguments[0], nvarchar(MAX)), convert(arguments[1], INT)
    return f"ts_spatial_from_text({text.sql}, {number.sql}, '{kind}')"


def _parse(kind: str, arguments: list[Typed]) -> str:
    text = convert(arguments[0], nvarchar(MAX))
    return f"ts_spatial_from_text({text.sql}, {_DEFAULT_SRID[kind]}, '{kind}')"


def _from_binary(kind: str, arguments: list[Typed]) -> str:
    raw, number = convert(arguments[0], varbinary(MAX)), convert(arguments[1], INT)
    return f"ts_spatial_from_binary({raw.sql}, {number.sql}, '{kind}')"


def _point(kind: str, arguments: list[Typed]) -> str:
    """geometry::Point(X, Y, SRID), geography::Point(Lat, Long, SRID)."""
    x, y = (convert(argument, FLOAT).sql for argument in arguments[:2])
    if kind == "geography":
        x, y = y, x
    text = f"format('POINT ({{}} {{}})', CAST({x} AS VARCHAR), CAST({y} AS VARCHAR))"
    return f"ts_spatial_from_text({text}, {convert(arguments[2], INT).sql}, '{kind}')"


_MAKERS: dict[tuple[str, int], Callable[[str, list[Typed]], str]] = {
    ("STGeomFromText", 2): _from_text,
    ("STGeomFromWKB", 2): _from_binary,
    ("Parse", 1): _parse,
    ("Point", 3): _point,
}


def _to_spatial(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family != "text":
        raise SqlError(206, f"Operand type clash: {value.type.name} is incompatible with {to.name}")
    return _parse(to.name, [value])


def _text(marks: bool) -> Callable[[Typed], Typed]:
    return lambda value: Typed(f"ts_spatial_text({value.sql}, {marks})", nvarchar(MAX), True)


def _binary(marks: bool) -> Callable[[Typed], Typed]:
    return lambda value: Typed(f"ts_spatial_binary({value.sql}, {marks})", varbinary(MAX), True)


VALUES[exp.ScopeResolution] = _static
casts.RULES["spatial"] = _to_spatial
METHODS["spatial"] = {
    "STAsText": _text(False),
    "AsTextZM": _text(True),
    "ToString": _text(True),
    "STAsBinary": _binary(False),
    "AsBinaryZM": _binary(True),
}
PROPERTIES["spatial"] = {"STSrid": lambda value: Typed(f"ts_spatial_srid({value.sql})", INT, True)}
