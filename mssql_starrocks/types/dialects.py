"""Quoting: every identifier and every literal of a dialect is made by one function here."""

from __future__ import annotations

from mssql_starrocks.errors import ConfigError

_STARROCKS_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def quote_tsql(name: str) -> str:
    """A T-SQL identifier in brackets; `]` is doubled.

    Raises:
        ConfigError: the name cannot be sent as it is.

    """
    if not name or _unsendable(name):
        raise ConfigError(f"SQL Server cannot be asked for the name {name!r}: a driver would cut or change it.")
    return "[" + name.replace("]", "]]") + "]"


def text_tsql(value: str) -> str:
    """A T-SQL unicode string literal.

    Raises:
        ConfigError: the text cannot be sent as it is.

    """
    if _unsendable(value):
        raise ConfigError(f"SQL Server cannot be sent the text {value!r}: a driver would cut or change it.")
    return "N'" + value.replace("'", "''") + "'"


def quote_starrocks(name: str) -> str:
    """A StarRocks identifier in backticks.

    The front end deletes backticks inside quotes (facts/starrocks_judged.md B) and runs stacked statements, so a
    name with a backtick or a control character is refused, never escaped.

    Raises:
        ConfigError: the name cannot be written safely.

    """
    if not name or "`" in name or any(ord(c) < 32 for c in name) or _unsendable(name):
        raise ConfigError(f"StarRocks cannot hold the name {name!r}: backticks and control characters are lost there.")
    return f"`{name}`"


def text_starrocks(value: str) -> str:
    """A StarRocks string literal in single quotes; backslash escapes are always active there.

    Raises:
        ConfigError: half a surrogate pair, which UTF-8 does not have.

    """
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ConfigError(f"StarRocks cannot be sent the text {value!r}: it is no UTF-8.")
    return "'" + "".join(_STARROCKS_ESCAPES.get(c, c) for c in value) + "'"


def _unsendable(text: str) -> bool:
    """FreeTDS takes C strings, so a statement ends at a NUL; half a surrogate pair has no UTF-8."""
    return any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
