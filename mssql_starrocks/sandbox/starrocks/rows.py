"""Values of DuckDB as StarRocks prints them on the wire."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from mssql_starrocks.sandbox.starrocks.sql.types import SqlType


def datetime_text(value: datetime.datetime) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return f"{text}.{value.microsecond:06d}" if value.microsecond else text


def _float_text(value: float) -> str:
    text = repr(value)
    return text.removesuffix(".0")


def _single_text(value: float) -> str:
    import struct

    # the shortest text that gives the same 32-bit number
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            return text
    return f"{value:.9g}"


def _bytes(value: Any) -> bytes:
    return bytes(value)


CONVERT: dict[str, Callable[[Any], Any]] = {
    "DATETIME": datetime_text,
    "DOUBLE": _float_text,
    "FLOAT": _single_text,
    "VARBINARY": _bytes,
    "DATE": lambda value: value.isoformat(),
    "DECIMAL": lambda value: f"{value:f}",
}


def wire_rows(rows: list[tuple[Any, ...]], types: Sequence[SqlType]) -> Sequence[Sequence[Any]]:
    converters = [(at, CONVERT[kind.name]) for at, kind in enumerate(types) if kind.name in CONVERT]
    if not converters:
        return rows
    found = []
    for row in rows:
        values = list(row)
        for at, convert in converters:
            if values[at] is not None:
                values[at] = convert(values[at])
        found.append(values)
    return found
