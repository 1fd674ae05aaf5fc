"""Aggregates with SQL Server's result types, and the window functions built on them."""

from dataclasses import replace

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import FUNCTIONS, compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import BIGINT, FLOAT, INT, MONEY, SqlType, decimal

_RANKING = ("ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE")
_AGGREGATES = ("COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG")


def _operand(nodes: list[exp.Expression], scope: Scope, name: str) -> tuple[Typed, bool]:
    if len(nodes) != 1:
        raise SqlError(174, f"The {name} function requires 1 argument(s).", 15)
    node, distinct = nodes[0], False
    if isinstance(node, exp.Distinct):
        node, distinct = node.expressions[0], True
    if any(str(call.this).upper() in _AGGREGATES for call in node.find_all(exp.Anonymous)):
        raise SqlError(
            130, "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.", 15
        )
    inner = replace(scope, in_aggregate=True)
    return compile_value(node, inner), distinct


def _count(nodes: list[exp.Expression], scope: Scope, kind: SqlType) -> Typed:
    if len(nodes) == 1 and isinstance(nodes[0], exp.Star):
        return Typed(_counted("count(*)", kind), kind, False)
    value, distinct = _operand(nodes, scope, "COUNT")
    if distinct:
        return Typed(_counted(f"count(DISTINCT {texts.key(value)})", kind), kind, False)
    return Typed(_counted(f"count({value.sql})", kind), kind, False)


def _counted(sql: str, kind: SqlType) -> str:
    return sql if kind is BIGINT else f"CAST({sql} AS INTEGER)"


def _sum_type(kind: SqlType) -> SqlType:
    """SUM (Transact-SQL): return types."""
    if kind.family == "int":
        return BIGINT if kind.name == "bigint" else INT
    if kind.family == "decimal":
        return decimal(38, kind.scale, kind.name)
    if kind.family == "money":
        return MONEY
    if kind.family == "float":
        return FLOAT
    raise SqlError(8117, f"Operand data type {kind.name} is invalid for sum operator.")


def _summed(value: Typed, distinct: bool, kind: SqlType) -> str:
    inner = value.sql if kind.family != "float" else f"CAST({value.sql} AS DOUBLE)"
    if kind.family in ("decimal", "money"):
        inner = f"CAST({value.sql} AS DECIMAL(38,{value.type.scale if kind.family == 'decimal' else 4}))"
    return f"sum({'DISTINCT ' if distinct else ''}{inner})"


def _sum(nodes: list[exp.Expression], scope: Scope) -> Typed:
    value, distinct = _operand(nodes, scope, "SUM")
    kind = _sum_type(value.type)
    total = _summed(value, distinct, kind)
    if kind.family == "money":
        return convert(Typed(total, decimal(38, 4)), MONEY)
    return Typed(f"CAST({total} AS {kind.storage})", kind)


def _average(nodes: list[exp.Expression], scope: Scope) -> Typed:
    value, distinct = _operand(nodes, scope, "AVG")
    kind = _sum_type(value.type)
    total, count = _summed(value, distinct, kind), f"count({'DISTINCT ' if distinct else ''}{value.sql})"
    if kind.family == "int":
        return Typed(f"CAST(CAST({total} AS {kind.storage}) // nullif({count}, 0) AS {kind.storage})", kind)
    if kind.family == "float":
        return Typed(f"({total} / nullif({count}, 0))", kind)
    if kind.family == "money":
        raise unsupported("AVG of money")
    scale = max(value.type.scale, 6)
    shifted = f"CAST({total} * {10**value.type.scale}::DECIMAL({value.type.scale + 1},0) AS HUGEINT)"
    quotient = f"({shifted} * {10 ** (scale - value.type.scale)}::HUGEINT // nullif({count}, 0))"
    digits = f"CAST(CAST({quotient} AS DECIMAL(38,0)) AS VARCHAR)"
    if value.type.precision + scale > 38:
        raise unsupported("AVG of a decimal with so many digits")
    return Typed(f"CAST(ts_point({digits}, {scale}) AS DECIMAL(38,{scale}))", decimal(38, scale, kind.name))


def _extreme(nodes: list[exp.Expression], scope: Scope, name: str) -> Typed:
    value, _ = _operand(nodes, scope, name.upper())
    family = value.type.family
    if family == "bit":
        raise SqlError(8117, f"Operand data type bit is invalid for {name} operator.")
    key = texts.key(value, ordered=True)
    if key == value.sql:
        return Typed(f"{name}({value.sql})", value.type, True, value.collation_rank)
    return Typed(f"arg_{name}({value.sql}, {key})", value.type, True, value.collation_rank)


FUNCTIONS.update(
    {
        "COUNT": lambda nodes, scope: _count(nodes, scope, INT),
        "COUNT_BIG": lambda nodes, scope: _count(nodes, scope, BIGINT),
        "SUM": _sum,
        "AVG": _average,
        "MIN": lambda nodes, scope: _extreme(nodes, scope, "min"),
        "MAX": lambda nodes, scope: _extreme(nodes, scope, "max"),
    }
)


def compile_window(node: exp.Expression, scope: Scope) -> Typed:
    """ROW_NUMBER, RANK, DENSE_RANK, NTILE, and COUNT, MIN, MAX, SUM over a partition."""
    call = node.this
    name = str(call.this).upper() if isinstance(call, exp.Anonymous) else ""
    if node.args.get("spec") is not None or node.args.get("first") is not None:
        raise unsupported("ROWS or RANGE in OVER")
    order = node.args.get("order")
    window = _window(node, scope)
    if name in _RANKING:
        if order is None:
            raise SqlError(4112, f"The function '{name}' must have an OVER clause with ORDER BY.")
        inside = ""
        if name == "NTILE":
            inside = f"CAST({compile_value(call.expressions[0], scope).sql} AS BIGINT)"
        return Typed(f"({name.lower()}({inside}) OVER ({window}))", BIGINT, False)
    if name not in ("COUNT", "COUNT_BIG") or order is not None:
        raise unsupported(f"{name} OVER")
    value = FUNCTIONS[name](call.expressions, scope)
    counted = value.sql.removeprefix("CAST(").removesuffix(" AS INTEGER)")
    return Typed(_counted(f"({counted} OVER ({window}))", value.type), value.type, False)


def _window(node: exp.Expression, scope: Scope) -> str:
    parts = []
    if node.args.get("partition_by"):
        keys = [texts.key(compile_value(part, scope)) for part in node.args["partition_by"]]
        parts.append("PARTITION BY " + ", ".join(keys))
    if node.args.get("order") is not None:
        keys = []
        for term in node.args["order"].expressions:
            direction = "DESC NULLS LAST" if term.args.get("desc") else "ASC NULLS FIRST"
            inner = term.this
            if isinstance(inner, exp.Subquery):  # ORDER BY (SELECT NULL): any order
                keys.append("1")
                continue
            keys.append(f"{texts.key(compile_value(inner, scope), ordered=True)} {direction}")
        parts.append("ORDER BY " + ", ".join(keys))
    return " ".join(parts)
