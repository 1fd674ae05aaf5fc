"""ASCII, CHAR, UNICODE, NCHAR, NEWID: the database's collation is of code page 1252 and not an _SC one."""

from mssql_starrocks.sandbox.sqlserver.errors import unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.functions import as_int, as_text, function
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, failing, quoted
from mssql_starrocks.sandbox.sqlserver.types import GUID, INT, MAX, SqlType, nvarchar


def _units(hexadecimal: str) -> str:
    return f"ts_from_utf16(unhex({hexadecimal}))"


@function("NCHAR", 1)
def _nchar(args: list[Typed]) -> Typed:
    """0 to 65535, half of a surrogate pair too; NULL outside (NCHAR, Transact-SQL)."""
    number = as_int(args[0]).sql
    digits = f"format('{{:02x}}{{:02x}}', {number} % 256, {number} // 256)"
    return Typed(f"(CASE WHEN {number} BETWEEN 0 AND 65535 THEN {_units(digits)} END)", SqlType("nchar", 1))


@function("CHAR", 1)
def _char(args: list[Typed]) -> Typed:
    number = as_int(args[0]).sql
    made = f"ts_from_code_page(unhex(format('{{:02x}}', {number})), 'cp1252')"
    return Typed(f"(CASE WHEN {number} BETWEEN 0 AND 255 THEN {made} END)", SqlType("char", 1))


@function("UNICODE", 1)
def _unicode(args: list[Typed]) -> Typed:
    text = convert(as_text(args[0]), nvarchar(MAX))
    return _code(text, f"hex(ts_utf16({text.sql}))", "'0x' || {h}[3:4] || {h}[1:2]", "UNICODE")


@function("ASCII", 1)
def _ascii(args: list[Typed]) -> Typed:
    text = as_text(args[0])
    text = convert(text, SqlType("varchar", MAX, collation=text.type.collation))
    return _code(text, f"hex({texts.bytes_of(text)})", "'0x' || {h}[1:2]", "ASCII")


def _code(text: Typed, hexadecimal: str, digits: str, name: str) -> Typed:
    empty = failing(50000, quoted(f"not supported by the sandbox: {name} of an empty text"), "INTEGER")
    number = f"CAST({digits.format(h=hexadecimal)} AS INTEGER)"
    return Typed(f"(CASE WHEN {text.sql} IS NULL THEN NULL WHEN {text.sql} = '' THEN {empty} ELSE {number} END)", INT)


@function("NEWID", 0)
def _newid(args: list[Typed]) -> Typed:
    if args:
        raise unsupported("NEWID with arguments")
    return Typed("ts_guid_from_text(CAST(uuid() AS VARCHAR))", GUID, False)
