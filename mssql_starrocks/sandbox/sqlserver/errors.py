"""Errors with SQL Server's numbers, and what DuckDB's exceptions mean in them."""

import re
from collections.abc import Callable

import duckdb

MARK = "@@"  # error('@@245@@text') inside generated SQL, or in an exception of a UDF


class SqlError(Exception):
    """What goes on the wire as an ERROR token."""

    def __init__(self, number: int, message: str, severity: int = 16, state: int = 1) -> None:
        super().__init__(message)
        self.number, self.message, self.severity, self.state = number, message, severity, state

    def __reduce__(self) -> tuple[type["SqlError"], tuple[int, str, int, int]]:
        return SqlError, (self.number, self.message, self.severity, self.state)


def unsupported(what: str) -> SqlError:
    return SqlError(50000, f"not supported by the sandbox: {what}")


def marked(number: int, message: str) -> str:
    return f"{MARK}{number}{MARK}{message}"


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], SqlError]]
_OVERFLOW = "Arithmetic overflow error converting expression to data type {}."
_NAMES = {
    "UINT8": "tinyint",
    "INT16": "smallint",
    "INT32": "int",
    "INT64": "bigint",
    "INT128": "numeric",
    "DOUBLE": "float",
    "FLOAT": "real",
    "DECIMAL": "numeric",
}


def _type_name(text: str) -> str:
    return _NAMES.get(text.split("(", maxsplit=1)[0], text.lower())


_RULES: tuple[Rule, ...] = (
    (re.compile(r"(?s)@@(\d+)@@(.*?)(?:\n|$)"), lambda m: SqlError(int(m[1]), m[2])),
    (re.compile(r"(?i)division by zero"), lambda _: SqlError(8134, "Divide by zero error encountered.")),
    (re.compile(r"Overflow in .* of (\w+)"), lambda m: SqlError(8115, _OVERFLOW.format(_type_name(m[1])))),
    (re.compile(r"(?i)overflow"), lambda _: SqlError(8115, _OVERFLOW.format("numeric"))),
    (
        re.compile(r"out of range for the destination type (\w+)"),
        lambda m: SqlError(8115, _OVERFLOW.format(_type_name(m[1]))),
    ),
    (
        re.compile(r"(?:Could not cast value|Casting value|Could not convert).*DECIMAL"),
        lambda _: SqlError(8115, _OVERFLOW.format("numeric")),
    ),
    (
        re.compile(r"must appear in the GROUP BY clause"),
        lambda _: SqlError(
            8120,
            "A column is invalid in the select list because it is not contained in either an aggregate function "
            "or the GROUP BY clause.",
        ),
    ),
    (
        re.compile(r"More than one row returned by a subquery"),
        lambda _: SqlError(512, "Subquery returned more than 1 value."),
    ),
    (
        re.compile(r"(?i)conflict"),
        lambda _: SqlError(3960, "Snapshot isolation transaction aborted due to update conflict."),
    ),
)


def translate(error: Exception) -> SqlError:
    """The SQL Server error for an exception of DuckDB, or 50000 naming what DuckDB said."""
    if isinstance(error, SqlError):
        return error
    text = str(error)
    for pattern, build in _RULES:
        found = pattern.search(text)
        if found:
            return build(found)
    if isinstance(error, (duckdb.Error, OSError, ValueError)):
        return unsupported(text.splitlines()[0][:300] if text else type(error).__name__)
    return unsupported(f"{type(error).__name__}: {text[:300]}")
