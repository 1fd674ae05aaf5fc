"""The headers of a Stream Load, checked. What has no rule here is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unsupported

KNOWN = frozenset(
    {
        "columns", "format", "column_separator", "row_delimiter", "strip_outer_array", "ignore_json_size", "jsonpaths",
        "strict_mode", "max_filter_ratio", "timezone", "timeout", "skip_header", "enclose", "escape",
    }
)  # fmt: skip
OF_HTTP = frozenset(
    {
        "host", "authorization", "connection", "content-length", "content-type", "expect", "user-agent", "accept",
        "accept-encoding", "label", "db", "table", "transfer-encoding",
    }
)  # fmt: skip
JSON_LIMIT = 100 << 20  # streaming_load_max_batch_size_mb (be/src/http/action/stream_load.cpp)


@dataclass(frozen=True)
class Spec:
    """How a body is read; two loads of one transaction must be equal here (transaction_stream_load.cpp)."""

    columns: str
    json: bool
    separator: str
    delimiter: str
    array: bool
    paths: str
    strict: bool
    ratio: float
    ignore_size: bool
    skip: int = 0
    enclose: str = ""
    escape: str = ""


def read_spec(headers: Mapping[str, str]) -> Spec:
    """Defaults: CSV, tab and newline, not strict, no filtered row (docs.starrocks.io STREAM LOAD)."""
    found = {name.lower(): value for name, value in headers.items()}
    strange = sorted(found.keys() - KNOWN - OF_HTTP)
    if strange:
        raise unsupported(f"Stream Load header {strange[0]}")
    layout = found.get("format", "csv").lower()
    if layout not in ("csv", "json"):
        raise plain(f"unknown data format, format={found['format']}")
    if found.get("timezone", "Asia/Shanghai").upper() != "UTC" and "(" in found.get("columns", ""):
        raise unsupported("functions in `columns` with another time zone than UTC")
    return Spec(
        columns=found.get("columns", ""),
        json=layout == "json",
        separator=_separator(found.get("column_separator", "\t")),
        delimiter=_separator(found.get("row_delimiter", "\n")),
        array=_flag(found, "strip_outer_array"),
        paths=found.get("jsonpaths", ""),
        strict=_flag(found, "strict_mode"),
        ratio=_ratio(found.get("max_filter_ratio", "0")),
        ignore_size=_flag(found, "ignore_json_size"),
        skip=int(found.get("skip_header", "0")),
        enclose=_character(found, "enclose"),
        escape=_character(found, "escape"),
    )


def _separator(text: str) -> str:
    """A backslash with x and two digits stands for one byte; with t, n or r for what it does elsewhere."""
    made = re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
    made = made.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r")
    if not made or not made.isascii() or len(made.encode()) > 50:
        raise unsupported("a separator that is empty, long or not ASCII")
    return made


def _flag(found: Mapping[str, str], name: str) -> bool:
    value = found.get(name, "false").lower()
    if value not in ("true", "false"):
        raise plain("Invalid strict mode format. Must be bool type") if name == "strict_mode" else _odd(name)
    return value == "true"


def _odd(name: str) -> SqlError:
    return unsupported(f"this value of {name}")


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        raise _odd("max_filter_ratio") from None
    if not 0 <= ratio <= 1:
        raise plain("max_filter_ratio must between 0.0 and 1.0")
    return ratio


def _character(found: Mapping[str, str], name: str) -> str:
    value = found.get(name, "")
    if len(value) > 1:
        raise _odd(name)
    return value
