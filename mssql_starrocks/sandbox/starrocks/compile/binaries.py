"""Functions that write bytes as text, read them back, or hash them."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.functions import Context, function, text, varchar
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed, is_integer
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.sql.types import BIGINT, LARGEINT, TEXTS, VARBINARY, VARCHAR

HEX_PAIRS = "([0-9a-fA-F]{2})*"
BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)"


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


@function("TO_BINARY", 1, 2)
def _to_binary(args: list[Typed], context: Context) -> Typed:
    """docs.starrocks.io to_binary: hex (default), encode64, utf8; a text that is no hex gives empty bytes."""
    value, format_name = args[0], (args[1].constant or "" if len(args) == 2 else "hex").lower()
    if value.type.name not in (*TEXTS, "NULL"):
        raise unsupported(f"to_binary({value.type.plain})")
    sql = text(value)
    if format_name == "utf8":
        return Typed(f"encode({sql})", VARBINARY, nullable=value.nullable)
    if format_name == "hex":
        read = f"CASE WHEN regexp_full_match({sql}, '{HEX_PAIRS}') THEN unhex({sql}) ELSE CAST('' AS BLOB) END"
        return Typed(f"CASE WHEN {sql} IS NOT NULL THEN {read} END", VARBINARY, nullable=value.nullable)
    if format_name == "encode64":
        # empty bytes say the docs, NULL says the back end's code
        otherwise = "error('not supported by the sandbox: to_binary() of a text that is not base64')"
        read = f"CASE WHEN regexp_full_match({sql}, '{BASE64}') THEN from_base64({sql}) ELSE {otherwise} END"
        return Typed(f"CASE WHEN {sql} IS NOT NULL THEN {read} END", VARBINARY)
    raise unsupported("to_binary() with another format than 'hex', 'encode64' or 'utf8'")
