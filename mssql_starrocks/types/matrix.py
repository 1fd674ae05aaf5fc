"""The type matrix: one row per SQL Server type. Base: facts/starrocks.md 2.3, facts/sqlserver.md 1.1.

Templates know `{c}` the quoted column, `{p}` precision, `{s}` scale, `{n}` length in characters, `{b}` length in
bytes and `{v}` the worst-case length in UTF-8 bytes (StarRocks counts bytes: facts/starrocks_judged.md B).
"""

from __future__ import annotations

from dataclasses import dataclass

from mssql_starrocks.model import Loss

LONGEST = 1048576  # bytes in a StarRocks VARCHAR or VARBINARY, 3.5 to 4.1


@dataclass(frozen=True)
class Form:
    """How a value travels: T-SQL expression, kind (types/canonical.py), Iceberg type, StarRocks type, load cast."""

    select: str
    kind: str
    iceberg: str
    starrocks: str
    load: str = "{c}"


@dataclass(frozen=True)
class Companion:
    """A second column that keeps what the first cannot hold; named `<column>__<suffix>`."""

    suffix: str
    form: Form
    note: str


@dataclass(frozen=True)
class Rule:
    """One row. `key` is the form in a StarRocks primary key, None where it cannot be one."""

    id: str
    types: tuple[str, ...]
    value: Form
    key: Form | None
    loss: Loss
    note: str
    companions: tuple[Companion, ...] = ()


def _same(rule: str, types: tuple[str, ...], form: Form, note: str = "same value") -> Rule:
    return Rule(rule, types, form, form, Loss.EXACT, note)


def _text(rule: str, types: tuple[str, ...], note: str) -> Rule:
    return _same(rule, types, Form("{c}", "text", "string", "VARCHAR({v})"), note)


_EXACT, _COMPANION, _DECLARED = Loss.EXACT, Loss.COMPANION, Loss.DECLARED
_LONG_TEXT = "text; StarRocks holds 1 MiB a value, a longer one stops the load"
_SMALL = "CAST({c} AS SMALLINT)"  # Iceberg has no 8- or 16-bit integer
_DECIMAL = Form("{c}", "decimal", "decimal({p},{s})", "DECIMAL({p},{s})")
_DECIMAL_KEY = Form("{c}", "decimal", "decimal({p},{s})", "VARCHAR(41)", "CAST({c} AS VARCHAR)")
_UTC = "CAST(SWITCHOFFSET({c}, '+00:00') AS datetime2({s}))"
_STAMP_TEXT = Form("CONVERT(varchar(34), {c}, 121)", "text", "string", "VARCHAR(34)")
_OFFSET = Companion("offset_min", Form("CAST(DATEPART(tzoffset, {c}) AS int)", "int", "int", "SMALLINT", _SMALL),
                    "offset from UTC in minutes")
_NS100 = Companion("ns100", Form("CAST(DATEPART(nanosecond, {c}) / 100 % 10 AS int)", "int", "int", "SMALLINT", _SMALL),
                   "seventh digit of the second (100 ns)")
_BYTES = Form("{c}", "binary", "binary", "VARBINARY({b})")
_BYTES_KEY = Form("{c}", "binary", "binary", "VARCHAR({hex})", "hex({c})")
_LONG_BYTES = Form("CAST({c} AS varbinary(max))", "binary", "binary", f"VARBINARY({LONGEST})")

