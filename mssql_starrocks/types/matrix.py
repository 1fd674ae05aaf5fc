"""The type matrix: one row per SQL Server type and choice. Base: facts/starrocks.md 2.3, facts/sqlserver.md 1.1.

Templates know `{c}` the quoted column, `{e}` the value's own SELECT expression, `{p}` precision, `{s}` scale, `{n}` length
in characters, `{b}` length in bytes, `{hex}` twice that, and `{v}` the worst-case length in UTF-8 bytes (StarRocks counts
bytes: facts/starrocks_judged.md B). docs/types.md is made from this file: `make docs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mssql_starrocks.model import Column, Loss

LONGEST = 1048576  # bytes in a StarRocks VARCHAR or VARBINARY, 3.5 to 4.1
_LONG_TEXT, _LONG_BINARY = f"VARCHAR({LONGEST})", f"VARBINARY({LONGEST})"


@dataclass(frozen=True)
class Form:
    """How a value travels: T-SQL expression, kind (types/canonical.py), Iceberg type, StarRocks type.

    `load` is StarRocks' expression over the Iceberg value, `arrives` and `becomes` the DuckDB expression and kind of what
    StarRocks must then hold; `length` is the T-SQL measure of values that may be longer than StarRocks holds, in bytes or,
    for UTF-16 text, in code units.
    """

    select: str
    kind: str
    iceberg: str
    starrocks: str
    load: str = "{c}"
    arrives: str = "{c}"
    becomes: str = ""
    length: str = ""


@dataclass(frozen=True)
class Companion:
    """A second column that keeps what the first cannot hold; named `<column>__<suffix>`."""

    suffix: str
    form: Form
    note: str


@dataclass(frozen=True)
class When:
    """The columns a row is for, where a type has several."""

    text: str
    test: Callable[[Column], bool]


@dataclass(frozen=True)
class Rule:
    """One row.

    Attributes:
        key: The form in a StarRocks primary key, None where it cannot be one.
        when: Which columns of these types; the first row that fits is taken.
        choice: The option and its value under which this row applies (types/options.py).
        must_accept: The loss is copied only after `accept_loss: true`.

    """

    id: str
    types: tuple[str, ...]
    value: Form
    key: Form | None
    loss: Loss
    note: str
    companions: tuple[Companion, ...] = ()
    when: When | None = None
    choice: tuple[str, str] | None = None
    must_accept: bool = False


_S7 = When("scale 7", lambda column: column.scale == 7)
_KEY18 = When("scale 0, precision to 18", lambda column: column.scale == 0 and column.precision <= 18)
_KEY38 = When("scale 0", lambda column: column.scale == 0)

_EXACT, _COMPANION, _DECLARED = Loss.EXACT, Loss.COMPANION, Loss.DECLARED
_SMALL = "CAST({c} AS SMALLINT)"  # Iceberg has no 8- or 16-bit integer
_WIDE_UNITS, _BYTE_COUNT = "DATALENGTH({e}) / 2", "DATALENGTH({e})"

_INT = Form("{c}", "int", "int", "INT")
_SMALLINT = Form("CAST({c} AS int)", "int", "int", "SMALLINT", _SMALL)
_BIGINT = Form("{c}", "int", "long", "BIGINT")
_DECIMAL = Form("{c}", "decimal", "decimal({p},{s})", "DECIMAL({p},{s})")
_DECIMAL_AS_BIGINT = Form("{c}", "decimal", "decimal({p},{s})", "BIGINT", "CAST({c} AS BIGINT)")
_DECIMAL_AS_LARGEINT = Form("{c}", "decimal", "decimal({p},{s})", "LARGEINT", "CAST({c} AS LARGEINT)")
_DECIMAL_AS_TEXT = Form("{c}", "decimal", "decimal({p},{s})", "VARCHAR(41)", "CAST({c} AS VARCHAR)")
_MONEY = Form("CAST({c} AS decimal(19,4))", "decimal", "decimal(19,4)", "DECIMAL(19,4)")
_MONEY_AS_TEXT = Form("CAST({c} AS decimal(19,4))", "decimal", "decimal(19,4)", "VARCHAR(41)", "CAST({c} AS VARCHAR)")
_SMALLMONEY = Form("CAST({c} AS decimal(10,4))", "decimal", "decimal(10,4)", "DECIMAL(10,4)")
_SMALLMONEY_AS_TEXT = Form("CAST({c} AS decimal(10,4))", "decimal", "decimal(10,4)", "VARCHAR(41)", "CAST({c} AS VARCHAR)")
_TIME = Form("CONVERT(varchar(16), {c}, 121)", "text", "string", "VARCHAR(16)")
_TICKS = Form("CAST(DATEDIFF(second, CAST('00:00:00' AS time(0)), {c}) AS bigint) * 10000000 + DATEPART(nanosecond, {c}) / 100",
              "int", "long", "BIGINT")
_DATETIME2 = Form("{c}", "timestamp{s}", "timestamp", "DATETIME")
_UTC = Form("CAST(SWITCHOFFSET({c}, '+00:00') AS datetime2({s}))", "timestamp{s}", "timestamp", "DATETIME")
_STAMP = Form("CONVERT(varchar(34), {c}, 121)", "text", "string", "VARCHAR(34)")
_TEXT = Form("{c}", "text", "string", "VARCHAR({v})")
_TRIMMED = Form("RTRIM({c})", "text", "string", "VARCHAR({v})")
_UTF16 = Form("CAST({c} AS varbinary({b}))", "binary", "binary", "VARBINARY({b})")
_UTF16_HEX = Form("CAST({c} AS varbinary({b}))", "binary", "binary", "VARCHAR({hex})", "hex({c})", "hex({c})", "text")
_UTF16_MAX = Form("CAST(CAST({c} AS nvarchar(max)) AS varbinary(max))", "binary", "binary", _LONG_BINARY, length=_BYTE_COUNT)
_BYTES = Form("{c}", "binary", "binary", "VARBINARY({b})")
_BYTES_HEX = Form("{c}", "binary", "binary", "VARCHAR({hex})", "hex({c})", "hex({c})", "text")
_BYTES_MAX = Form("CAST({c} AS varbinary(max))", "binary", "binary", _LONG_BINARY, length=_BYTE_COUNT)
_VARCHAR_MAX = Form("{c}", "text", "string", _LONG_TEXT, length=_BYTE_COUNT)
_NVARCHAR_MAX = Form("{c}", "text", "string", _LONG_TEXT, length=_WIDE_UNITS)
_TEXT_MAX = Form("CAST({c} AS varchar(max))", "text", "string", _LONG_TEXT, length=_BYTE_COUNT)
_NTEXT_MAX = Form("CAST({c} AS nvarchar(max))", "text", "string", _LONG_TEXT, length=_WIDE_UNITS)
_XML = Form("CONVERT(nvarchar(max), {c})", "text", "string", _LONG_TEXT, length=_WIDE_UNITS)
_JSON = Form("CAST({c} AS nvarchar(max))", "text", "string", "JSON", "parse_json({c})", becomes="json", length=_WIDE_UNITS)
_GUID = Form("CONVERT(char(36), {c})", "text", "string", "VARCHAR(36)")
_GUID_LOWER = Form("LOWER(CONVERT(char(36), {c}))", "text", "string", "VARCHAR(36)")
_ROWVERSION = Form("CAST({c} AS bigint)", "int", "long", "BIGINT")
_PATH = Form("{c}.ToString()", "text", "string", "VARCHAR(4000)")
_WKB = Form("{c}.AsBinaryZM()", "binary", "binary", _LONG_BINARY, length=_BYTE_COUNT)
_WKT = Form("CAST({c}.AsTextZM() AS nvarchar(max))", "text", "string", _LONG_TEXT, length=_WIDE_UNITS)
# Text of a variant by its base type, in the style that loses no digit; above 4,000 characters it is refused (mapping.py).
_VARIANT = Form(
    "CASE CAST(SQL_VARIANT_PROPERTY({c}, 'BaseType') AS nvarchar(128))"
    " WHEN N'float' THEN CONVERT(nvarchar(max), CAST({c} AS float), 3)"
    " WHEN N'real' THEN CONVERT(nvarchar(max), CAST({c} AS real), 3)"
    " WHEN N'money' THEN CONVERT(nvarchar(max), CAST({c} AS money), 2)"
    " WHEN N'smallmoney' THEN CONVERT(nvarchar(max), CAST({c} AS money), 2)"
    " WHEN N'date' THEN CONVERT(nvarchar(max), CAST({c} AS date), 121)"
    " WHEN N'time' THEN CONVERT(nvarchar(max), CAST({c} AS time(7)), 121)"
    " WHEN N'smalldatetime' THEN CONVERT(nvarchar(max), CAST({c} AS datetime2(0)), 121)"
    " WHEN N'datetime' THEN CONVERT(nvarchar(max), CAST({c} AS datetime), 121)"
    " WHEN N'datetime2' THEN CONVERT(nvarchar(max), CAST({c} AS datetime2(7)), 121)"
    " WHEN N'datetimeoffset' THEN CONVERT(nvarchar(max), CAST({c} AS datetimeoffset(7)), 121)"
    " WHEN N'binary' THEN CONVERT(nvarchar(max), CAST({c} AS varbinary(8000)), 1)"
    " WHEN N'varbinary' THEN CONVERT(nvarchar(max), CAST({c} AS varbinary(8000)), 1)"
    " ELSE CONVERT(nvarchar(max), CAST({c} AS nvarchar(4000))) END",
    "text", "string", "VARCHAR(16002)",
    length="CASE WHEN CAST(SQL_VARIANT_PROPERTY({c}, 'BaseType') AS nvarchar(128)) IN (N'char', N'varchar')"
           " THEN DATALENGTH(CAST({c} AS varchar(8000))) ELSE 0 END")

_OFFSET = Companion("offset_min", Form("CAST(DATEPART(tzoffset, {c}) AS int)", "int", "int", "SMALLINT", _SMALL),
                    "offset from UTC in minutes")
_NS100 = Companion("ns100", Form("CAST(DATEPART(nanosecond, {c}) / 100 % 10 AS int)", "int", "int", "SMALLINT", _SMALL),
                   "seventh digit of the second (100 ns)")
_SRID = Companion("srid", Form("{c}.STSrid", "int", "int", "INT"), "spatial reference id")
_BASE_TYPE = Companion("type", Form("CAST(SQL_VARIANT_PROPERTY({c}, 'BaseType') AS nvarchar(128))", "text", "string", "VARCHAR(384)"),
                       "base type")
_TEXT_NOTE = "same text"
_UTF16_NOTE = "UTF-16LE bytes, unpaired surrogates included"

MATRIX: tuple[Rule, ...] = (
    Rule("bit", ("bit",), Form("{c}", "bool", "boolean", "BOOLEAN"), Form("{c}", "bool", "boolean", "BOOLEAN"), _EXACT, "same value"),
    Rule("tinyint", ("tinyint",), _SMALLINT, _SMALLINT, _EXACT, "same value; 0 to 255 needs SMALLINT"),
    Rule("smallint", ("smallint",), _SMALLINT, _SMALLINT, _EXACT, "same value"),
    Rule("int", ("int",), _INT, _INT, _EXACT, "same value"),
    Rule("bigint", ("bigint",), _BIGINT, _BIGINT, _EXACT, "same value"),
    Rule("decimal.18", ("decimal", "numeric"), _DECIMAL, _DECIMAL_AS_BIGINT, _EXACT, "same value; BIGINT in a key", when=_KEY18),
    Rule("decimal.38", ("decimal", "numeric"), _DECIMAL, _DECIMAL_AS_LARGEINT, _EXACT, "same value; LARGEINT in a key", when=_KEY38),
    Rule("decimal", ("decimal", "numeric"), _DECIMAL, _DECIMAL_AS_TEXT, _EXACT, "same value; text in a key"),
    Rule("money", ("money",), _MONEY, _MONEY_AS_TEXT, _EXACT, "same value; text in a key"),
    Rule("smallmoney", ("smallmoney",), _SMALLMONEY, _SMALLMONEY_AS_TEXT, _EXACT, "same value; text in a key"),
    Rule("real", ("real",), Form("{c}", "float", "float", "FLOAT"), None, _EXACT, "same value; never a key"),
    Rule("float", ("float",), Form("{c}", "float", "double", "DOUBLE"), None, _EXACT, "same value; never a key"),
    Rule("date", ("date",), Form("{c}", "date", "date", "DATE"), Form("{c}", "date", "date", "DATE"), _EXACT, "same value"),
    Rule("time.text", ("time",), _TIME, _TIME, _EXACT, "text hh:mm:ss.fffffff with the column's digits: StarRocks has no TIME column",
         choice=("time_as", "text")),
    Rule("time.ticks", ("time",), _TICKS, _TICKS, _EXACT, "100-ns ticks since midnight", choice=("time_as", "ticks")),
    Rule("smalldatetime", ("smalldatetime",), Form("CAST({c} AS datetime2(0))", "timestamp0", "timestamp", "DATETIME"),
         Form("CAST({c} AS datetime2(0))", "timestamp0", "timestamp", "DATETIME"), _EXACT, "same value"),
    Rule("datetime", ("datetime",), Form("CAST({c} AS datetime2(3))", "timestamp3", "timestamp", "DATETIME"),
         Form("CAST({c} AS datetime2(3))", "timestamp3", "timestamp", "DATETIME"), _EXACT, "same value, to the millisecond as SQL Server shows it"),
    Rule("datetime2.text", ("datetime2",), _STAMP, _STAMP, _EXACT, "text yyyy-mm-dd hh:mm:ss.fffffff", when=_S7, choice=("datetime2_as", "text")),
    Rule("datetime2.ns100", ("datetime2",), _DATETIME2, _STAMP, _COMPANION,
         "microseconds; the seventh digit is kept beside it; text in a key", (_NS100,), when=_S7, choice=("datetime2_as", "companion")),
    Rule("datetime2", ("datetime2",), _DATETIME2, _DATETIME2, _EXACT, "same value"),
    Rule("datetimeoffset.text", ("datetimeoffset",), _STAMP, _STAMP, _EXACT, "text yyyy-mm-dd hh:mm:ss.fffffff +hh:mm",
         choice=("datetimeoffset_as", "text")),
    Rule("datetimeoffset.ns100", ("datetimeoffset",), _UTC, _STAMP, _COMPANION,
         "instant in UTC; offset and seventh digit are kept beside it; text in a key", (_OFFSET, _NS100), when=_S7,
         choice=("datetimeoffset_as", "companion")),
    Rule("datetimeoffset", ("datetimeoffset",), _UTC, _STAMP, _COMPANION,
         "instant in UTC; the offset is kept beside it; text in a key", (_OFFSET,), choice=("datetimeoffset_as", "companion")),
    Rule("unicode.bytes", ("nchar", "nvarchar", "sysname"), _UTF16, _UTF16_HEX, _EXACT, f"{_UTF16_NOTE}; hexadecimal text in a key",
         choice=("unicode_as", "bytes")),
    Rule("unicode.max.bytes", ("nvarchar(max)", "ntext"), _UTF16_MAX, None, _EXACT, _UTF16_NOTE, choice=("unicode_as", "bytes")),
    Rule("char.trim", ("char", "nchar"), _TRIMMED, _TRIMMED, _DECLARED, "text without its trailing blanks", choice=("char_blanks", "trim")),
    Rule("char", ("char", "nchar"), _TEXT, _TEXT, _EXACT, "same text, trailing blanks kept", choice=("char_blanks", "keep")),
    Rule("varchar", ("varchar", "nvarchar", "sysname"), _TEXT, _TEXT, _EXACT, _TEXT_NOTE),
    Rule("varchar.max", ("varchar(max)",), _VARCHAR_MAX, None, _EXACT, _TEXT_NOTE),
    Rule("nvarchar.max", ("nvarchar(max)",), _NVARCHAR_MAX, None, _EXACT, _TEXT_NOTE),
    Rule("text", ("text",), _TEXT_MAX, None, _EXACT, _TEXT_NOTE),
    Rule("ntext", ("ntext",), _NTEXT_MAX, None, _EXACT, _TEXT_NOTE),
    Rule("xml", ("xml",), _XML, None, _EXACT, "text of the document as SQL Server stores it: it keeps no XML declaration"),
    Rule("json.json", ("json",), _JSON, None, _DECLARED, "StarRocks' JSON: order of keys and spelling of numbers are its own; "
         "StarRocks' values are proven by count and NULLs only", choice=("json_as", "json")),
    Rule("json.text", ("json",), _NTEXT_MAX, None, _EXACT, "text as SQL Server writes it", choice=("json_as", "text")),
    Rule("vector", ("vector",), _NTEXT_MAX, None, _DECLARED, "JSON text of the numbers, in SQL Server's eight digits", must_accept=True),
    Rule("binary", ("binary", "varbinary"), _BYTES, _BYTES_HEX, _EXACT, "same bytes; hexadecimal text in a key"),
    Rule("binary.max", ("varbinary(max)", "image"), _BYTES_MAX, None, _EXACT, "same bytes"),
    Rule("guid.upper", ("uniqueidentifier",), _GUID, _GUID, _EXACT, "text, upper case; sorts differently from SQL Server",
         choice=("guid_case", "upper")),
    Rule("guid.lower", ("uniqueidentifier",), _GUID_LOWER, _GUID_LOWER, _EXACT, "text, lower case; sorts differently from SQL Server",
         choice=("guid_case", "lower")),
    Rule("rowversion", ("timestamp", "rowversion"), _ROWVERSION, _ROWVERSION, _EXACT, "number, order kept"),
    Rule("sql_variant", ("sql_variant",), _VARIANT, None, _DECLARED,
         "text of the value; its base type is kept beside it, precision, scale and collation are not", (_BASE_TYPE,)),
    Rule("hierarchyid", ("hierarchyid",), _PATH, _PATH, _EXACT, "path as text, such as /1/3/"),
    Rule("spatial.wkb", ("geometry", "geography"), _WKB, None, _COMPANION, "well-known binary with Z and M; the SRID is kept beside it",
         (_SRID,), choice=("spatial_as", "wkb")),
    Rule("spatial.wkt", ("geometry", "geography"), _WKT, None, _DECLARED,
         "well-known text with Z and M, in SQL Server's digits; the SRID is kept beside it", (_SRID,), choice=("spatial_as", "wkt")),
    Rule("clr.bytes", ("clr",), _BYTES_MAX, None, _DECLARED, "bytes as the CLR type serialises itself", must_accept=True),
)
