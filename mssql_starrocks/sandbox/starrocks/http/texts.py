"""Texts as values of a column, as DuckDB expressions: a value, or NULL for a text that is none, or refused.

Only texts whose meaning is documented are read: plain numbers, full dates. `abc` and 2000 for TINYINT are unqualified
(docs.starrocks.io strict_mode); what a back end may still read some way (1.5 as INT, blanks, a short date) is refused.
"""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile.typed import literal
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Column
from mssql_starrocks.sandbox.starrocks.sql.types import FLOATS, INTEGERS, TEXTS

WHOLE = "-?(0|[1-9][0-9]*)"
FRACTION = WHOLE + r"(\.[0-9]{1,%d})?"
SCIENTIFIC = WHOLE + r"(\.[0-9]+)?[eE][-+]?[0-9]+"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r" [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
NO_VALUE = "[^0-9]*[a-zA-Z][^0-9]*"  # a word
BOOLEANS = "[01]|true|false"


def value_of(column: Column, text: str, json: bool) -> str:
    """`text` is the DuckDB expression of what was sent."""
    if column.type.name in TEXTS:
        return text
    if column.type.name in ("VARBINARY", "JSON"):
        # hex in older and base64 in newer releases (varbinary_converter.cpp); a JSON string or a parsed document
        refuse = _refused(f"a text straight into a {column.type.name} column; use a function in `columns`")
        return f"CASE WHEN {text} IS NOT NULL THEN CAST({refuse} AS {column.type.duck}) END"
    shape = _shape(column, json)
    read = f"TRY_CAST({text} AS {column.type.duck})"
    refuse = _refused(f"reading such a text as {column.type.plain} of column {column.name}: ", text)
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_full_match({text}, '{shape}') THEN {read} "
        f"WHEN regexp_full_match({text}, '{NO_VALUE}') THEN NULL ELSE CAST({refuse} AS {column.type.duck}) END"
    )


def unqualified(column: Column, text: str, value: str) -> str:
    """The reason a strict load filters a row, as a branch of CASE."""
    said = literal(f"Error: Value '%s' is out of range. The type of '{column.name}' is {column.type.plain.upper()}'. ")
    return f"WHEN {text} IS NOT NULL AND ({value}) IS NULL THEN replace({said}, '%s', {text})"


def _shape(column: Column, json: bool) -> str:
    name = column.type.name
    if name in INTEGERS:
        return WHOLE
    if name == "DECIMAL":
        return FRACTION % column.type.scale if column.type.scale else WHOLE
    if name in FLOATS:
        # without an exponent CSV reads a float inexactly (string_parser.hpp), simdjson does not
        return f"{SCIENTIFIC}|{FRACTION % 400}" if json else SCIENTIFIC
    if name == "DATE":
        return DAY
    if name == "DATETIME":
        return MOMENT
    if name == "BOOLEAN":
        return BOOLEANS
    raise unsupported(f"Stream Load into a {column.type.plain} column")


def _refused(what: str, text: str = "''") -> str:
    return f"error({literal(f'not supported by the sandbox: {what}')} || {text})"
