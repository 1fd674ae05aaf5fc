"""Expressions and predicates: one function per allowed node of the syntax tree; any other node is refused."""

import decimal as decimals
import math
import re
from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import code_pages, utf16
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import operators, texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import COLUMN, EXPLICIT, Typed, from_value, text_literal
from mssql_starrocks.sandbox.sqlserver.tsql.unify import unified
from mssql_starrocks.sandbox.sqlserver.types import (
    FLOAT,
    INT,
    MONEY,
    SqlType,
    decimal,
    nvarchar,
    parse_type,
    varbinary,
    varchar,
)

Handler = Callable[[exp.Expression, Scope], Typed]
VALUES: dict[type[exp.Expression], Handler] = {}
PREDICATES: dict[type[exp.Expression], Callable[[exp.Expression, Scope], str]] = {}
FUNCTIONS: dict[str, Callable[[list[exp.Expression], Scope], Typed]] = {}
METHODS: dict[str, dict[str, Callable[[Typed], Typed]]] = {}  # by family of the value, then by name
PROPERTIES: dict[str, dict[str, Callable[[Typed], Typed]]] = {}
NULL = Typed("NULL", INT, is_null=True)
_COMPARE = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


def compile_value(node: exp.Expression, scope: Scope) -> Typed:
    """A scalar expression; the DuckDB text has the storage form of the type."""
    if type(node) in _ARITHMETIC:
        left, right = compile_value(node.this, scope), compile_value(node.expression, scope)
        return operators.arithmetic(_ARITHMETIC[type(node)], left, right)
    handler = VALUES.get(type(node))
    if handler is not None:
        return handler(node, scope)
    if type(node) in PREDICATES or type(node) in _COMPARE:
        raise SqlError(102, "Incorrect syntax near a predicate where a value is needed.", 15)
    raise unsupported(f"{type(node).__name__} in {node.sql(dialect='tsql')[:80]}")


def compile_predicate(node: exp.Expression, scope: Scope) -> str:
    """A search condition, as a DuckDB boolean."""
    if isinstance(node, exp.Paren):
        return f"({compile_predicate(node.this, scope)})"
    if isinstance(node, (exp.And, exp.Or)):
        word = "AND" if isinstance(node, exp.And) else "OR"
        return f"({compile_predicate(node.this, scope)} {word} {compile_predicate(node.expression, scope)})"
    if isinstance(node, exp.Not):
        return f"(NOT {compile_predicate(node.this, scope)})"
    if type(node) in _COMPARE:
        if isinstance(node.expression, (exp.Any, exp.All)):
            raise unsupported("ANY, SOME and ALL")
        left, right = compile_value(node.this, scope), compile_value(node.expression, scope)
        return operators.compare(_COMPARE[type(node)], left, right)
    handler = PREDICATES.get(type(node))
    if handler is None:
        if type(node) in VALUES or isinstance(node, exp.Anonymous):
            raise SqlError(
                4145, "An expression of non-boolean type specified in a context where a condition is expected.", 15
            )
        raise unsupported(f"{type(node).__name__} as a condition")
    return handler(node, scope)


def _literal(node: exp.Expression, scope: Scope) -> Typed:
    text = node.this
    if node.is_string:
        shown = code_pages.narrowed(text, "cp1252")  # of the database
        kind = varchar(max(len(shown), 1))
        return Typed(text_literal(shown), kind, False, literal=shown)
    return number_literal(text)


