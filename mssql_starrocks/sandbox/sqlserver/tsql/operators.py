"""Arithmetic with SQL Server's result types, text concatenation, comparisons."""

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert, overflow
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.tsql.unify import common_type, decimal_shape
from mssql_starrocks.sandbox.sqlserver.types import MAX, OPAQUE, SqlType, decimal, nvarchar, varbinary, varchar

_NUMERIC = ("int", "bit", "decimal", "money", "float")
_TICKED = ("date", "datetime")


def arithmetic(operator: str, left: Typed, right: Typed) -> Typed:
    """left operator right for + - * / %."""
    left, right = _null_as(left, right), _null_as(right, left)
    families = {left.type.family, right.type.family}
    if operator == "+" and families <= {"text"}:
        return concatenate(left, right)
    if operator == "+" and families == {"binary"}:
        size = left.type.length + right.type.length
        kind = varbinary(MAX if left.type.is_max or right.type.is_max else min(size, 8000))
        return Typed(f"({left.sql} || {right.sql})", kind)
    if "text" in families:
        other = right if left.type.family == "text" else left
        if other.type.family not in ("int", "float", "decimal", "money") or operator == "%":
            raise unsupported(f"{left.type.name} {operator} {right.type.name}")
        kind = other.type
        if kind.family == "decimal":
            raise unsupported("text in decimal arithmetic")
        left, right = convert(left, kind), convert(right, kind)
        families = {kind.family}
    if not families <= set(_NUMERIC) or families == {"bit"}:
        raise unsupported(f"{left.type.name} {operator} {right.type.name}")
    return _numeric(operator, left, right)


def _null_as(value: Typed, other: Typed) -> Typed:
    return convert(value, other.type) if value.is_null and not other.is_null else value


def concatenate(left: Typed, right: Typed) -> Typed:
    kind = common_type([left, right])
    one, two = _as_part(left, kind), _as_part(right, kind)
    unbounded = left.type.is_max or right.type.is_max
    size = left.type.length + right.type.length
    limit = 4000 if kind.unicode else 8000
    make = nvarchar if kind.unicode else varchar
    result = make(MAX if unbounded else min(size, limit), kind.collation)
    sql = _joined(one, two) if kind.unicode else f"({one.sql} || {two.sql})"
    if not unbounded and size > limit:
        sql = texts.cut(sql, result)
    return Typed(sql, result, left.nullable or right.nullable, max(left.collation_rank, right.collation_rank))


def _as_part(value: Typed, whole: SqlType) -> Typed:
    if whole.unicode:
        return value if value.type.unicode else convert(value, nvarchar(_length(value)))
    same = value.type.code_page == whole.code_page
    return value if same else convert(value, varchar(_length(value), whole.collation))


def _joined(one: Typed, two: Typed) -> str:
    """Halves of a surrogate pair that meet become one character; a valid literal on one side cannot be a half."""
    sql = f"({one.sql} || {two.sql})"
    return sql if any(isinstance(v.literal, str) and _whole(v.literal) for v in (one, two)) else f"ts_joined({sql})"


def _whole(text: str) -> bool:
    return bool(text) and not utf16.is_half(text[0]) and not utf16.is_half(text[-1])


def _length(value: Typed) -> int:
    return MAX if value.type.is_max else value.type.length


def _numeric(operator: str, left: Typed, right: Typed) -> Typed:
    kind = common_type([left, right])
    if kind.family == "int":
        return _integers(operator, left, right, kind)
    if kind.family == "float":
        return _floats(operator, left, right, kind)
    if kind.family == "money":
        if operator not in ("+", "-"):
            raise unsupported(f"money {operator} money")
        inner = f"CAST({left.sql} AS DECIMAL(38,4)) {operator} CAST({right.sql} AS DECIMAL(38,4))"
        return convert(Typed(f"({inner})", decimal(38, 4)), kind)
    return _decimals(operator, left, right, kind.name)


def _integers(operator: str, left: Typed, right: Typed, kind: SqlType) -> Typed:
    one, two = convert(left, kind).sql, convert(right, kind).sql
    symbol = "//" if operator == "/" else operator
    return Typed(f"CAST(({one} {symbol} {two}) AS {kind.storage})", kind, True)


def _floats(operator: str, left: Typed, right: Typed, kind: SqlType) -> Typed:
    if operator == "%":
        raise SqlError(402, "The data types float and float are incompatible in the modulo operator.")
    one, two = convert(left, SqlType("float")).sql, convert(right, SqlType("float")).sql
    if operator == "/":
        zero = "CAST(error('@@8134@@Divide by zero error encountered.') AS DOUBLE)"
        return Typed(
            f"CAST(CASE WHEN {two} = 0 THEN {zero} ELSE {_finite(f'({one} / {two})')} END AS {kind.storage})", kind
        )
    return Typed(f"CAST({_finite(f'({one} {operator} {two})')} AS {kind.storage})", kind)


def _finite(sql: str) -> str:
    """SQL Server has no infinity: error 8115."""
    return f"(CASE WHEN isinf({sql}) THEN {overflow(SqlType('float'))} ELSE {sql} END)"


