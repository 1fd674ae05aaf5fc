"""Functions and procedures about the session, the server and the catalog."""

import re
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.sqlserver import alter_column, change_tracking
from mssql_starrocks.sandbox.sqlserver.catalog import Table
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.session_locks import check_writable
from mssql_starrocks.sandbox.sqlserver.tsql import dialect
from mssql_starrocks.sandbox.sqlserver.tsql.moments import fit, ticks_now
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, from_value
from mssql_starrocks.sandbox.sqlserver.types import (
    BIGINT,
    DATETIME,
    INT,
    SMALLINT,
    SYSNAME,
    VARIANT,
    SqlType,
    decimal,
    nvarchar,
    parse_type,
    variant,
)
from mssql_starrocks.sandbox.sqlserver.words import name_parts, split_commas

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor

VERSION = (
    "Microsoft SQL Server 2022 (sandbox of mssql_starrocks, not SQL Server) - 16.0.1000.6 (X64) \n"
    "\tDeveloper Edition (64-bit) on Linux"
)
_PROPERTIES = {
    "engineedition": ("int", "3"),
    "productversion": ("nvarchar(128)", "16.0.1000.6"),
    "productmajorversion": ("nvarchar(128)", "16"),
    "productlevel": ("nvarchar(128)", "RTM"),
    "edition": ("nvarchar(128)", "Developer Edition (64-bit)"),
    "collation": ("nvarchar(128)", "SQL_Latin1_General_CP1_CI_AS"),
    "servername": ("nvarchar(128)", "SANDBOX"),
    "machinename": ("nvarchar(128)", "SANDBOX"),
    "ishadrenabled": ("int", "0"),
    "isintegratedsecurityonly": ("int", "0"),
}


def variable(executor: "Executor", name: str) -> Value | None:
    """@@names, and the clocks by function name."""
    clocks = {"SYSDATETIMEOFFSET", "GETDATE", "GETUTCDATE", "SYSDATETIME", "SYSUTCDATETIME"}
    if name in clocks:
        return _clock(name)
    number = {
        "@@trancount": executor.transactions.depth,
        "@@rowcount": executor.row_count,
        "@@lock_timeout": executor.locks.timeout,
        "@@microsoftversion": 0x100003E8,
    }
    if name in number:
        return Value(INT, number[name])
    if name == "@@spid":
        return Value(SMALLINT, executor.session_id)
    if name == "@@max_precision":
        return Value(SqlType("tinyint"), 38)
    if name == "@@identity":
        return Value(decimal(38, 0, "numeric"), executor.scope_identity)
    texts = {"@@version": VERSION, "@@servername": "SANDBOX", "@@language": "us_english"}
    return Value(nvarchar(300), texts[name]) if name in texts else None


def _clock(name: str) -> Value:
    ticks = ticks_now()
    if name in ("GETDATE", "GETUTCDATE"):
        return Value(DATETIME, fit(ticks, DATETIME))
    if name == "SYSDATETIMEOFFSET":
        return Value(SqlType("datetimeoffset", scale=7), {"t": ticks, "o": 0})
    return Value(SqlType("datetime2", scale=7), ticks)


def _text(value: Typed) -> str:
    if not isinstance(value.literal, str):
        raise unsupported("a catalog function with something other than a literal")
    return value.literal


def function(executor: "Executor", name: str, arguments: list[Typed]) -> Typed:
    simple = {
        "SUSER_SNAME": (SYSNAME, executor.user),
        "SYSTEM_USER": (SYSNAME, executor.user),
        "ORIGINAL_LOGIN": (SYSNAME, executor.user),
        "USER_NAME": (SYSNAME, "dbo"),
        "XACT_STATE": (SMALLINT, 1 if executor.transactions.depth else 0),
        "SCOPE_IDENTITY": (decimal(38, 0, "numeric"), executor.scope_identity),
    }
    if name in simple and not arguments:
        return from_value(Value(*simple[name]))
    handler = _FUNCTIONS.get(name)
    if handler is None:
        raise unsupported(f"function {name}")
    made: Typed = handler(executor, arguments)
    return made


def _db_name(executor: "Executor", arguments: list[Typed]) -> Typed:
    if not arguments:
        return from_value(Value(SYSNAME, executor.database.name))
    names = {base.database_id: base.name for base in executor.engine.databases.values()}
    return from_value(Value(SYSNAME, names.get(arguments[0].literal)))


def _db_id(executor: "Executor", arguments: list[Typed]) -> Typed:
    if not arguments:
        return from_value(Value(SMALLINT, executor.database.database_id))
    found = executor.engine.databases.get(_text(arguments[0]).lower())
    return from_value(Value(SMALLINT, found.database_id if found else None))