def number_literal(text: str) -> Typed:
    if "e" in text.lower():
        if math.isinf(float(text)):
            raise SqlError(168, f"The floating point value '{text}' is out of the range of computer representation.")
        return Typed(f"CAST('{text}' AS DOUBLE)", FLOAT, False, literal=float(text))
    if "." not in text:
        number = int(text)
        if number < 2**31:
            return Typed(f"{number}::INTEGER", INT, False, literal=number)
        return Typed(
            f"CAST('{number}' AS DECIMAL({len(str(number))},0))", decimal(len(str(number)), 0, "numeric"), False
        )
    value = decimals.Decimal(text)
    whole, fraction = text.split(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    kind = decimal(max(digits, len(fraction), 1), len(fraction), "numeric")
    if kind.precision > 38:
        raise SqlError(
            1007, f"The number '{text}' is out of the range for numeric representation (maximum precision 38).", 15
        )
    return Typed(f"CAST('{value:f}' AS {kind.storage})", kind, False)


def _national(node: exp.Expression, scope: Scope) -> Typed:
    text = node.this if isinstance(node.this, str) else node.name
    return Typed(text_literal(text), nvarchar(max(utf16.units(text), 1)), False, literal=text)


def _hex(node: exp.Expression, scope: Scope) -> Typed:
    digits = node.this if len(node.this) % 2 == 0 else "0" + node.this
    return Typed(f"unhex('{digits}')", varbinary(max(len(digits) // 2, 1)), False)


def _column(node: exp.Expression, scope: Scope) -> Typed:
    table, name = node.text("table"), node.name
    if isinstance(node.this, exp.Star):
        raise unsupported("* here")
    quoted = isinstance(node.this, exp.Identifier) and node.this.args.get("quoted")
    if not table and name.lower() == "0x":  # the empty binary; sqlglot makes it an identifier
        return Typed("unhex('')", varbinary(1), False)
    if not table and not quoted and name == "$":
        raise unsupported("a money literal with a sign after $")
    if table.startswith("$") and isinstance(node.this, exp.Literal):
        return _money(f"{table[1:]}.{name}")
    if not table and re.fullmatch(r"\$\d+", name) and not quoted:
        return _money(name[1:])
    if not table and name.upper() == "CURRENT_TIMESTAMP" and not quoted:
        return FUNCTIONS["GETDATE"]([], scope)
    if _is_property(node, scope):
        return _member(PROPERTIES, scope.column(table, node.text("db")), name)
    return scope.column(name, table)


def _money(text: str) -> Typed:
    return Typed(f"CAST('{text}' AS DECIMAL(19,4))", MONEY, False)


def _parameter(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node.this, exp.Parameter):
        return global_variable(node.this.name.lower(), scope)
    name = "@" + node.name.lower()
    value = scope.context.variables.get(name)
    if value is None:
        raise SqlError(137, f'Must declare the scalar variable "{name}".', 15)
    return NULL if value.value is None and value.type.name == "int" else from_value(value)


def global_variable(name: str, scope: Scope) -> Typed:
    value = scope.context.catalog.variable("@@" + name)
    if value is None:
        raise unsupported(f"@@{name}")
    return from_value(value)


def _anonymous(node: exp.Expression, scope: Scope) -> Typed:
    name = str(node.this).upper()
    handler = FUNCTIONS.get(name)
    if handler is None:
        raise unsupported(f"function {name}")
    return handler(list(node.expressions), scope)


def _cast(node: exp.Expression, scope: Scope) -> Typed:
    kind = parse_type(node.args["to"].args["kind"], cast=True)
    value = compile_value(node.this, scope)
    return convert(value, _collation_kept(value, kind), attempt=isinstance(node, exp.TryCast))


def _collation_kept(value: Typed, kind: SqlType) -> SqlType:
    """Text cast to text keeps its collation (COLLATE, Transact-SQL)."""
    return kind.collated(value.type.collation) if value.type.family == kind.family == "text" else kind


def _convert(node: exp.Expression, scope: Scope) -> Typed:
    kind = parse_type(node.this.args["kind"], cast=True)
    style = node.args.get("style")
    number = None
    if style is not None:
        literal = compile_value(style, scope).literal
        if not isinstance(literal, int):
            raise unsupported("a style that is not a literal")
        number = literal
    value = compile_value(node.expression, scope)
    kind = _collation_kept(value, kind)
    styled = {"text", "binary"} & {kind.family, value.type.family}
    return convert(value, kind, number if styled else None, attempt=bool(node.args.get("safe")))


def _paren(node: exp.Expression, scope: Scope) -> Typed:
    return compile_value(node.this, scope)


def _neg(node: exp.Expression, scope: Scope) -> Typed:
    return operators.negate(compile_value(node.this, scope))


def case_value(branches: list[tuple[str, Typed]], otherwise: Typed) -> Typed:
    values, kind = unified([value for _, value in branches] + [otherwise])
    whens = " ".join(f"WHEN {test} THEN {value.sql}" for (test, _), value in zip(branches, values[:-1], strict=True))
    rank = max(value.collation_rank for value in values)
    return Typed(f"(CASE {whens} ELSE {values[-1].sql} END)", kind, any(v.nullable for v in values), rank)


def _case(node: exp.Expression, scope: Scope) -> Typed:
    branches = []
    subject = compile_value(node.this, scope) if node.this is not None else None
    for when in node.args["ifs"]:
        if subject is None:
            test = compile_predicate(when.this, scope)
        else:
            test = operators.compare("=", subject, compile_value(when.this, scope))
        branches.append((test, compile_value(when.args["true"], scope)))
    default = node.args.get("default")
    if all(value.is_null for _, value in branches) and default is None:
        raise SqlError(
            8133,
            "At least one of the result expressions in a CASE specification must be an expression "
            "other than the NULL constant.",
        )
    return case_value(branches, compile_value(default, scope) if default is not None else NULL)


def _collate(node: exp.Expression, scope: Scope) -> Typed:
    value, name = compile_value(node.this, scope), node.expression.name
    texts.check_collation(name)
    if value.type.family != "text":
        raise SqlError(447, f"Expression type {value.type.name} is invalid for COLLATE clause.")
    if name.upper() == "DATABASE_DEFAULT":
        name = SqlType("varchar").collation
    return replace(convert(value, value.type.collated(name)), collation_rank=EXPLICIT)


def _dot(node: exp.Expression, scope: Scope) -> Typed:
    """A method of hierarchyid, geometry or geography; names of CLR methods are case-sensitive."""
    method = node.expression
    if not isinstance(method, exp.Anonymous) or method.expressions:
        raise unsupported(f"method {node.expression.sql()[:40]}")
    return _member(METHODS, compile_value(_owner(node.this), scope), str(method.this))


def _owner(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Identifier):
        return exp.Column(this=node)
    return exp.Column(this=node.expression, table=node.this) if isinstance(node, exp.Dot) else node


def _member(members: dict[str, dict[str, Callable[[Typed], Typed]]], value: Typed, name: str) -> Typed:
    known = members.get(value.type.family)
    if known is None:
        raise SqlError(258, f"Cannot call methods on {value.type.name}.", 15)
    if name not in known:
        raise unsupported(f"{name} of {value.type.name}")
    return known[name](value)


def _is_property(node: exp.Expression, scope: Scope) -> bool:
    """[g].STSrid and t.[g].STSrid look like a column of a table."""
    known = any(node.name in names for names in PROPERTIES.values())
    table = node.text("table").lower()
    return bool(known and table and not scope.has_source(table))


METHODS["hierarchyid"] = {"ToString": lambda value: Typed(value.sql, nvarchar(4000), value.nullable, COLUMN)}
VALUES.update(
    {
        exp.Literal: _literal,
        exp.National: _national,
        exp.HexString: _hex,
        exp.Null: lambda node, scope: NULL,
        exp.Column: _column,
        exp.Parameter: _parameter,
        exp.Anonymous: _anonymous,
        exp.Cast: _cast,
        exp.TryCast: _cast,
        exp.Convert: _convert,
        exp.Paren: _paren,
        exp.Neg: _neg,
        exp.Case: _case,
        exp.Collate: _collate,
        exp.Dot: _dot,
    }
)


def _is(node: exp.Expression, scope: Scope) -> str:
    if not isinstance(node.expression, exp.Null):
        raise unsupported("IS with something other than NULL")
    return f"({compile_value(node.this, scope).sql} IS NULL)"


def _between(node: exp.Expression, scope: Scope) -> str:
    value = compile_value(node.this, scope)
    low = operators.compare(">=", value, compile_value(node.args["low"], scope))
    high = operators.compare("<=", value, compile_value(node.args["high"], scope))
    return f"({low} AND {high})"


def _in(node: exp.Expression, scope: Scope) -> str:
    value = compile_value(node.this, scope)
    query = node.args.get("query")
    if query is not None:
        return IN_QUERY[0](value, query, scope)
    items = [compile_value(item, scope) for item in node.expressions]
    return "(" + " OR ".join(operators.compare("=", value, item) for item in items) + ")"


IN_QUERY: list[Callable[[Typed, exp.Expression, Scope], str]] = []


def _like(node: exp.Expression, scope: Scope) -> str:
    escape = ""
    pattern_node, subject = node.expression, node.this
    value = compile_value(subject, scope)
    if isinstance(pattern_node, exp.Escape):
        pattern_node, escape = pattern_node.this, pattern_node.expression.name
    pattern = compile_value(pattern_node, scope)
    if value.type.family != "text" or not isinstance(pattern.literal, str):
        raise unsupported("LIKE of something other than text with a literal pattern")
    return like(value, pattern, escape)


def like(value: Typed, pattern: Typed, escape: str) -> str:
    """LIKE (Transact-SQL): blanks after the match expression do not count unless either side is Unicode."""
    collation = texts.common_collation(value, pattern).upper()
    if "_AI" in collation:
        raise unsupported("LIKE under an accent-insensitive collation")
    unicode = value.type.unicode or pattern.type.unicode
    if value.type.fixed_length and not unicode and pattern.literal.endswith(" "):
        raise unsupported("LIKE with a pattern that ends in a blank on char")
    regex = like_regex(pattern.literal, escape, ranges="_BIN" in collation)
    tail = "" if unicode else " *"
    flags = "si" if "_CI" in collation else "s"
    return f"regexp_full_match({value.sql}, {text_literal(regex + tail)}, '{flags}')"


def like_regex(pattern: str, escape: str, *, ranges: bool) -> str:
    out, place = "", 0
    while place < len(pattern):
        character = pattern[place]
        if escape and character == escape:
            place += 1
            if place == len(pattern):
                raise unsupported("a LIKE pattern that ends in its escape character")
            out += re.escape(pattern[place])
        elif character == "%":
            out += ".*"
        elif character == "_":
            out += "."
        elif character == "[":
            end = pattern.find("]", place + 1)
            inside = pattern[place + 1 : end]
            if end < 0 or not inside or (escape and escape in inside):
                raise unsupported("this [ ] in a LIKE pattern")
            digits_or_letters = re.fullmatch(r"\^?([0-9]-[0-9]|[A-Za-z]-[A-Za-z]|[^-])+", inside)
            if not digits_or_letters or (
                re.search("[A-Za-z]-[A-Za-z]", inside) and not ranges and inside.lower() != "a-z"
            ):
                raise unsupported("a range of letters in a LIKE pattern")
            negative = inside.startswith("^")
            body = inside[1:] if negative else inside
            body = body.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            out += f"[{'^' if negative else ''}{body}]"
            place = end
        else:
            out += re.escape(character)
        place += 1
    return out


PREDICATES.update({exp.Is: _is, exp.Between: _between, exp.In: _in, exp.Like: _like})
