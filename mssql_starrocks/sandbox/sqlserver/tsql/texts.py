"""Text: fitting into a declared length, code pages, comparison keys, bytes."""

from mssql_starrocks.sandbox.sqlserver import collations, utf16
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.typed import COLUMN, EXPLICIT, LITERAL, Typed
from mssql_starrocks.sandbox.sqlserver.types import MAX, OPAQUE, SqlType

MACROS = (
    # uniqueidentifier is stored in the order SqlGuid compares: bytes 10-15, 8-9, 6-7, 4-5, 0-3 of its binary form
    "CREATE MACRO ts_guid_hex(h) AS h[31:32] || h[29:30] || h[27:28] || h[25:26] || '-' || h[23:24] "
    "|| h[21:22] || '-' || "
    "h[19:20] || h[17:18] || '-' || h[13:16] || '-' || h[1:12]",
    "CREATE MACRO ts_guid_text(g) AS ts_guid_hex(hex(g))",
    "CREATE MACRO ts_guid_bytes_hex(h) AS h[25:32] || h[21:24] || h[17:20] || h[13:16] || h[1:12]",
    "CREATE MACRO ts_guid_bytes(g) AS unhex(ts_guid_bytes_hex(hex(g)))",
    "CREATE MACRO ts_guid_bytes_back(h) AS h[21:32] || h[17:20] || h[13:16] || h[9:12] || h[1:8]",
    "CREATE MACRO ts_guid_from_bytes(b) AS unhex(ts_guid_bytes_back(hex(b)))",
    "CREATE MACRO ts_guid_text_back(t) AS t[25:36] || t[20:23] || t[17:18] || t[15:16] || t[12:13] "
    "|| t[10:11] || t[7:8] || "
    "t[5:6] || t[3:4] || t[1:2]",
    "CREATE MACRO ts_guid_from_text(t) AS unhex(ts_guid_text_back(t))",
    "CREATE MACRO ts_ascii(x) AS (strlen(x) = length(x))",
    "CREATE MACRO ts_units(x) AS (CASE WHEN ts_ascii(x) THEN length(x) ELSE ts_units_utf16(x) END)",
    "CREATE MACRO ts_left_wide(x, n) AS (CASE WHEN ts_ascii(x) THEN left(x, n) ELSE ts_substring_utf16(x, 1, n) END)",
    "CREATE MACRO ts_bytes(x, p) AS (CASE WHEN ts_ascii(x) THEN encode(x) ELSE ts_code_page(x, p) END)",
    "CREATE MACRO ts_narrow(x, p) AS (CASE WHEN ts_ascii(x) THEN x ELSE ts_narrowed(x, p) END)",
    "CREATE MACRO ts_size(x, p) AS (CASE WHEN ts_ascii(x) THEN length(x) ELSE octet_length(ts_code_page(x, p)) END)",
    "CREATE MACRO ts_left_bytes(x, p, n) AS (CASE WHEN ts_ascii(x) THEN left(x, n) ELSE ts_cut_bytes(x, p, n) END)",
    # what came side by side may be the halves of one character
    f"CREATE MACRO ts_joined(x) AS (CASE WHEN NOT ts_ascii(x) AND regexp_matches(x, '{utf16.PAIR_RE2}') THEN "
    "ts_joined_halves(x) ELSE x END)",
    f"CREATE MACRO ts_ordered(x) AS (CASE WHEN NOT ts_ascii(x) AND regexp_matches(x, '{utf16.RESERVED_RE2}') THEN "
    "ts_refused(x, 'the order of half of a surrogate pair') ELSE x END)",
    # version 80 collations give no weight to halves of pairs; what that makes equal is not told
    f"CREATE MACRO ts_linguistic(x) AS (CASE WHEN NOT ts_ascii(x) AND regexp_matches(x, '{utf16.RESERVED_RE2}') THEN "
    "ts_refused(x, 'half of a surrogate pair in a linguistic comparison') ELSE x END)",
)


def fit_text(value: Typed, to: SqlType) -> str:
    """Text as another text type: recoded for the code page, cut to the length, blank-padded when it is fixed."""
    source, sql = value.type, value.sql
    ascii_literal = isinstance(value.literal, str) and value.literal.isascii()
    if not to.unicode and source.code_page != to.code_page and not ascii_literal:
        sql = f"ts_narrow({sql}, '{to.code_page}')"
    if not to.is_max and (source.is_max or _longest(source) > to.length or source.code_page != to.code_page):
        sql = cut(sql, to)
    return pad(sql, to) if to.fixed_length else sql