def _server_property(executor: "Executor", arguments: list[Typed]) -> Typed:
    found = _PROPERTIES.get(_text(arguments[0]).lower())
    content = None if found is None else variant(*found)
    return from_value(Value(VARIANT, content))


def _named_table(executor: "Executor", text: str) -> Table | None:
    parts = name_parts(text)
    try:
        return executor.find_table(parts)
    except SqlError:
        return None


def _object_id(executor: "Executor", arguments: list[Typed]) -> Typed:
    text = _text(arguments[0])
    if text.lower().startswith(("sys.", "[sys].")):
        raise unsupported("OBJECT_ID of a system view")
    found = _named_table(executor, text)
    if found is not None and not executor.engine.permissions.sees(executor.user, found):
        found = None
    wanted = _text(arguments[1]).strip().upper() if len(arguments) > 1 else "U"
    return from_value(Value(INT, found.object_id if found and wanted == "U" else None))


def _schema_name(executor: "Executor", arguments: list[Typed]) -> Typed:
    if not arguments:
        return from_value(Value(SYSNAME, "dbo"))
    schemas = executor.database.schemas.values()
    whens = " ".join(f"WHEN {number} THEN '{name.replace(chr(39), chr(39) * 2)}'" for name, number in schemas)
    return Typed(f"(CASE {arguments[0].sql} {whens} END)", SYSNAME)


def _schema_id(executor: "Executor", arguments: list[Typed]) -> Typed:
    name = _text(arguments[0]).lower() if arguments else "dbo"
    found = executor.database.schemas.get(name)
    return from_value(Value(INT, found[1] if found else None))


def _object_name(executor: "Executor", arguments: list[Typed]) -> Typed:
    whens = " ".join(
        f"WHEN {t.object_id} THEN '{t.name.replace(chr(39), chr(39) * 2)}'"
        for t in executor.database.tables.values()
        if executor.engine.permissions.sees(executor.user, t)
    )
    return Typed(f"(CASE {arguments[0].sql} {whens} END)" if whens else "CAST(NULL AS VARCHAR)", SYSNAME)


def _has_permission(executor: "Executor", arguments: list[Typed]) -> Typed:
    """HAS_PERMS_BY_NAME(name, 'OBJECT', 'SELECT'), also with the name made from columns; of literals a few others.

    Docs: "HAS_PERMS_BY_NAME": 1 or 0, NULL for a securable that is not there.
    """
    asked = tuple(_text(argument).upper() for argument in arguments[1:])
    if asked in (("SCHEMA", "VIEW DEFINITION"), ("OBJECT", "VIEW CHANGE TRACKING")):
        return _has_other(executor, asked[0], _text(arguments[0]))
    if asked != ("OBJECT", "SELECT"):
        raise unsupported(f"HAS_PERMS_BY_NAME of {' '.join(asked)}")
    if isinstance(arguments[0].literal, str):
        found = _named_table(executor, arguments[0].literal)
        allowed = found is not None and executor.engine.may_select(executor.user, found.schema, found.name)
        return from_value(Value(INT, None if found is None else int(allowed)))
    plain = f"lower(replace(replace({arguments[0].sql}, '[', ''), ']', ''))"
    whens = []
    for table in executor.database.tables.values():
        allowed = executor.engine.may_select(executor.user, table.schema, table.name)
        name = f"{table.schema}.{table.name}".lower().replace("'", "''")
        whens.append(f"WHEN '{name}' THEN {int(allowed)}")
    return Typed(f"CAST((CASE {plain} {' '.join(whens)} END) AS INTEGER)" if whens else "CAST(NULL AS INTEGER)", INT)


def _has_other(executor: "Executor", kind: str, name: str) -> Typed:
    permissions = executor.engine.permissions
    if kind == "SCHEMA":
        (schema,) = name_parts(name)
        known = schema.lower() in executor.database.schemas
        return from_value(Value(INT, int(permissions.may_define(executor.user, schema)) if known else None))
    found = _named_table(executor, name)
    tracked = found and int(permissions.may_track(executor.user, found.schema, found.name))
    return from_value(Value(INT, tracked))


def _ident_current(executor: "Executor", arguments: list[Typed]) -> Typed:
    found = _named_table(executor, _text(arguments[0]))
    last = None
    if found is not None:
        seeds = [column.identity[0] for column in found.columns if column.identity]
        last = executor.database.identities.get(found.object_id, seeds[0] if seeds else None)
    return from_value(Value(decimal(38, 0, "numeric"), last))


