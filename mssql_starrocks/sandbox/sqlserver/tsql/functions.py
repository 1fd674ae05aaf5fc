"""Scalar functions: text, numbers, NULL handling, hashes, variants, the session and the server."""

import re
from collections.abc import Callable

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver import collations
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import dates, operators, texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import (
    FUNCTIONS,
    NULL,
    case_value,
    compile_predicate,
    compile_value,
)
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Scope
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, text_literal
from mssql_starrocks.sandbox.sqlserver.tsql.unify import unified
from mssql_starrocks.sandbox.sqlserver.types import (
    BIGINT,
    INT,
    MAX,
    OPAQUE,
    SqlType,
    nvarchar,
    varbinary,
    varchar,
)

Nodes = list[exp.Expression]


def function(
    name: str, low: int, high: int | None = None
) -> Callable[[Callable[[list[Typed]], Typed]], Callable[[list[Typed]], Typed]]:
    """Register a function of compiled arguments; a wrong count is error 174."""

    def register(body: Callable[[list[Typed]], Typed]) -> Callable[[list[Typed]], Typed]:
        def handle(nodes: Nodes, scope: Scope) -> Typed:
            if not low <= len(nodes) <= (low if high is None else high):
                raise SqlError(174, f"The {name.lower()} function requires {low} argument(s).", 15)
            return body([compile_value(node, scope) for node in nodes])

        FUNCTIONS[name] = handle
        return body

    return register


def as_text(value: Typed) -> Typed:
    """An argument that must be text; numbers and dates convert as CAST would."""
    if value.type.family == "text":
        return value
    if value.is_null:
        return convert(value, varchar(1))
    if value.type.family in ("int", "decimal"):
        return convert(value, varchar(40))
    raise unsupported(f"{value.type.name} where text is needed")


def as_int(value: Typed) -> Typed:
    return convert(value, INT)


def _like(value: Typed, sql: str, length: int | None = None) -> Typed:
    """A text result of the argument's kind, varying in length."""
    size = MAX if value.type.is_max else value.type.length if length is None else length
    make = nvarchar if value.type.unicode else varchar
    return Typed(sql, make(size, value.type.collation), True, value.collation_rank)


def _wide(value: Typed) -> bool:
    """Whether lengths count UTF-16 units, so that supplementary characters need care."""
    if value.type.unicode and collations.find(value.type.collation).supplementary:
        raise unsupported("text functions that count characters under a collation with supplementary characters")
    return value.type.unicode


@function("LEN", 1)
def _len(args: list[Typed]) -> Typed:
    value = args[0]
    if value.type.family == "binary":
        return _datalength(args)
    text = as_text(value)
    trimmed = f"rtrim({text.sql}, ' ')"
    sql = f"ts_units({trimmed})" if _wide(text) else f"length({trimmed})"
    kind = BIGINT if text.type.length == MAX else INT
    return Typed(f"CAST({sql} AS {kind.storage})", kind)


@function("DATALENGTH", 1)
def _datalength(args: list[Typed]) -> Typed:
    value = args[0]
    family, kind = value.type.family, BIGINT if value.type.is_max and value.type.name != "image" else INT
    if value.is_null:
        return convert(value, INT)
    if family == "text":
        sql = f"(2 * ts_units({value.sql}))" if value.type.unicode else texts.size(value.sql, value.type)
    elif family == "binary":
        sql = f"octet_length({value.sql})"
    elif family in OPAQUE:
        raise unsupported(f"DATALENGTH of {value.type.name}")
    else:
        size = value.type.max_length
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {size} END"
    if value.type.name in ("text", "ntext"):
        kind = INT
    return Typed(f"CAST({sql} AS {kind.storage})", kind)


