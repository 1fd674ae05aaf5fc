"""What the source table holds before and after: known rows, so that every reading can be compared with all of them."""

from decimal import Decimal
from typing import Any

import pyarrow as pa

BEFORE, AFTER, WIDER = "before", "after", "wider"
MOST = 320  # rows of any content; twice the rows of any is more
_TYPES = {"id": pa.int32(), "v": pa.string(), "n": pa.decimal128(12, 2), "w": pa.int32()}
_AUDIT = ("migrated_at", "source_schema", "load_id")

Rows = frozenset[tuple[Any, ...]] | tuple[tuple[Any, ...], ...]


def table(content: str) -> pa.Table:
    """300 rows before; after, some keys are gone, some are new, and two of three of the others have changed."""
    ids = range(1, 301) if content == BEFORE else range(21, 341)
    values = {
        "id": list(ids),
        "v": [None if i % 11 == 0 else f"{'old' if content == BEFORE or i % 3 == 0 else content} {i} é" for i in ids],
        "n": [Decimal(i * (7 if content == BEFORE else 9)).scaleb(-2) for i in ids],
    }
    if content == WIDER:
        values["w"] = [None if i % 5 == 0 else i for i in ids]
    return pa.table({name: pa.array(column, _TYPES[name]) for name, column in values.items()})


def seen(names: list[str], rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """A reading as a value to compare: columns and rows, every duplicate counted, audit columns left out."""
    kept = [i for i, name in enumerate(names) if name not in _AUDIT]
    found = sorted((tuple(row[i] for i in kept) for row in rows), key=repr)
    return (tuple(names[i] for i in kept), tuple(found))


def expected(content: str) -> tuple[Any, ...]:
    found = table(content)
    return seen(found.column_names, [tuple(row.values()) for row in found.to_pylist()])
