"""The rows of a snapshot as bodies of Stream Load: DuckDB writes the text, no row passes through Python.

CSV where no value can hold a separator, JSON where text is free. Reasons, from facts/starrocks.md 4.2 and the code of
the back end: CSV reads backslash N as NULL even when it is enclosed (nullable_converter.cpp), and a float without an
exponent inexactly (string_parser.hpp), which simdjson does not; bytes in CSV are hex in older releases and base64 in
newer ones (varbinary_converter.cpp), and JSON has none, so bytes travel as hex and StarRocks converts them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mssql_starrocks.chain import Chain
from mssql_starrocks.types.canonical import FLOAT, JSON, TEXT, lake_text
from mssql_starrocks.types.dialects import quote_starrocks

if TYPE_CHECKING:
    import pyarrow as pa

PART_BYTES = 32 << 20  # below streaming_load_max_batch_size_mb (100), which JSON must not exceed
_EXACT_IN_CSV = frozenset({"bool", "int", "decimal", "date", "timestamp", "binary"})
_CONVERSIONS = {"binary": "to_binary({}, 'hex')", JSON: "parse_json({})"}
_KINDS = {"string": TEXT, "timestamp": "timestamp"}  # of audit columns


@dataclass(frozen=True)
class Field:
    """One column on its way: the DuckDB expression of what StarRocks must hold, and that value's kind.

    A column that StarRocks converts is sent under a name that no column of the table has.
    """

    name: str
    value: str
    kind: str
    csv: bool
    sent_as: str


@dataclass(frozen=True)
class Layout:
    """The format of one table's load."""

    fields: tuple[Field, ...]
    json: bool

    @property
    def headers(self) -> dict[str, str]:
        """Stream Load's; the same for every part, as a transaction demands (transaction_stream_load.cpp)."""
        sent = [quote_starrocks(f.sent_as) for f in self.fields]
        made = [
            f"{quote_starrocks(f.name)}={_CONVERSIONS[f.kind].format(quote_starrocks(f.sent_as))}"
            for f in self.fields
            if f.kind in _CONVERSIONS
        ]
        common = {"columns": ", ".join([*sent, *made])}
        if self.json:
            return {**common, "format": "json", "strip_outer_array": "true", "ignore_json_size": "true"}
        return {**common, "format": "csv", "column_separator": "\\x01", "row_delimiter": "\\x02"}

    def row(self) -> str:
        """DuckDB expression of a row's text; a JSON row begins with the comma before it."""
        if not self.json:
            values = [f"coalesce({_text(f)}, '\\N')" for f in self.fields]
            return " || chr(1) || ".join(values) + " || chr(2)"
        starts = [",{", *[","] * (len(self.fields) - 1)]
        values = [
            _literal(f'{start}"{f.sent_as}":') + f" || {_json(f)}" for start, f in zip(starts, self.fields, strict=True)
        ]
        return " || ".join(values) + " || '}'"


@dataclass
class Part:
    """Rows that are sent at once; `pieces` make one body."""

    rows: int = 0
    size: int = 0
    pieces: list[memoryview] = field(default_factory=list)


def layout_of(chain: Chain) -> Layout:
    """What is sent for a chain: its columns and audit columns, in the table's order of definition."""
    suffix = "__sent"
    while any(name.endswith(suffix) for name in [*(c.name for c in chain.columns), *(name for _, name in chain.audit)]):
        suffix += "_"
    fields = []
    for column in chain.columns:
        kind = column.arrives_kind
        sent_as = column.name + (suffix if kind in _CONVERSIONS else "")
        value = column.arrives.format(c=_quote(column.name))
        fields.append(Field(column.name, value, kind, kind in _EXACT_IN_CSV, sent_as))
    constant = chain.table.id.schema.isprintable() and chain.table.id.schema != "\\N"
    for audit in chain.audit_columns():
        fields.append(Field(audit.name, _quote(audit.name), _KINDS[audit.iceberg], constant, audit.name))
    return Layout(tuple(fields), json=not all(f.csv for f in fields))


def parts(layout: Layout, batches: Iterable[pa.RecordBatch], most: int = PART_BYTES) -> Iterator[Part]:
    """The rows as bodies of at most about `most` bytes, so memory is one batch and one part; a longer row is a part."""
    part = Part()
    for rows, piece in _pieces(layout, batches, most):
        if part.rows and part.size + len(piece) > most:
            yield part
            part = Part()
        part.rows, part.size = part.rows + rows, part.size + len(piece)
        part.pieces.append(piece)
    if part.rows:
        yield part


def body_of(layout: Layout, part: Part) -> Sequence[memoryview | bytes]:
    """What is sent for a part."""
    if not layout.json:
        return part.pieces
    first, *others = part.pieces
    return [b"[", first[1:], *others, b"]"]


def _pieces(layout: Layout, batches: Iterable[pa.RecordBatch], most: int) -> Iterator[tuple[int, memoryview]]:
    import duckdb
    import pyarrow as pa

    select = f"SELECT {layout.row()} AS row FROM arrived"
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for batch in batches:
            if not batch.num_rows:
                continue
            connection.register("arrived", pa.Table.from_batches([batch]))
            found = connection.sql(select).to_arrow_table().column("row").cast(pa.large_string())
            for chunk in found.chunks:
                yield from _cut(chunk, most)
            connection.unregister("arrived")


def _cut(rows: Any, most: int) -> Iterator[tuple[int, memoryview]]:
    """The texts of an Arrow string array as they lie one behind the other, cut between rows."""
    _, offsets, data = rows.buffers()
    ends, text = memoryview(offsets).cast("q"), memoryview(data or b"")
    at, last = rows.offset, rows.offset + len(rows)
    while at < last:
        until = max(bisect_right(ends, ends[at] + most, at + 1, last + 1) - 1, at + 1)
        yield until - at, text[ends[at] : ends[until]]
        at = until


def _json(sent: Field) -> str:
    plain = sent.kind in ("bool", "int", FLOAT)
    text = _text(sent)
    return f"coalesce({text if plain else f'CAST(to_json({text}) AS VARCHAR)'}, 'null')"


def _text(sent: Field) -> str:
    if sent.kind == FLOAT:  # of a real as well: the double that equals it
        return f"CAST(CAST({sent.value} AS DOUBLE) AS VARCHAR)"
    return sent.value if sent.kind == JSON else lake_text(sent.kind, sent.value)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