def _longest(source: SqlType) -> int:
    return source.length if source.length > 0 else 1 << 31


def cut(sql: str, to: SqlType) -> str:
    if to.double_byte:
        return f"ts_left_bytes({sql}, '{to.code_page}', {to.length})"
    return f"ts_left_wide({sql}, {to.length})" if to.unicode else f"left({sql}, {to.length})"


def pad(sql: str, to: SqlType) -> str:
    if to.double_byte:
        return f"({sql} || repeat(' ', {to.length} - ts_size({sql}, '{to.code_page}')))"
    if not to.unicode:
        return f"rpad({sql}, {to.length}, ' ')"
    return f"({sql} || repeat(' ', {to.length} - ts_units({sql})))"


def bytes_of(value: Typed) -> str:
    """The bytes SQL Server stores: UTF-16LE, or those of the collation's code page."""
    if value.type.unicode:
        return f"ts_utf16({value.sql})"
    return f"encode({value.sql})" if value.type.utf8 else f"ts_bytes({value.sql}, '{value.type.code_page}')"


def money_text(sql: str, style: int | None) -> str:
    if style in (None, 0):
        return f"CAST(CAST({sql} AS DECIMAL(19,2)) AS VARCHAR)"
    if style in (2, 126):
        return f"CAST(CAST({sql} AS DECIMAL(19,4)) AS VARCHAR)"
    if style == 1:
        return (
            f"format('{{:,}}', CAST(trunc({sql}) AS BIGINT)) || right(CAST(CAST({sql} AS DECIMAL(19,2)) AS VARCHAR), 3)"
        )
    raise unsupported(f"CONVERT of money with style {style}")


def key(value: Typed, collation: str | None = None, *, ordered: bool = False) -> str:
    """What stands for the value in a comparison; for text by its collation, without trailing blanks."""
    family = value.type.family
    if family == "datetimeoffset":
        return f"({value.sql}).t"
    if family in OPAQUE or value.type.name in ("text", "ntext", "image"):
        raise SqlError(306, f"The {value.type.name} data type cannot be compared or sorted.")
    if family == "binary":
        return value.sql
    if family != "text":
        return value.sql
    name = (collation or value.type.collation).upper()
    trimmed = f"rtrim({value.sql}, ' ')"
    if "_BIN" in name:
        if not ordered or value.type.utf8:
            return trimmed
        # by code units or bytes of the code page; DuckDB orders by code points
        return f"ts_ordered({trimmed})" if value.type.unicode else f"ts_bytes({trimmed}, '{value.type.code_page}')"
    ascii_literal = isinstance(value.literal, str) and value.literal.isascii()
    if value.type.unicode and value.type.alias != "sysname" and not ascii_literal:
        trimmed = f"ts_linguistic({trimmed})"
    if "_AI" in name:
        trimmed = f"strip_accents({trimmed})"
    if "_CI" in name:
        return f"lower({trimmed})"
    if ordered:
        raise unsupported(f"ordering text by the collation {collation or value.type.collation}")
    return trimmed


def common_collation(one: Typed, other: Typed) -> str:
    """Collation precedence (Transact-SQL): explicit, then column, then literal; a conflict is error 468."""
    if one.type.family != "text" or other.type.family != "text":
        return (one if one.type.family == "text" else other).type.collation
    if one.collation_rank != other.collation_rank:
        return (one if one.collation_rank > other.collation_rank else other).type.collation
    if one.type.collation.lower() == other.type.collation.lower() or one.collation_rank == LITERAL:
        return one.type.collation
    assert one.collation_rank in (COLUMN, EXPLICIT)  # noqa: S101 - narrows the type
    raise SqlError(
        468,
        f'Cannot resolve the collation conflict between "{one.type.collation}" and "{other.type.collation}" '
        "in the equal to operation.",
    )


def check_collation(name: str) -> None:
    if name.upper() != "DATABASE_DEFAULT":
        collations.find(name)


def is_unbounded(kind: SqlType) -> bool:
    return kind.length == MAX


def size(sql: str, kind: SqlType) -> str:
    """UTF-16 units of Unicode text, bytes of any other."""
    if kind.unicode:
        return f"ts_units({sql})"
    if kind.double_byte:
        return f"strlen({sql})" if kind.utf8 else f"ts_size({sql}, '{kind.code_page}')"
    return f"length({sql})"
