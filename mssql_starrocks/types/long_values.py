"""Values longer than StarRocks holds: fail (nothing changes), NULL with length and hash beside it, or cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mssql_starrocks.model import Loss, PlannedColumn
from mssql_starrocks.naming import companion_slug
from mssql_starrocks.types.canonical import source_text
from mssql_starrocks.types.matrix import LONGEST
from mssql_starrocks.types.options import ColumnChoices

_KEPT_CHARACTERS = LONGEST // 4  # a character of UTF-8 has at most four bytes
_LIMIT = f"{LONGEST:,} bytes"


def with_policy(column: PlannedColumn, choices: ColumnChoices) -> Iterator[PlannedColumn]:
    """The column with the policy for long values, and its companions."""
    if choices.long_values == "null_with_hash":
        yield _nulled(column)
        yield _companion(column, "bytes", f"CAST(DATALENGTH({column.select}) AS bigint)", "int", "long", "BIGINT",
                         "length in SQL Server in bytes")  # fmt: skip
        digest = f"LOWER(CONVERT(char(64), HASHBYTES('SHA2_256', {column.select}), 2))"
        yield _companion(column, "sha256", digest, "text", "string", "VARCHAR(64)",
                         "SHA-256 of the value's bytes in SQL Server")  # fmt: skip
    elif choices.long_values == "truncate":
        yield _cut(column)
    else:
        yield replace(
            column,
            fits=f"{length_of(column)} <= {LONGEST}",
            most=LONGEST,
            note=f"{column.note}; StarRocks holds {_LIMIT} a value, a longer one stops the load before it is published",
        )


def length_of(column: PlannedColumn) -> str:
    """DuckDB template for the bytes of a value."""
    return "octet_length({c})" if column.kind == "binary" else "strlen({c})"


def _nulled(column: PlannedColumn) -> PlannedColumn:
    return replace(
        column,
        load=f"if(length({{c}}) > {LONGEST}, NULL, {column.load})",
        arrives=f"CASE WHEN {length_of(column)} > {LONGEST} THEN NULL ELSE {{c}} END",
        may_null=True,
        loss=Loss.DECLARED,
        note=f"{column.note}; above {_LIMIT} StarRocks holds NULL with length and SHA-256 beside it, "
        "the whole value is in Iceberg",
    )


def _cut(column: PlannedColumn) -> PlannedColumn:
    if column.kind == "binary":
        load, arrives = "to_binary(left(hex({c}), %d), 'hex')", "unhex(left(hex({c}), %d))"
        kept, unit = 2 * LONGEST, _LIMIT
    else:
        load = arrives = "left({c}, %d)"
        kept, unit = _KEPT_CHARACTERS, f"{_KEPT_CHARACTERS:,} characters"
    return replace(
        column,
        load=f"if(length({{c}}) > {LONGEST}, {load % kept}, {{c}})",
        arrives=f"CASE WHEN {length_of(column)} > {LONGEST} THEN {arrives % kept} ELSE {{c}} END",
        loss=Loss.DECLARED,
        note=f"{column.note}; above {_LIMIT} StarRocks holds the first {unit}, the whole value is in Iceberg",
    )


def _companion(
    column: PlannedColumn, suffix: str, select: str, kind: str, iceberg: str, starrocks: str, note: str
) -> PlannedColumn:
    return PlannedColumn(
        name=companion_slug(column.name, suffix),
        source=column.source,
        select=select,
        kind=kind,
        canonical=source_text(kind, select),
        iceberg=iceberg,
        starrocks=starrocks,
        required=column.required,
        rule=column.rule,
        loss=Loss.EXACT,
        note=note,
        comment=f"{column.source}: {note}",
        arrives_kind=kind,
    )
