"""Which key the StarRocks table gets, and how many bytes it needs at worst."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.model import PlannedColumn, Table

KEY_LIMIT = 128  # bytes of an encoded primary key, checked by the back end at load time (facts/starrocks_judged.md B)
WIDTHS = {"BOOLEAN": 1, "SMALLINT": 2, "INT": 4, "DATE": 4, "BIGINT": 8, "DATETIME": 8, "LARGEINT": 16}
_NO_DUPLICATE_KEY = ("FLOAT", "DOUBLE", "VARBINARY")  # 3.5 refuses these as the first key column


def choose_key(table: Table, wanted: str = "auto") -> tuple[str, ...]:
    """The primary key's columns, else those of the narrowest unique not-null index, else none.

    Args:
        table: as discovery saw it.
        wanted: `auto`, or `none` for a table without a key in StarRocks.

    """
    if wanted == "none":
        return ()
    primary = next((k for k in table.keys if k.primary), None)
    best = primary or min(table.keys, key=lambda k: (len(k.columns), k.name), default=None)
    return best.columns if best else ()


def sort_column(columns: Sequence[PlannedColumn]) -> str | None:
    """The first column that may lead a DUPLICATE KEY table; None when there is none."""
    return next((c.name for c in columns if not c.starrocks.startswith(_NO_DUPLICATE_KEY)), None)


def widest_key(key: Sequence[PlannedColumn]) -> int:
    """Worst-case bytes of the encoded key; 0 for a single fixed-width column, which is never checked.

    Source: primary_key_encoder.cpp as read in facts/starrocks_judged.md B. A text column that is not the last may
    also need one byte for each NUL character in it, which is left to the measured size.
    """
    if len(key) == 1 and not key[0].starrocks.startswith("VARCHAR"):
        return 0
    return sum(WIDTHS.get(c.starrocks) or _text_bytes(c) + (2 if i + 1 < len(key) else 0) for i, c in enumerate(key))


def _text_bytes(column: PlannedColumn) -> int:
    return int(column.starrocks.removeprefix("VARCHAR(").rstrip(")"))
