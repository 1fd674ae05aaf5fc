"""Bodies of Stream Load as rows of texts. A row that no rule fits has a reason and no values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mssql_starrocks.sandbox.starrocks.errors import plain, unsupported
from mssql_starrocks.sandbox.starrocks.http.enclosed import enclosed_records
from mssql_starrocks.sandbox.starrocks.http.spec import JSON_LIMIT, Spec

SPACE = re.compile(r"[ \t\r\n]*")


class Number(str):
    """A number of a JSON document, as it was written."""

    __slots__ = ()


@dataclass(frozen=True)
class Rows:
    """`values` by source column; `reasons` says of each row why it is filtered, or None."""

    values: list[list[str | None]]
    reasons: list[str | None]


def csv_rows(body: bytes, spec: Spec, width: int) -> Rows:
    """be/src/exec/csv_scanner.cpp: blank rows are skipped, a row of another width or that is no UTF-8 is filtered."""
    found = Rows([[] for _ in range(width)], [])
    records = enclosed_records(body, spec) if spec.enclose or spec.escape else _plain_records(body, spec)
    for cells in records:
        reason = _reason(cells, spec, width)
        found.reasons.append(reason)
        for at in range(width):
            # \N is NULL whatever the type (docs.starrocks.io strict_mode; be/src/formats/csv/nullable_converter.cpp)
            found.values[at].append(None if reason or not cells or cells[at] == "\\N" else cells[at])
    return found


def _plain_records(body: bytes, spec: Spec) -> Sequence[list[str] | None]:
    """None for a record that is no UTF-8; `skip_header` counts blank ones."""
    return [_cells(record, spec) for record in body.split(spec.delimiter.encode())[spec.skip :] if record]


def _cells(record: bytes, spec: Spec) -> list[str] | None:
    try:
        return record.decode().split(spec.separator)
    except UnicodeDecodeError:
        return None


def _reason(cells: list[str] | None, spec: Spec, width: int) -> str | None:
    if cells is None:
        return "Error: Invalid UTF-8 row"
    if len(cells) == width:
        return None
    return (
        f"Error: Target column count: {width} doesn't match source value column count: {len(cells)}. "
        f"Column separator: {spec.separator!r}, Row delimiter: {spec.delimiter!r}"
    )


def json_rows(body: bytes, spec: Spec, names: Sequence[str], floats: frozenset[str]) -> Rows:
    """A document is one row, by the names of its members or by `jsonpaths`; a member that is not there is NULL."""
    if len(body) > JSON_LIMIT and not spec.ignore_size:
        raise plain(
            f"The size of this batch exceed the max size [{JSON_LIMIT}]  of json type data  data [ {len(body)} ]. Set "
            "ignore_json_size to skip the check, although it may lead huge memory consuming."
        )
    keys = _keys(spec.paths, names)
    found = Rows([[] for _ in names], [])
    for document in _documents(body, spec):
        if not isinstance(document, dict):
            raise unsupported("JSON rows that are no objects")
        found.reasons.append(None)
        for at, key in enumerate(keys):
            value = document.get(key)
            if names[at] in floats and isinstance(value, str) and not isinstance(value, Number):
                raise unsupported(
                    "a JSON string as a float: it is read inexactly (be/src/formats/json/numeric_column.cpp)"
                )
            found.values[at].append(_text(value))
    return found


def _documents(body: bytes, spec: Spec) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_float=Number, parse_int=Number, object_pairs_hook=_members)
    try:
        text = body.decode()
        at = _after_space(text, 0)
        while at < len(text):
            document, at = decoder.raw_decode(text, at)
            at = _after_space(text, at)
            if isinstance(document, list) != spec.array:
                kind = "array type with strip_outer_array=true" if spec.array else "object"
                raise plain(f"parse json data failed: the value should be {kind}")
            yield from document if spec.array else [document]
    except ValueError as error:
        raise plain(f"parse json data failed: {error}") from None


def _after_space(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise unsupported("the same key twice in a JSON row")
    return dict(pairs)


def _keys(paths: str, names: Sequence[str]) -> Sequence[str]:
    if not paths:
        return names
    try:
        listed = json.loads(paths)
    except ValueError:
        raise plain("Invalid json path") from None
    if not isinstance(listed, list) or any(not str(p).startswith("$.") or "." in str(p)[2:] for p in listed):
        raise unsupported("jsonpaths deeper than $.name")
    if len(listed) < len(names):
        raise unsupported("fewer jsonpaths than columns")
    return [str(path)[2:].strip('"') for path in listed[: len(names)]]


def _text(value: Any) -> str | None:
    """be/src/formats/json: a boolean as text is 1 or 0, a number its token."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    raise unsupported("arrays and objects as values of a JSON row")
