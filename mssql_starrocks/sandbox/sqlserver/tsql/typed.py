"""An expression of DuckDB with its SQL Server type, and the small texts every compiler function needs."""

import decimal as decimals
from dataclasses import dataclass, replace
from typing import Any

from mssql_starrocks.sandbox.sqlserver.errors import marked
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.types import SqlType

LITERAL, COLUMN, EXPLICIT = 0, 1, 2  # collation precedence


@dataclass(frozen=True)
class Typed:
    sql: str
    type: SqlType
    nullable: bool = True
    collation_rank: int = LITERAL
    is_null: bool = False  # the bare NULL, which takes any type
    literal: Any = None  # the Python value of a literal

    def with_type(self, kind: SqlType) -> "Typed":
        return replace(self, type=kind)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def failing(number: int, message: str, storage: str) -> str:
    """SQL that raises when it is evaluated; `message` is SQL too."""
    return f"CAST(error({quoted(marked(number, ''))} || {message}) AS {storage})"


def stored_literal(value: Value) -> str:
    """A value in its storage form as a DuckDB literal of exactly the storage type."""
    kind, content = value.type, value.value
    if content is None:
        return f"CAST(NULL AS {kind.storage})"
    if kind.storage == "VARCHAR":
        return text_literal(content)
    if kind.storage == "BLOB":
        return f"unhex('{content.hex()}')"
    if kind.name == "datetimeoffset":
        return f"{{'t': {content['t']}::BIGINT, 'o': {content['o']}::SMALLINT}}"
    if kind.name == "sql_variant":
        return "{" + ", ".join(f"'{name}': {_text_or_null(text)}" for name, text in content.items()) + "}"
    if kind.name == "date":
        days = content if isinstance(content, int) else content.toordinal() - 1
        return f"(DATE '0001-01-01' + {days})"
    if isinstance(content, float):
        return f"CAST('{content!r}' AS {kind.storage})"
    if isinstance(content, decimals.Decimal):
        return f"CAST('{content:f}' AS {kind.storage})"
    return f"CAST({content} AS {kind.storage})"


def _text_or_null(text: str | None) -> str:
    return "NULL::VARCHAR" if text is None else text_literal(text)


def text_literal(text: str) -> str:
    if "\0" not in text:
        return quoted(text)
    return "(" + " || chr(0) || ".join(quoted(piece) for piece in text.split("\0")) + ")"


def from_value(value: Value) -> Typed:
    return Typed(stored_literal(value), value.type, literal=value.value)
