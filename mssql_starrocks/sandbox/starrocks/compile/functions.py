"""One function per StarRocks function: its meaning in DuckDB and its result type. What is not here is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.typed import (
    NEXT_INTEGER,
    CastMode,
    Typed,
    common_number,
    common_type,
    is_integer,
    literal,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INT,
    INTEGERS,
    LARGEINT,
    NULL,
    TEXTS,
    VARCHAR,
    SqlType,
)  # fmt: skip


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


def _bytes(value: Typed) -> str:
    return value.sql if value.type.name == "VARBINARY" else f"encode({text(value)})"


@function("HEX", 1)
def _hex(args: list[Typed], context: Context) -> Typed:
    if is_integer(args[0].type) and args[0].type != LARGEINT:
        return varchar(f"upper(to_hex({casts.cast(args[0], BIGINT, context.mode).sql}))")
    if args[0].type.name not in (*TEXTS, "VARBINARY", "NULL"):
        raise unsupported(f"hex({args[0].type.plain})")
    return varchar(f"hex({_bytes(args[0])})")


@function("UNHEX", 1)
def _unhex(args: list[Typed], context: Context) -> Typed:
    return varchar(f"decode(unhex({text(args[0])}))")


@function("TO_BASE64", 1)
def _to_base64(args: list[Typed], context: Context) -> Typed:
    return varchar(f"base64({_bytes(args[0])})")


@function("MD5 MD5SUM", 1)
def _md5(args: list[Typed], context: Context) -> Typed:
    return varchar(f"md5({args[0].sql if args[0].type.name == 'VARBINARY' else text(args[0])})")


@function("SHA2", 2)
def _sha2(args: list[Typed], context: Context) -> Typed:
    bits = args[1].constant
    if bits in ("224", "384", "512") or bits is None:
        raise unsupported("sha2() with other lengths than 256")
    hashed = f"sha256({args[0].sql if args[0].type.name == 'VARBINARY' else text(args[0])})"
    return varchar(hashed if bits in ("0", "256") else "CAST(NULL AS VARCHAR)")


@function("CONV", 3)
def _conv(args: list[Typed], context: Context) -> Typed:
    if (args[1].constant, args[2].constant) != ("16", "10") or args[0].type.name not in TEXTS:
        raise unsupported("conv() other than conv(text, 16, 10)")
    # UBIGINT, not HUGEINT: 50 times faster (facts/starrocks_measured.md 8)
    number = f"CAST('0x' || {args[0].sql} AS UBIGINT)"
    return Typed(f"CAST({number} AS VARCHAR)", VARCHAR, integer=number)


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


def condition(value: Typed) -> str:
    """A value where a truth is wanted."""
    if value.type.name in ("BOOLEAN", "NULL"):
        return value.sql if value.type == BOOLEAN else "CAST(NULL AS BOOLEAN)"
    if value.type.is_numeric:
        return f"({value.sql} <> 0)"
    raise unsupported(f"{value.type.plain} as a condition")


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


@function("PARSE_JSON", 1)
def _parse_json(args: list[Typed], context: Context) -> Typed:
    return casts.cast(args[0], SqlType("JSON"), context.mode)