def _col_length(executor: "Executor", arguments: list[Typed]) -> Typed:
    found = _named_table(executor, _text(arguments[0]))
    named = [c for c in found.columns if c.name.lower() == _text(arguments[1]).lower()] if found else []
    return from_value(Value(SMALLINT, named[0].type.max_length if named else None))


_FUNCTIONS: dict[str, Any] = {
    "DB_NAME": _db_name,
    "DB_ID": _db_id,
    "SERVERPROPERTY": _server_property,
    "OBJECT_ID": _object_id,
    "SCHEMA_NAME": _schema_name,
    "SCHEMA_ID": _schema_id,
    "OBJECT_NAME": _object_name,
    "HAS_PERMS_BY_NAME": _has_permission,
    "IDENT_CURRENT": _ident_current,
    "COL_LENGTH": _col_length,
    "CHANGE_TRACKING_CURRENT_VERSION": change_tracking.current_version,
}

_ARGUMENT = re.compile(r"(?is)^\s*(?:(@\w+)\s*=\s*)?(.+?)\s*$")


def parse_execute(text: str) -> tuple[str, list[tuple[str, str]]]:
    """EXEC name @a = 1, N'b': the name, and (parameter, expression) pairs."""
    found = re.match(r"(?is)EXEC(?:UTE)?\s+((?:\[[^\]]+\]|\w+)(?:\s*\.\s*(?:\[[^\]]+\]|\w+))*)\s*(.*)$", text)
    if not found:
        raise unsupported(f"statement {text[:60]}")
    name = ".".join(name_parts(found[1]))
    pieces = split_commas(found[2]) if found[2].strip() else []
    arguments = []
    for piece in pieces:
        match = _ARGUMENT.match(piece)
        assert match is not None  # noqa: S101 - narrows the type
        value = match[2]
        if re.fullmatch(r"[A-Za-z]\w*", value) and value.upper() != "NULL":  # a bare word is text in EXEC
            value = f"N'{value}'"
        arguments.append(((match[1] or "").lower(), value))
    return name, arguments


_ORDER = ("@name", "@value", "@level0type", "@level0name", "@level1type", "@level1name", "@level2type", "@level2name")


def call(executor: "Executor", name: str, arguments: list[tuple[str, Value]]) -> None:
    """The procedures there are: extended properties, and sp_rename of a column."""
    plain = name.lower().rsplit(".", 1)[-1].strip("[]")
    if plain == "sp_rename":
        words = ("@objname", "@newname", "@objtype")
        renaming = {key or words[place]: str(value.value) for place, (key, value) in enumerate(arguments)}
        if len(renaming) != len(words) or renaming["@objtype"].upper() != "COLUMN":
            raise unsupported("sp_rename of something other than a column")
        check_writable(executor.database)
        alter_column.rename(executor, name_parts(renaming["@objname"]), renaming["@newname"])
        return
    if plain not in ("sp_addextendedproperty", "sp_updateextendedproperty", "sp_dropextendedproperty"):
        raise SqlError(2812, f"Could not find stored procedure '{name}'.")
    order = tuple(key for key in _ORDER if not (plain == "sp_dropextendedproperty" and key == "@value"))
    given = {key or order[place]: value.value for place, (key, value) in enumerate(arguments)}
    _describe(executor, plain, given)


def _describe(executor: "Executor", action: str, given: dict[str, Any]) -> None:
    if (given.get("@level0type") or "").upper() != "SCHEMA" or (given.get("@level1type") or "").upper() != "TABLE":
        raise unsupported("extended properties of something other than tables and columns")
    check_writable(executor.database)
    table = executor.find_table((given["@level0name"], given["@level1name"]))
    minor = 0
    if given.get("@level2type"):
        if given["@level2type"].upper() != "COLUMN":
            raise unsupported("extended properties of something other than tables and columns")
        minor = table.column(given["@level2name"]).column_id
    key = (table.object_id, minor, given["@name"])
    descriptions, exists = executor.database.descriptions, key in executor.database.descriptions
    if action == "sp_addextendedproperty" and exists:
        raise SqlError(15233, f"Property cannot be added. Property '{given['@name']}' already exists.")
    if action != "sp_addextendedproperty" and not exists:
        raise SqlError(15217, f"Property cannot be updated or deleted. Property '{given['@name']}' does not exist.")
    executor.transactions.remember(executor.database)
    if action == "sp_dropextendedproperty":
        del descriptions[key]
    else:
        descriptions[key] = given.get("@value") or ""


__all__ = ["BIGINT", "call", "dialect", "function", "parse_execute", "parse_type", "variable"]