def _decimals(operator: str, left: Typed, right: Typed, name: str) -> Typed:
    """Precision, scale, and length (Transact-SQL)."""
    (p1, s1), (p2, s2) = decimal_shape(left), decimal_shape(right)
    one = f"CAST({_as_number(left)} AS DECIMAL({p1},{s1}))"
    two = f"CAST({_as_number(right)} AS DECIMAL({p2},{s2}))"
    if operator in ("+", "-"):
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale + 1
        if precision > 38:
            raise unsupported(f"decimal {operator} with a result of more than 38 digits")
        wide = f"DECIMAL({precision},{scale})"
        return Typed(
            f"CAST(CAST({one} AS {wide}) {operator} CAST({two} AS {wide}) AS {wide})", decimal(precision, scale, name)
        )
    if operator == "*":
        precision, scale = p1 + p2 + 1, s1 + s2
        if precision > 38:
            raise unsupported("decimal * with a result of more than 38 digits")
        return Typed(f"CAST(({one} * {two}) AS DECIMAL({precision},{scale}))", decimal(precision, scale, name))
    if operator == "%":
        scale = max(s1, s2)
        precision = min(p1 - s1, p2 - s2) + scale
        wide = f"DECIMAL({min(38, max(p1 - s1, p2 - s2) + scale)},{scale})"
        return Typed(
            f"CAST((CAST({one} AS {wide}) % CAST({two} AS {wide})) AS DECIMAL({precision},{scale}))",
            decimal(precision, scale, name),
        )
    return _divide(one, two, (p1, s1), (p2, s2), name)


def _as_number(value: Typed) -> str:
    return f"CAST({value.sql} AS INTEGER)" if value.type.family == "bit" else value.sql


def _divide(one: str, two: str, first: tuple[int, int], second: tuple[int, int], name: str) -> Typed:
    (p1, s1), (p2, s2) = first, second
    scale = max(6, s1 + p2 + 1)
    precision = p1 - s1 + s2 + scale
    shift = scale - s1 + s2
    if precision > 38 or p1 + shift > 37:
        raise unsupported("decimal / with a result of more than 38 digits")
    top = f"CAST(CAST({one} * {10**s1}::DECIMAL({s1 + 1},0) AS HUGEINT) AS HUGEINT) * {10**shift}::HUGEINT"
    bottom = f"CAST({two} * {10**s2}::DECIMAL({s2 + 1},0) AS HUGEINT)"
    quotient = f"CAST(CAST(({top}) // ({bottom}) AS DECIMAL(38,0)) AS VARCHAR)"
    text = f"ts_point({quotient}, {scale})"
    return Typed(f"CAST({text} AS DECIMAL({precision},{scale}))", decimal(precision, scale, name))


def negate(value: Typed) -> Typed:
    if value.type.family not in ("int", "decimal", "money", "float") or value.type.name == "tinyint":
        raise unsupported(f"- {value.type.name}")
    literal = -value.literal if isinstance(value.literal, int) else None
    return Typed(f"(-{value.sql})", value.type, value.nullable, literal=literal)


def compare(operator: str, left: Typed, right: Typed) -> str:
    """A predicate for = <> < <= > >=."""
    one, two = comparison_keys(operator, left, right)
    return f"({one} {operator} {two})"


def comparison_keys(operator: str, left: Typed, right: Typed) -> tuple[str, str]:
    """What stands for both sides so that DuckDB's comparison gives SQL Server's answer."""
    left, right = _null_as(left, right), _null_as(right, left)
    one, two = left.type.family, right.type.family
    if one == two == "text":
        collation, ordered = texts.common_collation(left, right), operator not in ("=", "<>")
        left, right = _recoded(left, right, collation), _recoded(right, left, collation)
        return texts.key(left, collation, ordered=ordered), texts.key(right, collation, ordered=ordered)
    if one == two and one in ("guid", "binary", "datetimeoffset", "time", "bit", "datetime", "date", "float"):
        return texts.key(left), texts.key(right)
    if {one, two} <= {"int", "bit", "decimal", "money"}:
        return _exact_keys(left, right)
    if {one, two} <= set(_TICKED):
        whole = SqlType("datetime2", scale=7)
        return convert(left, whole).sql, convert(right, whole).sql
    if {one, two} & set(OPAQUE) or "binary" in (one, two):
        raise unsupported(f"{left.type.name} {operator} {right.type.name}")
    kind = common_type([left, right])
    if kind.family == "decimal" and "text" in (one, two):
        raise unsupported("text compared with a decimal")
    return comparison_keys(operator, convert(left, kind), convert(right, kind))


def _recoded(value: Typed, other: Typed, collation: str) -> Typed:
    """Text as Unicode when the other side is, else in the code page of the comparison."""
    if other.type.unicode and not value.type.unicode:
        return convert(value, nvarchar(_length(value), value.type.collation))
    return value if value.type.unicode else convert(value, value.type.collated(collation))


def _exact_keys(left: Typed, right: Typed) -> tuple[str, str]:
    if left.type.family == right.type.family == "int":
        return left.sql, right.sql
    kind = common_type([left, right])
    if kind.family == "decimal":
        shapes = decimal_shape(left), decimal_shape(right)
        if max(p - s for p, s in shapes) + max(s for _, s in shapes) > 38:
            raise unsupported("comparison of decimals beyond 38 digits")
    return convert(left, kind).sql, convert(right, kind).sql
