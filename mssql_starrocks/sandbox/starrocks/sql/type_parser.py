"""The grammar of types."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.types import (
    AGGREGATED,
    BOOLEAN,
    DATE,
    DATETIME,
    DOUBLE,
    FLOAT,
    INTEGERS,
    JSON,
    NESTED,
    TIME,
    VARCHAR,
    SqlType,
)  # fmt: skip

_SIMPLE = {
    "BOOLEAN": BOOLEAN, "FLOAT": FLOAT, "DOUBLE": DOUBLE, "DATE": DATE, "DATETIME": DATETIME, "TIME": TIME,
    "JSON": JSON, "STRING": VARCHAR, "TEXT": VARCHAR,
}  # fmt: skip
DECIMAL_LIMIT = {"DECIMAL32": 9, "DECIMAL64": 18, "DECIMAL128": 38}
NOT_HERE = {"DECIMAL256"}


def parse_type(cursor: Cursor, version: tuple[int, int]) -> SqlType:
    """One type as the grammar allows it; anything else is a syntax error."""
    if cursor.kind() != "word":
        raise cursor.fail()
    word = cursor.take().upper
    if word == "VARIANT" and version >= (4, 2):
        raise analyzing("VARIANT is not supported as a column type for OLAP tables")
    if word in NOT_HERE or (word == "VARIANT" and version >= (4, 1)):
        raise unsupported(f"type {word}")
    if word in NESTED:
        return _nested(cursor, word, version)
    if word in AGGREGATED:
        return SqlType(word)
    if word in _SIMPLE:
        return _SIMPLE[word]
    if word in ("INTEGER", *INTEGERS, "SIGNED", "UNSIGNED"):
        if word not in ("SIGNED", "UNSIGNED"):
            _argument(cursor)
        return SqlType("INT" if word in ("INTEGER", "SIGNED", "UNSIGNED") else word)
    if word in ("VARCHAR", "CHAR"):
        length = _argument(cursor)
        return SqlType(word, 1 if length is None else length)
    if word in ("VARBINARY", "BINARY"):
        return SqlType("VARBINARY", _argument(cursor) or 0)
    if word in ("DECIMAL", "NUMERIC", "NUMBER", *DECIMAL_LIMIT):
        return _decimal(cursor, word, version)
    cursor.position -= 1
    raise cursor.fail()


def _nested(cursor: Cursor, word: str, version: tuple[int, int]) -> SqlType:
    cursor.expect("<")
    fields: list[str] = []
    parts: list[SqlType] = []
    while True:
        if word == "STRUCT":
            fields.append(cursor.name())
            cursor.accept(":")
        parts.append(parse_type(cursor, version))
        if len(parts) == {"ARRAY": 1, "MAP": 2}.get(word, 0):
            break
        if not cursor.accept(","):
            break
    cursor.expect(">")
    _check_nested(word, fields, parts)
    return SqlType(word, parts=tuple(parts), fields=tuple(fields))


def _check_nested(word: str, fields: list[str], parts: list[SqlType]) -> None:
    if word == "MAP" and (len(parts) != 2 or parts[0].parts or parts[0].name == "JSON"):
        raise syntax_error(word, detail="Unsupported type specification for map's key, which should be base types")
    names = [field.lower() for field in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise analyzing(f"struct contains duplicate subfield name: {twice}")


def _argument(cursor: Cursor) -> int | None:
    if not cursor.accept("("):
        return None
    value = cursor.integer()
    cursor.expect(")")
    return value


def _decimal(cursor: Cursor, word: str, version: tuple[int, int]) -> SqlType:
    precision, scale = 10, 0
    if word in DECIMAL_LIMIT:
        precision = DECIMAL_LIMIT[word]
    if cursor.accept("("):
        precision = cursor.integer()
        scale = cursor.integer() if cursor.accept(",") else 0
        cursor.expect(")")
    top = DECIMAL_LIMIT.get(word, 76 if version >= (4, 0) else 38)
    if precision > top:
        raise plain(f"DECIMAL's precision should range from 1 to {top}")
    if scale > precision:
        raise plain("DECIMAL(P[,S]) type P must be greater than or equal to the value of S")
    if precision > 38:
        raise unsupported(f"DECIMAL({precision},{scale}): more than 38 digits")
    return SqlType("DECIMAL", precision, scale)
