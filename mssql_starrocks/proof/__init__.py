"""Compare what two systems said about the same load, and put it into check reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.changes import SchemaChange, change_id, undecided
from mssql_starrocks.errors import DISCOVER_AGAIN
from mssql_starrocks.model import CheckReport, ColumnPrint, Difference, Evidence, Fingerprint
from mssql_starrocks.types.keys import KEY_LIMIT

ROW_COUNT, SCHEMA, VALUES = CHECKS = ("row_count", "schema", "values")
ROWS_DIFFER = "rows as a whole"
LOAD_AGAIN = "Load it from the lake (migrate --only-warehouse)."


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
    columns = f"{sides}: {len(expected.columns)} columns"
    return (
        _report(ROW_COUNT, counted, f"{sides}: {expected.rows:,} rows", numbers),
        _report(SCHEMA, list(schema), columns, facts),
        _report(VALUES, value_differences(expected, found), columns, facts),
    )


def advised(reports: Iterable[CheckReport], advice: str, names: Collection[str] = CHECKS) -> tuple[CheckReport, ...]:
    """The same; those of these names end with what to do when they failed."""
    return tuple(
        replace(r, summary=f"{r.summary}. {advice}") if r.name in names and not r.passed else r for r in reports
    )


def value_differences(expected: Fingerprint, found: Fingerprint) -> list[Difference]:
    """Columns whose prints differ; where all are equal, whether the rows as a whole differ."""
    names = [*expected.columns, *(n for n in found.columns if n not in expected.columns)]
    pairs = [(n, expected.columns.get(n), found.columns.get(n)) for n in names]
    differences = [Difference(n, _say(a), _say(b)) for n, a, b in pairs if a != b]
    if not differences and expected.digest != found.digest:
        return [Difference(ROWS_DIFFER, f"digest {expected.digest}", f"digest {found.digest}")]
    return differences


def definition_differences(chain: Chain, evidence: Evidence) -> list[Difference]:
    """Whether the manifest still describes the table that was copied."""
    if evidence.table_fingerprint == chain.table.fingerprint:
        return []
    return [Difference("definition of the source table", "as discovered", f"changed since: {DISCOVER_AGAIN}")]


def key_differences(chain: Chain, key_bytes: int) -> list[Difference]:
    """Whether StarRocks could hold the longest key: its own check comes only at load time."""
    if key_bytes <= KEY_LIMIT:
        return []
    names = ", ".join(c.source for c in chain.key)
    return [Difference(f"key ({names})", f"at most {KEY_LIMIT} bytes", f"{key_bytes} bytes: set key: none")]


def unfit_differences(chain: Chain, unfit: Mapping[str, int]) -> list[Difference]:
    """Values that the planned StarRocks type cannot hold, found before anything is published."""
    columns = {c.name: c for c in chain.columns}
    return [
        Difference(
            f"number of values of column {name} that do not fit {columns[name].starrocks}",
            "0",
            f"{count:,}: set a wider target or long_values for the column",
        )
        for name, count in unfit.items()
    ]


def undeclared_differences(chain: Chain) -> list[Difference]:
    """Losses that the type's rule wants accepted in the configuration, and nobody did."""
    return [
        Difference(f"loss in column {c.source} ({c.note})", "accepted", f"not: {c.undeclared}")
        for c in chain.columns
        if c.undeclared
    ]


def undecided_differences(chain: Chain, changes: Sequence[SchemaChange]) -> list[Difference]:
    """Changes of the source that need a decision, and nobody took it."""
    return [
        Difference(change.message, "accepted", f"not: {what_to_accept(chain, changes)}")
        for change in undecided(changes, chain.accepted_changes)
    ]


def what_to_accept(chain: Chain, changes: Sequence[SchemaChange]) -> str:
    """The setting that accepts exactly these changes."""
    return f"set accept_schema_change: [{change_id(changes)}] for {chain.table.id} in mssql_starrocks.yaml or defs.yaml"


def _report(name: str, differences: list[Difference], equal: str, facts: Mapping[str, Any]) -> CheckReport:
    if not differences:
        return CheckReport(name, True, f"{equal}, equal", facts=facts)
    first = differences[0]
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    summary = f"{name}: {first.what} should be {first.expected} and is {first.found}{more}"
    return CheckReport(name, False, summary, tuple(differences), facts)


def _say(column: ColumnPrint | None) -> str:
    if column is None:
        return "absent"
    digest = f", digest {column.digest}" if column.digest is not None else ""
    return f"{column.nulls:,} nulls{digest}"
