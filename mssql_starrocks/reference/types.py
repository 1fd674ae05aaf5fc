"""docs/types.md, made from the matrix and the options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mssql_starrocks.types.matrix import MATRIX, Form, Rule
from mssql_starrocks.types.options import ColumnChoices, TypeChoices

_READABLE = {
    "c": "c", "p": "p", "s": "s", "n": "n", "b": "n", "hex": "2n", "v": "3n", "e": "e",
}  # fmt: skip
_INTRODUCTION = """# Types
<!-- made by `make docs` from mssql_starrocks/types; a test fails when it is stale -->

What becomes of every SQL Server type. `exact`: the value can be rebuilt exactly from its copy. `exact with companion
column`: together with the second column. `declared`: something is lost, said here and in the type ledger of the plan
before the first row moves. `c` is the column, `n` its length, `p` and `s` its precision and scale; StarRocks counts text
in UTF-8 bytes, hence `3n` (`n` for `_UTF8` collations).

The ones that surprise:

| SQL Server | StarRocks | why |
|---|---|---|
| `tinyint` | SMALLINT | 0-255 |
| `nvarchar(n)` | VARCHAR(3n) | StarRocks counts UTF-8 bytes |
| `datetime2(7)` | DATETIME + `<column>__ns100` | microseconds; the seventh digit is kept beside it |
| `datetimeoffset` | DATETIME in UTC + `<column>__offset_min` | the offset is kept beside the instant |
| `time` | VARCHAR(16) | StarRocks has no TIME column |
| `uniqueidentifier` | VARCHAR(36), upper case | |
| `sql_variant` | VARCHAR + `<column>__type` | |
| `geometry`, `geography` | VARBINARY (WKB) + `<column>__srid` | or well-known text |
| decimal, money, binary in a key | BIGINT, LARGEINT or text | StarRocks takes no DECIMAL or VARBINARY key |

Float keys and keys over 128 bytes are refused by name until another key, or none, is chosen; CLR types and vectors are
certified only with `accept_loss: true`. The same ledger, for a table's own columns, is in the plan, in the description of
its `mssql_snapshot` asset, and travels with each load. A loss whose rule asks for it blocks the `schema` check until it is
accepted in the configuration.

## Every type
| SQL Server | rule | Iceberg | StarRocks | in a key | loss | what happens |
|---|---|---|---|---|---|---|
"""
_REFUSED = """
Not copied, and said so by name: columns under Always Encrypted (only ciphertext can be read); masked columns, and columns
computed beside them, until `accept_masked: true`; types without a row here. Not data of their own: column sets (their
sparse columns are copied), internal columns of graph tables.

Copied like any other column: identity, computed and persisted columns (their values), sparse columns, alias types (their
base type), hidden period columns of temporal tables, the columns of ledger tables, `$node_id` and its kin in graph tables,
FILESTREAM (`varbinary(max)`). A computed column whose value depends on the moment (GETDATE()) never proves equal: leave it
out.

## How each is read
The extraction's expression, and what SQL Server hashes for the proof (docs/proof.md).

| rule | SELECT |
|---|---|
"""
_OPTIONS = """
## Choices
Under `types:` for the whole run, under `tables: {pattern: {types: ...}}` for tables, under `tables: {pattern: {columns:
{name: ...}}}` for one column; later and narrower ones win. The first value is the default. An option that says nothing about
the type of a column named with its own table is refused.

| option | values | what |
|---|---|---|
"""
_LONG = """
`long_values` concerns the types without a length (`max`, text, ntext, image, xml, json, spatial). `fail`: the longest
value is measured in SQL Server before a row moves and exactly in the lake before anything is published.
`null_with_hash`: StarRocks holds NULL beside `<column>__bytes` and `<column>__sha256`, the whole value is in Iceberg.
`truncate`: StarRocks holds the first 262,144 characters (text) or 1,048,576 bytes (binary).

`unicode_as: bytes` is for columns whose values hold unpaired surrogates, which no UTF-8 system can hold as text; without
it such a load fails and names the column.

A `target` that cannot hold every value of the source type is refused unless `accept_loss: true`; then a value that does
not fit stops the load before it is published. Targets that would change values (a smaller scale) are refused in any case.

## Keys
`key: auto` takes the primary key, else the unique index of fewest columns, all NOT NULL, else none; `key: none` and the
name of a key or index choose otherwise. StarRocks holds 128 bytes of encoded key: the worst case is said in the plan, the
real lengths are measured in the lake before anything is created. SQL Server compares text keys by collation and ignores
trailing blanks, StarRocks compares bytes: the plan says so for each text column of a key.
"""


def types_page() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION, *(_row(rule) for rule in MATRIX), _REFUSED, *(_select(rule) for rule in MATRIX)]
    return "".join([*parts, _OPTIONS, *_options(), _LONG])


def _row(rule: Rule) -> str:
    key = _code(rule.key.starrocks) if rule.key else "no"
    extra = f" (+ {', '.join(f'`c__{c.suffix}`: {c.note}' for c in rule.companions)})" if rule.companions else ""
    accept = "; needs `accept_loss: true`" if rule.must_accept else ""
    cells = [_types(rule), f"`{rule.id}`", _code(rule.value.iceberg), _code(rule.value.starrocks), key, rule.loss.value]
    return _line([*cells, f"{rule.note}{extra}{accept}"])


def _types(rule: Rule) -> str:
    names = ", ".join("CLR types" if t == "clr" else t for t in rule.types)
    when = f", {rule.when.text}" if rule.when else ""
    choice = f"; `{rule.choice[0]}: {rule.choice[1]}`" if rule.choice else ""
    return f"{names}{when}{choice}"


def _select(rule: Rule) -> str:
    forms: list[Form] = [rule.value, *(c.form for c in rule.companions)]
    return _line([f"`{rule.id}`", "<br>".join(_code(f.select) for f in forms)])


def _options() -> Iterator[str]:
    for model, fields in ((TypeChoices, TypeChoices.model_fields), (ColumnChoices, ColumnChoices.model_fields)):
        for name, field in fields.items():
            if model is ColumnChoices and name in TypeChoices.model_fields:
                continue
            values = getattr(field.annotation, "__args__", ())
            shown = ", ".join(f"`{v}`" for v in values if isinstance(v, str)) or "one column only"
            yield _line([f"`{name}`", shown, field.description or ""])


def _code(text: str) -> str:
    return f"`{text.format(**_READABLE)}`"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
