"""Compare what two systems said about the same load, and put it into check reports."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.model import CheckReport, ColumnPrint, Difference, Evidence, Fingerprint
from mssql_starrocks.types.canonical import FLOAT_SCALE
from mssql_starrocks.types.keys import KEY_LIMIT

ROW_COUNT, SCHEMA, VALUES = CHECKS = ("row_count", "schema", "values")
_VALUE_TOLERANCE = 1e-12
_SUM_ROUNDINGS = 64 * sys.float_info.epsilon


def reports(
    one: str,
    other: str,
    expected: Fingerprint,
    found: Fingerprint,
    schema: Iterable[Difference],
    facts: Mapping[str, Any],
) -> tuple[CheckReport, CheckReport, CheckReport]:
    """The three checks of one hop; `one` and `other` name the two sides."""
    counted = [Difference("rows", f"{expected.rows:,}", f"{found.rows:,}")] if expected.rows != found.rows else []
    numbers = {"expected_rows": expected.rows, "found_rows": found.rows, **facts}
    sides = f"{other} against {one}"
    return (
        _report(ROW_COUNT, counted, f"{sides}: {expected.rows:,} rows", numbers),
        _report(SCHEMA, list(schema), f"{sides}: {len(expected.columns)} columns", facts),
        _report(VALUES, value_differences(expected, found), f"{sides}: {len(expected.columns)} columns", facts),
    )


def value_differences(expected: Fingerprint, found: Fingerprint) -> list[Difference]:
    """Columns whose prints differ."""
    names = [*expected.columns, *(n for n in found.columns if n not in expected.columns)]
    pairs = [(n, expected.columns.get(n), found.columns.get(n)) for n in names]
    return [
        Difference(n, _say(a), _say(b))
        for n, a, b in pairs
        if a is None or b is None or not _equal(a, b, expected.rows)
    ]


def definition_differences(chain: Chain, evidence: Evidence) -> list[Difference]:
    """Whether the manifest still describes the table that was copied."""
    if evidence.table_fingerprint == chain.table.fingerprint:
        return []
    return [
        Difference("definition of the source table", "as discovered; run mssql-starrocks discover", "changed since")
    ]


def key_differences(chain: Chain, key_bytes: int) -> list[Difference]:
    """Whether StarRocks could hold the longest key: its own check comes only at load time."""
    if key_bytes <= KEY_LIMIT:
        return []
    names = ", ".join(c.source for c in chain.key)
    return [Difference(f"key ({names})", f"at most {KEY_LIMIT} bytes; else set key: none", f"{key_bytes} bytes")]


def _report(name: str, differences: list[Difference], equal: str, facts: Mapping[str, Any]) -> CheckReport:
    if not differences:
        return CheckReport(name, True, f"{equal}, equal", facts=facts)
    first = differences[0]
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    summary = f"{name}: {first.what} should be {first.expected} and is {first.found}{more}"
    return CheckReport(name, False, summary, tuple(differences), facts)


def _equal(one: ColumnPrint, other: ColumnPrint, rows: int) -> bool:
    return (
        one.nulls == other.nulls
        and one.digest == other.digest
        and _close(one.low, other.low)
        and _close(one.high, other.high)
        and _close(one.total, other.total, _sum_tolerance(one, rows))
    )


def _sum_tolerance(column: ColumnPrint, rows: int) -> float:
    """A sum depends on the order of the rows by the rounding of its largest terms, also where they cancel out."""
    largest = max(abs(column.low or 0.0), abs(column.high or 0.0)) / FLOAT_SCALE
    return min(rows * largest * _SUM_ROUNDINGS, sys.float_info.max)


def _close(one: float | None, other: float | None, absolute: float = 0.0) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_VALUE_TOLERANCE, abs_tol=absolute)


def _say(column: ColumnPrint | None) -> str:
    if column is None:
        return "absent"
    digest = f", digest {column.digest}" if column.digest is not None else ""
    numbers = "" if column.low is None else f", {column.low} to {column.high}, sum / 2**60 {column.total}"
    return f"{column.nulls:,} nulls{digest}{numbers}"