@function("UPPER", 1)
def _upper(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    return _like(text, f"replace(upper(replace({text.sql}, 'ß', chr(57344))), chr(57344), 'ß')")


@function("LOWER", 1)
def _lower(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    return _like(text, f"lower({text.sql})")


@function("RTRIM", 1)
def _rtrim(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    return _like(text, f"rtrim({text.sql}, ' ')")


@function("LTRIM", 1)
def _ltrim(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    return _like(text, f"ltrim({text.sql}, ' ')")


@function("TRIM", 1)
def _trim(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    return _like(text, f"trim({text.sql}, ' ')")


def _known_length(value: Typed, limit: int | None) -> int | None:
    if isinstance(value.literal, int) and value.literal >= 0 and limit is not None:
        return max(min(value.literal, limit), 1)
    return limit


@function("LEFT", 2)
def _left(args: list[Typed]) -> Typed:
    text, count = as_text(args[0]), as_int(args[1])
    _check_length(args[1], "left")
    length = None if text.type.is_max else _known_length(args[1], text.type.length)
    safe = _not_negative(count.sql, "left")
    sql = f"ts_left_wide({text.sql}, {safe})" if _wide(text) else f"left({text.sql}, {safe})"
    return _like(text, sql, length)


def _check_length(value: Typed, name: str) -> None:
    if isinstance(value.literal, int) and value.literal < 0:
        raise SqlError(536 if name == "right" else 537, f"Invalid length parameter passed to the {name} function.")


def _not_negative(sql: str, name: str) -> str:
    number = 537 if name != "right" else 536
    error = f"CAST(error('@@{number}@@Invalid length parameter passed to the LEFT or SUBSTRING function.') AS INTEGER)"
    return f"(CASE WHEN {sql} < 0 THEN {error} ELSE {sql} END)"


@function("RIGHT", 2)
def _right(args: list[Typed]) -> Typed:
    text, count = as_text(args[0]), as_int(args[1])
    _check_length(args[1], "right")
    length = None if text.type.is_max else _known_length(args[1], text.type.length)
    safe = _not_negative(count.sql, "right")
    plain = f"right({text.sql}, {safe})"
    if _wide(text):
        plain = f"(CASE WHEN ts_ascii({text.sql}) THEN {plain} ELSE ts_right_utf16({text.sql}, {safe}) END)"
    return _like(text, plain, length)


@function("SUBSTRING", 3)
def _substring(args: list[Typed]) -> Typed:
    value, start, count = args[0], as_int(args[1]), as_int(args[2])
    if isinstance(args[2].literal, int) and args[2].literal < 0:
        raise SqlError(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.")
    length = _not_negative(count.sql, "substring")
    if isinstance(args[2].literal, int):
        length = str(args[2].literal)
    # not greatest(): it would take NULL for the bound
    first = f"(CASE WHEN {start.sql} < 1 THEN 1 ELSE {start.sql} END)"
    rest = f"({length} - ({first} - {start.sql}))"
    taken = f"(CASE WHEN {rest} < 0 THEN 0 ELSE {rest} END)"
    if isinstance(args[1].literal, int) and args[1].literal >= 1 and isinstance(args[2].literal, int):
        first, taken = str(args[1].literal), str(args[2].literal)
    if value.type.family == "binary":
        sql = f"({value.sql})[{first}:{first} + {taken} - 1]"
        size = MAX if value.type.is_max else _known_length(args[2], value.type.length or 8) or 1
        return Typed(
            f"CASE WHEN {taken} > 0 THEN {sql} WHEN {value.sql} IS NOT NULL THEN ''::BLOB END"
            if "CASE" in taken
            else sql,
            varbinary(size),
        )
    text = as_text(value)
    sql = f"substr({text.sql}, {first}, {taken})"
    if _wide(text):
        sql = f"(CASE WHEN ts_ascii({text.sql}) THEN {sql} ELSE ts_substring_utf16({text.sql}, {first}, {taken}) END)"
    return _like(text, sql, None if text.type.is_max else _known_length(args[2], text.type.length))


@function("REPLACE", 3)
def _replace(args: list[Typed]) -> Typed:
    text, old, new = (as_text(value) for value in args)
    for value in (old, new):
        if not isinstance(value.literal, str) and not value.is_null and not value.sql.startswith("CAST(NULL"):
            raise unsupported("REPLACE with something other than literals")
    collation = texts.common_collation(text, old).upper()
    if isinstance(old.literal, str) and "_CI" in collation and old.literal.lower() != old.literal.upper():
        pattern, target = re.escape(old.literal), (new.literal or "").replace("\\", "\\\\")
        sql = f"regexp_replace({text.sql}, {text_literal(pattern)}, {text_literal(target)}, 'gi')"
        if new.literal is None:
            sql = "CAST(NULL AS VARCHAR)"
    else:
        sql = f"replace({text.sql}, {old.sql}, {new.sql})" if old.literal != "" else text.sql
    unicode = any(value.type.unicode for value in (text, old, new))
    sql = f"ts_joined({sql})" if unicode else sql
    limit = MAX if text.type.is_max else 4000 if unicode else 8000
    make = nvarchar if unicode else varchar
    return Typed(sql, make(limit, text.type.collation), True, text.collation_rank)


@function("CONCAT", 2, 254)
def _concat(args: list[Typed]) -> Typed:
    parts = []
    for value in args:
        if value.is_null:
            parts.append(Typed("''", varchar(1), False))
            continue
        text = value if value.type.family == "text" else _concat_text(value)
        parts.append(Typed(f"coalesce({text.sql}, '')", text.type, False, text.collation_rank))
    joined = parts[0]
    for part in parts[1:]:
        joined = operators.concatenate(joined, part)
    return joined


def _concat_text(value: Typed) -> Typed:
    if value.type.family in ("int", "bit", "decimal", "guid", "date", "datetime", "time", "datetimeoffset"):
        size = {"guid": 36, "decimal": 41}.get(value.type.family, 34)
        return convert(
            value, varchar(size if value.type.family != "int" else 12 if value.type.name != "bigint" else 20)
        )
    raise unsupported(f"CONCAT of {value.type.name}")


@function("CHARINDEX", 2, 3)
def _charindex(args: list[Typed]) -> Typed:
    what, text = as_text(args[0]), as_text(args[1])
    if len(args) == 3 or _wide(text):
        raise unsupported("CHARINDEX with a start or on Unicode text")
    collation = texts.common_collation(what, text).upper()
    fold = "lower" if "_CI" in collation else ""
    return Typed(f"CAST(strpos({fold}({text.sql}), {fold}({what.sql})) AS INTEGER)", INT)


@function("REPLICATE", 2)
def _replicate(args: list[Typed]) -> Typed:
    text, count = as_text(args[0]), as_int(args[1])
    limit = MAX if text.type.is_max else 4000 if text.type.unicode else 8000
    repeated = f"repeat({text.sql}, {count.sql})"
    repeated = f"ts_joined({repeated})" if text.type.unicode else repeated
    made = _like(text, f"(CASE WHEN {count.sql} >= 0 THEN {repeated} END)", limit)
    return made if limit == MAX else Typed(texts.cut(made.sql, made.type), made.type, True, made.collation_rank)


@function("SPACE", 1)
def _space(args: list[Typed]) -> Typed:
    count = as_int(args[0])
    return Typed(f"(CASE WHEN {count.sql} >= 0 THEN left(repeat(' ', {count.sql}), 8000) END)", varchar(8000))


@function("QUOTENAME", 1, 2)
def _quotename(args: list[Typed]) -> Typed:
    if len(args) == 2:
        raise unsupported("QUOTENAME with a quote character")
    text = convert(as_text(args[0]), nvarchar(4000))
    sql = f"(CASE WHEN length({text.sql}) <= 128 THEN '[' || replace({text.sql}, ']', ']]') || ']' END)"
    return Typed(sql, nvarchar(258))


@function("ISNULL", 2)
def _isnull(args: list[Typed]) -> Typed:
    first, second = args
    if first.is_null:
        return second if not second.is_null else convert(NULL, INT)
    filled = convert(second, first.type)
    return Typed(f"coalesce({first.sql}, {filled.sql})", first.type, filled.nullable, first.collation_rank)


@function("COALESCE", 2, 254)
def _coalesce(args: list[Typed]) -> Typed:
    if all(value.is_null for value in args):
        raise SqlError(
            4127, "At least one of the arguments to COALESCE must be an expression that is not the NULL constant."
        )
    values, kind = unified(args)
    rank = max(value.collation_rank for value in values)
    return Typed(f"coalesce({', '.join(v.sql for v in values)})", kind, all(v.nullable for v in values), rank)


@function("NULLIF", 2)
def _nullif(args: list[Typed]) -> Typed:
    first, second = args
    if first.is_null:
        raise SqlError(
            4151,
            "The type of the first argument to NULLIF cannot be the NULL constant because the type "
            "of the first argument has to be known.",
        )
    if second.is_null:
        return first
    test = operators.compare("=", first, second)
    return Typed(f"(CASE WHEN {test} THEN NULL ELSE {first.sql} END)", first.type, True, first.collation_rank)


def _iif(nodes: Nodes, scope: Scope) -> Typed:
    if len(nodes) != 3:
        raise SqlError(174, "The iif function requires 3 argument(s).", 15)
    yes, no = compile_value(nodes[1], scope), compile_value(nodes[2], scope)
    if yes.is_null and no.is_null:
        raise SqlError(
            8133,
            "At least one of the result expressions in a CASE specification must be an expression "
            "other than the NULL constant.",
        )
    return case_value([(compile_predicate(nodes[0], scope), yes)], no)


FUNCTIONS["IIF"] = _iif


@function("ABS", 1)
def _abs(args: list[Typed]) -> Typed:
    value = args[0]
    if value.type.name == "tinyint":
        return value
    if value.type.family not in ("int", "decimal", "money", "float"):
        raise unsupported(f"ABS of {value.type.name}")
    kind = SqlType("int") if value.type.name == "smallint" else value.type
    return Typed(f"CAST(abs({convert(value, kind).sql}) AS {kind.storage})", kind)


def _whole(name: str) -> None:
    @function(name, 1)
    def rounded(args: list[Typed]) -> Typed:
        value = args[0]
        word = "floor" if name == "FLOOR" else "ceil"
        if value.type.family == "int":
            return value if value.type.name in ("int", "bigint") else convert(value, INT)
        if value.type.family == "decimal":
            kind = SqlType(value.type.name, precision=value.type.precision, scale=0)
            return Typed(f"CAST({word}({value.sql}) AS DECIMAL({value.type.precision},0))", kind)
        if value.type.family == "float":
            return Typed(f"{word}(CAST({value.sql} AS DOUBLE))", SqlType("float"))
        raise unsupported(f"{name} of {value.type.name}")


_whole("FLOOR")
_whole("CEILING")


@function("ROUND", 2, 3)
def _round(args: list[Typed]) -> Typed:
    if len(args) == 3:
        raise unsupported("ROUND that truncates")
    value, digits = args
    if value.type.family != "decimal" or not isinstance(digits.literal, int) or digits.literal < 0:
        raise unsupported("ROUND of anything but a decimal to a literal number of digits")
    if digits.literal >= value.type.scale:
        return value
    inner = f"CAST({value.sql} AS DECIMAL({value.type.precision},{digits.literal}))"
    return Typed(f"CAST({inner} AS {value.type.storage})", value.type)


@function("SIGN", 1)
def _sign(args: list[Typed]) -> Typed:
    if args[0].type.name not in ("int", "bigint"):
        raise unsupported(f"SIGN of {args[0].type.name}")
    return Typed(f"CAST(sign({args[0].sql}) AS {args[0].type.storage})", args[0].type)


_HASHES = {"MD5": "md5", "SHA2_256": "sha256", "SHA2_512": "sha512", "SHA1": "sha1", "SHA": "sha1"}


@function("HASHBYTES", 2)
def _hashbytes(args: list[Typed]) -> Typed:
    algorithm, value = str(args[0].literal or "").upper(), args[1]
    if algorithm not in _HASHES:
        raise unsupported(f"HASHBYTES algorithm {algorithm or 'that is not a literal'}")
    name = _HASHES[algorithm]
    if value.is_null:
        return convert(NULL, varbinary(8000))
    if name == "sha512" and value.type.family in ("text", "binary"):  # DuckDB has none
        sql = f"ts_bytes_sha512({texts.bytes_of(value) if value.type.family == 'text' else value.sql})"
    elif value.type.family == "text" and value.type.unicode:
        sql = f"unhex({name}(ts_utf16_bytes({value.sql})))"
    elif value.type.family == "text" and not value.type.utf8:
        sql = (
            f"unhex(CASE WHEN ts_ascii({value.sql}) THEN {name}({value.sql}) ELSE "
            f"{name}(ts_code_page({value.sql}, '{value.type.code_page}')) END)"
        )
    elif value.type.family in ("text", "binary"):
        sql = f"unhex({name}({value.sql}))"
    else:
        raise SqlError(8116, f"Argument data type {value.type.name} is invalid for argument 2 of hashbytes function.")
    return Typed(sql, varbinary(8000))


def _server_function(name: str) -> None:
    def handle(nodes: Nodes, scope: Scope) -> Typed:
        arguments = [compile_value(node, scope) for node in nodes]
        made: Typed = scope.context.catalog.function(name, arguments)
        return made

    FUNCTIONS[name] = handle


for _name in (
    "DB_NAME", "DB_ID", "SERVERPROPERTY", "OBJECT_ID", "SCHEMA_NAME", "SCHEMA_ID", "OBJECT_NAME", "HAS_PERMS_BY_NAME",
    "SUSER_SNAME", "USER_NAME", "XACT_STATE", "SCOPE_IDENTITY", "IDENT_CURRENT", "SYSTEM_USER", "ORIGINAL_LOGIN",
    "DATABASEPROPERTYEX", "CHANGE_TRACKING_CURRENT_VERSION",
    "COL_LENGTH", "COLUMNPROPERTY", "OBJECT_SCHEMA_NAME", "TYPE_NAME", "OBJECTPROPERTY",
    "HOST_NAME", "APP_NAME", "IS_MEMBER", "CONNECTIONPROPERTY",
):  # fmt: skip
    _server_function(_name)


REGISTERED_BY = (__name__, dates.__name__)  # importing these modules fills the table of functions
