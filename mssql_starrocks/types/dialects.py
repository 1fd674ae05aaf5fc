"""Quoting: every identifier and every literal of a dialect is made by one function here."""

from __future__ import annotations

from mssql_starrocks.errors import ConfigError

_STARROCKS_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def quote_tsql(name: str) -> str:
    """A T-SQL identifier in brackets; `]` is doubled."""
    return "[" + name.replace("]", "]]") + "]"


def text_tsql(value: str) -> str:
    """A T-SQL unicode string literal."""
    return "N'" + value.replace("'", "''") + "'"


def quote_starrocks(name: str) -> str:
    """A StarRocks identifier in backticks.

    The front end deletes backticks inside quotes (facts/starrocks_judged.md B) and runs stacked statements, so a
    name with a backtick or a control character is refused, never escaped.

    Raises:
        ConfigError: the name cannot be written safely.

    """
    if not name or "`" in name or any(ord(c) < 32 for c in name):
        raise ConfigError(f"StarRocks cannot hold the name {name!r}: backticks and control characters are lost there.")
    return f"`{name}`"


def text_starrocks(value: str) -> str:
    """A StarRocks string literal in single quotes; backslash escapes are always active there."""
    return "'" + "".join(_STARROCKS_ESCAPES.get(c, c) for c in value) + "'"
