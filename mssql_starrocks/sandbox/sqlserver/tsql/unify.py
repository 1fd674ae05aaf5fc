"""The common type of several expressions: data type precedence, lengths, decimal scales."""

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import INT, MAX, SqlType, decimal

_AS_DECIMAL = {"bit": (1, 0), "tinyint": (3, 0), "smallint": (5, 0), "int": (10, 0), "bigint": (19, 0)}
_MONEY = {"money": (19, 4), "smallmoney": (10, 4)}


def decimal_shape(value: Typed) -> tuple[int, int]:
    """Precision and scale of an exact number as an operand; a literal integer counts its digits."""
    kind = value.type
    if isinstance(value.literal, int) and not isinstance(value.literal, bool) and kind.name == "int":
        return len(str(abs(value.literal))), 0
    if kind.family == "decimal":
        return kind.precision, kind.scale
    return _AS_DECIMAL.get(kind.name) or _MONEY[kind.name]


def common_type(values: list[Typed]) -> SqlType:
    """Data type precedence (Transact-SQL); the bare NULL has no say."""
    typed = [value for value in values if not value.is_null]
    if not typed:
        return INT
    best = max(typed, key=lambda value: value.type.rank)
    family = best.type.family
    if family == "decimal":
        return _common_decimal(typed, best.type.name)
    if family in ("text", "binary"):
        return _common_length(typed, best)
    if best.type.name in ("time", "datetime2", "datetimeoffset"):
        scale = max(v.type.scale for v in typed if v.type.name in ("time", "datetime2", "datetimeoffset"))
        if any(value.type.name == "datetime" for value in typed):
            scale = max(scale, 3) if best.type.name != "datetime2" else 7
        return SqlType(best.type.name, scale=scale)
    if best.type.name == "sql_variant":
        raise unsupported("sql_variant among the operands")
    return best.type


def _common_decimal(values: list[Typed], name: str) -> SqlType:
    shapes = [decimal_shape(v) for v in values if v.type.family in ("decimal", "int", "bit", "money")]
    scale = max(s for _, s in shapes)
    whole = max(p - s for p, s in shapes)
    if whole + scale > 38:
        scale = max(38 - whole, 0)
    return decimal(min(whole + scale, 38), scale, name)


def _common_length(values: list[Typed], best: Typed) -> SqlType:
    same = [value for value in values if value.type.family == best.type.family]
    if any(value.type.is_max for value in same):
        name = best.type.name if best.type.name in ("text", "ntext", "image") else _varying(best.type.name)
        return SqlType(name, 0 if name in ("text", "ntext", "image") else MAX, collation=_collation(same))
    lengths = {value.type.length for value in same}
    fixed = all(value.type.name == best.type.name for value in same) and len(lengths) == 1
    name = best.type.name if fixed or best.type.name.startswith(("var", "nvar")) else _varying(best.type.name)
    return SqlType(name, max(lengths), collation=_collation(same))


def _varying(name: str) -> str:
    return {"char": "varchar", "nchar": "nvarchar", "binary": "varbinary"}.get(name, name)


def _collation(values: list[Typed]) -> str:
    best = max(values, key=lambda value: value.collation_rank)
    names = {v.type.collation.lower() for v in values if v.collation_rank == best.collation_rank}
    if best.type.family == "text" and len(names) > 1 and best.collation_rank:
        raise SqlError(468, "Cannot resolve the collation conflict between the operands.")
    return best.type.collation


def unified(values: list[Typed]) -> tuple[list[Typed], SqlType]:
    kind = common_type(values)
    converted = []
    for value in values:
        lengthened = (
            value.type.family == kind.family == "text"
            and not kind.fixed_length
            and value.type.code_page == kind.code_page
        )
        converted.append(value if lengthened and not value.is_null else convert(value, kind))
    return converted, kind