MATRIX: tuple[Rule, ...] = (
    _same("bit", ("bit",), Form("{c}", "bool", "boolean", "BOOLEAN")),
    _same("tinyint.unsigned", ("tinyint",), Form("CAST({c} AS int)", "int", "int", "SMALLINT", _SMALL), "0-255 needs SMALLINT"),
    _same("smallint", ("smallint",), Form("CAST({c} AS int)", "int", "int", "SMALLINT", _SMALL)),
    _same("int", ("int",), Form("{c}", "int", "int", "INT")),
    _same("bigint", ("bigint",), Form("{c}", "int", "long", "BIGINT")),
    Rule("decimal.key18", ("decimal", "numeric"), _DECIMAL,
         Form("{c}", "decimal", "decimal({p},{s})", "BIGINT", "CAST({c} AS BIGINT)"), _EXACT, "same value; BIGINT in a key"),
    Rule("decimal.key38", ("decimal", "numeric"), _DECIMAL,
         Form("{c}", "decimal", "decimal({p},{s})", "LARGEINT", "CAST({c} AS LARGEINT)"), _EXACT, "same value; LARGEINT in a key"),
    Rule("decimal", ("decimal", "numeric"), _DECIMAL, _DECIMAL_KEY, _EXACT, "same value; text in a key"),
    Rule("money", ("money",), Form("CAST({c} AS decimal(19,4))", "decimal", "decimal(19,4)", "DECIMAL(19,4)"),
         Form("CAST({c} AS decimal(19,4))", "decimal", "decimal(19,4)", "VARCHAR(41)", "CAST({c} AS VARCHAR)"), _EXACT,
         "same value; text in a key"),
    Rule("smallmoney", ("smallmoney",), Form("CAST({c} AS decimal(10,4))", "decimal", "decimal(10,4)", "DECIMAL(10,4)"),
         Form("CAST({c} AS decimal(10,4))", "decimal", "decimal(10,4)", "VARCHAR(41)", "CAST({c} AS VARCHAR)"), _EXACT,
         "same value; text in a key"),
    Rule("real", ("real",), Form("{c}", "float", "float", "FLOAT"), None, _EXACT, "same value; never a key"),
    Rule("float", ("float",), Form("{c}", "float", "double", "DOUBLE"), None, _EXACT, "same value; never a key"),
    _same("date", ("date",), Form("{c}", "date", "date", "DATE")),
    _same("time.text", ("time",), Form("CONVERT(varchar(16), {c}, 121)", "text", "string", "VARCHAR(16)"),
          "text hh:mm:ss.fffffff: StarRocks has no TIME column"),
    _same("smalldatetime", ("smalldatetime",), Form("CAST({c} AS datetime2(0))", "timestamp0", "timestamp", "DATETIME")),
    _same("datetime", ("datetime",), Form("CAST({c} AS datetime2(3))", "timestamp3", "timestamp", "DATETIME"),
          "to the millisecond, as SQL Server shows it"),
    Rule("datetime2.ns100", ("datetime2",), Form("{c}", "timestamp7", "timestamp", "DATETIME"), _STAMP_TEXT, _COMPANION,
         "microseconds; the seventh digit is kept beside it; text in a key", (_NS100,)),
    _same("datetime2", ("datetime2",), Form("{c}", "timestamp{s}", "timestamp", "DATETIME")),
    Rule("datetimeoffset.ns100", ("datetimeoffset",), Form(_UTC, "timestamp7", "timestamp", "DATETIME"), _STAMP_TEXT,
         _COMPANION, "instant in UTC; offset and seventh digit are kept beside it; text in a key", (_OFFSET, _NS100)),
    Rule("datetimeoffset", ("datetimeoffset",), Form(_UTC, "timestamp{s}", "timestamp", "DATETIME"), _STAMP_TEXT, _COMPANION,
         "instant in UTC; the offset is kept beside it; text in a key", (_OFFSET,)),
    _text("char", ("char", "nchar"), "text, trailing blanks kept"),
    _text("varchar", ("varchar", "nvarchar", "sysname"), "text"),
    Rule("varchar.max", ("varchar(max)", "nvarchar(max)"), Form("{c}", "text", "string", f"VARCHAR({LONGEST})"), None,
         _EXACT, _LONG_TEXT),
    Rule("text", ("text",), Form("CAST({c} AS varchar(max))", "text", "string", f"VARCHAR({LONGEST})"), None, _EXACT, _LONG_TEXT),
    Rule("ntext", ("ntext",), Form("CAST({c} AS nvarchar(max))", "text", "string", f"VARCHAR({LONGEST})"), None, _EXACT, _LONG_TEXT),
    Rule("xml", ("xml",), Form("CONVERT(nvarchar(max), {c})", "text", "string", f"VARCHAR({LONGEST})"), None, _DECLARED,
         "text as SQL Server stores it, without XML declaration"),
    Rule("json", ("json",), Form("CAST({c} AS nvarchar(max))", "text", "string", f"VARCHAR({LONGEST})"), None, _EXACT, _LONG_TEXT),
    Rule("vector", ("vector",), Form("CAST({c} AS nvarchar(max))", "text", "string", f"VARCHAR({LONGEST})"), None, _DECLARED,
         "JSON text of the numbers"),
    Rule("binary", ("binary", "varbinary"), _BYTES, _BYTES_KEY, _EXACT, "same bytes; hexadecimal text in a key"),
    Rule("binary.max", ("varbinary(max)", "image"), _LONG_BYTES, None, _EXACT,
         "same bytes; StarRocks holds 1 MiB a value, a longer one stops the load"),
    _same("uniqueidentifier.text", ("uniqueidentifier",), Form("CONVERT(char(36), {c})", "text", "string", "VARCHAR(36)"),
          "text, upper case; sorts differently from SQL Server"),
    _same("rowversion", ("timestamp", "rowversion"), Form("CAST({c} AS bigint)", "int", "long", "BIGINT"), "number, order kept"),
    Rule("sql_variant", ("sql_variant",), Form("CONVERT(nvarchar(4000), {c})", "text", "string", "VARCHAR(12000)"), None,
         _DECLARED, "text in SQL Server's default style, cut at 4,000 characters; its base type is kept beside it",
         (Companion("type", Form("CAST(SQL_VARIANT_PROPERTY({c}, 'BaseType') AS nvarchar(128))", "text", "string", "VARCHAR(384)"),
                    "base type"),)),
    Rule("hierarchyid.text", ("hierarchyid",), Form("{c}.ToString()", "text", "string", "VARCHAR(4000)"),
         Form("{c}.ToString()", "text", "string", "VARCHAR(4000)"), _DECLARED, "path as text, such as /1/3/"),
    Rule("spatial.wkb", ("geometry", "geography"), Form("{c}.AsBinaryZM()", "binary", "binary", f"VARBINARY({LONGEST})"), None,
         _DECLARED, "well-known binary; the SRID is kept beside it",
         (Companion("srid", Form("{c}.STSrid", "int", "int", "INT"), "spatial reference id"),)),
)
