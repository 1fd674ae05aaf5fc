"""json and vector (SQL Server 2025): text in, text out. json data type, vector data type (Transact-SQL).

json keeps a binary form and gives it back reformatted; the documentation does not say how. So a document is taken
only when it is written in the shortest way already, where no formatter has a choice.
"""

import json
import re
import struct
from typing import Any

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, marked, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import casts
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import SqlType

_LIMIT = "not supported by the sandbox: "
_STRING = re.compile(r'"(?:[^"\\]|\\["\\bfnrt])*"')
_NUMBER = re.compile(r"(?!-0$)(?!(?:\D?\d){16})-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?")  # at most 15 digits
_SCALARS = re.compile(r"[^\[\]{},:]+")
_ITEMS = 65_535  # in one object or array, else error 13647


def json_text(text: str) -> str:
    """The document as a json column gives it back."""
    try:
        json.loads(text, object_pairs_hook=_members, parse_constant=_constant)
    except json.JSONDecodeError as failure:
        at = min(failure.pos, max(len(text) - 1, 0))
        found = f"Unexpected character '{text[at : at + 1]}' is found at position {at}."
        message = f"JSON text is not properly formatted. {found}"
        raise ValueError(marked(13609, message)) from None
    bare = _STRING.sub("true", text)
    plain = all(word in ("true", "false", "null") or _NUMBER.fullmatch(word) for word in _SCALARS.findall(bare))
    if not plain or '"' in bare or bare[:1] not in ("[", "{") or bare.count(",") >= _ITEMS or utf16.has_half(text):
        raise ValueError(marked(50000, _LIMIT + "json that is not written in the shortest way"))
    return text


def _members(pairs: list[tuple[str, Any]]) -> int:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(marked(50000, _LIMIT + "json with the same key twice"))
    return 0


def _constant(name: str) -> None:
    raise ValueError(marked(13609, f"JSON text is not properly formatted. Unexpected character '{name[0]}' is found."))


def vector_text(text: str, dimensions: int) -> str:
    """A JSON array of numbers as a vector shows it: 4-byte floats with seven decimals and three exponent digits."""
    try:
        numbers = json.loads(text)
    except json.JSONDecodeError:
        numbers = None
    if not isinstance(numbers, list) or not all(type(number) in (int, float) for number in numbers):
        raise ValueError(marked(50000, _LIMIT + "text that is not a JSON array of numbers as a vector"))
    if len(numbers) != dimensions:
        raise ValueError(marked(42204, f"The vector dimensions {dimensions} and {len(numbers)} do not match."))
    try:
        packed = struct.pack(f"<{dimensions}f", *numbers)
    except OverflowError:
        raise ValueError(marked(50000, _LIMIT + "a number beyond real in a vector")) from None
    return f"[{','.join(_shown(number) for number in struct.unpack(f'<{dimensions}f', packed))}]"


def _shown(number: float) -> str:
    digits, exponent = f"{number:.7e}".split("e")
    return f"{digits}e{exponent[0]}{int(exponent[1:]):03d}"


def _to_json(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family != "text" or style not in (None, 0):
        raise unsupported(f"conversion from {value.type.name} to json")
    return f"ts_json_text({value.sql})"


def _to_vector(value: Typed, to: SqlType, style: int | None) -> str:
    if value.type.family == "vector":
        message = f"The vector dimensions {to.length} and {value.type.length} do not match."
        raise SqlError(42204, message)
    if value.type.family != "text" or style not in (None, 0):
        raise unsupported(f"conversion from {value.type.name} to vector")
    return f"ts_vector_text({value.sql}, {to.length})"


casts.RULES.update({"json": _to_json, "vector": _to_vector})
