"""JSON as StarRocks keeps and prints it: keys sorted, `{"a": 1, "b": [1, 2]}`. Text that is neither object, array nor
quoted string becomes a JSON string (docs.starrocks.io parse_json, examples 1 and 4). What VelocyPack prints in a way
that is not certain is refused.
"""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from typing import Any

import duckdb

JSON_FUNCTION = "sr_json"  # its name in DuckDB
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
SHORT_ESCAPES = "\b\t\n\f\r"


class UncertainJsonError(Exception):
    def __init__(self, what: str) -> None:
        super().__init__(f"not supported by the sandbox: JSON with {what}")


def register(connection: duckdb.DuckDBPyConnection) -> None:
    connection.create_function(JSON_FUNCTION, canonical, ["VARCHAR"], "VARCHAR", null_handling="special")  # type: ignore[arg-type,list-item]


def canonical(text: str | None) -> str | None:
    """The text StarRocks prints for `text` as JSON; None when it is no JSON."""
    if text is None:
        return None
    start = text.lstrip(" \t\r\n")[:1]
    if not start or start.isspace():
        raise UncertainJsonError("no value")
    if start not in '{["':
        return _string(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number, parse_constant=_no_number
        )
    except RecursionError:
        raise UncertainJsonError("deep nesting") from None
    except ValueError:
        return None
    return _written(value)


class _Pairs(list[tuple[str, Any]]):
    """Members of an object as they were written."""


class _Number(str):
    """A number as it was written."""


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _written(value: Any) -> str:
    if isinstance(value, _Pairs):
        return _object(value)
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, _Number):
        return _integer(value) if INTEGER.fullmatch(value) else _double(value)
    if isinstance(value, str):
        return _string(value)
    return {None: "null", True: "true", False: "false"}[value]


def _object(members: _Pairs) -> str:
    if len({key for key, _ in members}) < len(members):
        raise UncertainJsonError("the same key twice")
    ordered = sorted(members, key=lambda member: member[0].encode())
    return "{" + ", ".join(f"{_string(key)}: {_written(value)}" for key, value in ordered) + "}"


def _string(text: str) -> str:
    if any((char < " " and char not in SHORT_ESCAPES) or "\ud800" <= char <= "\udfff" for char in text):
        raise UncertainJsonError("control characters or half surrogates")
    return json.dumps(text, ensure_ascii=False)


def _integer(text: str) -> str:
    if text == "-0" or not -(2**63) <= int(text) < 2**64:
        raise UncertainJsonError(f"the number {text[:50]}")
    return text


def _double(text: str) -> str:
    """Where Grisu2 prints the shortest digits, without an exponent."""
    value = float(text)
    shortest = repr(value)
    if not re.fullmatch(r"-?[0-9]+\.[0-9]{1,6}", shortest) or shortest.endswith(".0") or len(shortest) > 16:
        raise UncertainJsonError(f"the number {text[:50]}")
    if abs(Fraction(shortest) - Fraction(value)) > Fraction(math.ulp(value)) * Fraction(49, 100):
        raise UncertainJsonError(f"the number {text[:50]}")
    return shortest
