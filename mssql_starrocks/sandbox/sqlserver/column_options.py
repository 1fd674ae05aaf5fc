"""Options of a column that change what is seen of it: sparse, column set, masked, generated for a period."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Source

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.words import Words

ROW_START, ROW_END = 1, 2  # sys.columns.generated_always_type
_MOST = 1024
_NEVER_SPARSE = ("text", "ntext", "image", "timestamp", "geometry", "geography")
_MASK = re.compile(r"(?is)FUNCTION\s*=\s*N?'((?:[^']|'')+)'")


def read(words: "Words", column: Column) -> Column | None:
    """The column with the option that comes next, None where it is none of these."""
    if words.accept("SPARSE"):
        return replace(column, sparse=True)
    if words.accept("COLUMN_SET", "FOR", "ALL_SPARSE_COLUMNS"):
        if column.type.name != "xml":
            raise SqlError(102, "Incorrect syntax near 'COLUMN_SET'.", 15)
        return replace(column, column_set=True)
    if words.accept("MASKED", "WITH"):
        return replace(column, mask=_mask(words.parenthesised()))
    if words.accept("GENERATED", "ALWAYS", "AS", "ROW"):
        kind = ROW_START if words.accept("START") else ROW_END
        if kind == ROW_END:
            words.expect("END")
        if column.type.name != "datetime2":
            raise SqlError(13501, f"Temporal generated always column '{column.name}' has invalid data type.")
        return replace(column, generated=kind, hidden=words.accept("HIDDEN"), nullable=False)
    return None


def _mask(text: str) -> str:
    found = _MASK.fullmatch(text.strip())
    if found is None:
        raise unsupported(f"MASKED WITH ({text[:40]})")
    return found[1].replace("''", "'")


def check(columns: tuple[Column, ...]) -> None:
    """Columns a table may have; Use Sparse Columns: nullable, without a default, one column set a table."""
    if len(columns) > _MOST and not any(column.column_set for column in columns):
        raise SqlError(
            1702, f"CREATE TABLE failed because column '{columns[_MOST].name}' exceeds the maximum of {_MOST}."
        )
    for column in columns:
        wrong = not column.nullable or column.default or column.identity or column.computed
        if column.sparse and (wrong or column.type.name in _NEVER_SPARSE):
            raise SqlError(1731, f"Cannot create the sparse column '{column.name}' with this type or these options.")
    if sum(column.column_set for column in columns) > 1:
        raise SqlError(1732, "Cannot create a second column set.")


def limited(source: Source, table: Table, user: str) -> Source:
    """The source with a reason beside every column that this login cannot read here."""
    reasons = [_unreadable(column, user) for column in table.columns]
    if not any(reasons):
        return source
    columns = tuple(replace(c, refused=reason) for c, reason in zip(source.columns, reasons, strict=True))
    return replace(source, columns=columns)


def _unreadable(column: Column, user: str) -> str:
    if column.column_set:
        return f"the column set {column.name}"
    if column.mask and user.lower() != "sa":
        return f"the masked column {column.name} for a login without UNMASK"
    return ""
