"""From a table's columns to the columns of its copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mssql_starrocks.errors import KeyRefusedError, TypeRefusedError
from mssql_starrocks.model import Column, Loss, PlannedColumn, Table
from mssql_starrocks.naming import column_slug, refuse_column_collisions
from mssql_starrocks.types.canonical import source_text
from mssql_starrocks.types.dialects import quote_tsql
from mssql_starrocks.types.matrix import LONGEST, MATRIX, Companion, Form, Rule


@dataclass(frozen=True)
class TypeOptions:
    """What a user may decide about a table's columns.

    Attributes:
        exclude_columns: source columns left out of the copy.
        accept_masked: copy masked columns as this login sees them (it should have UNMASK).

    """

    exclude_columns: frozenset[str] = frozenset()
    accept_masked: bool = False


def plan_columns(table: Table, key: tuple[str, ...], options: TypeOptions = TypeOptions()) -> tuple[PlannedColumn, ...]:
    """The columns of the copy, key columns first and in key order (StarRocks' rule).

    Raises:
        TypeRefusedError: a column's type cannot be copied; names table, column and what to set.
        KeyRefusedError: a key column's type cannot be in a StarRocks primary key.
        NameCollisionError: two columns would share a target name.

    """
    planned = [p for column in _ordered(table, key, options) for p in _plan(table, column, column.name in key, options)]
    refuse_column_collisions(table.id, ((p.name, f"column {p.source}") for p in planned))
    return tuple(planned)


def _ordered(table: Table, key: tuple[str, ...], options: TypeOptions) -> list[Column]:
    kept = [c for c in table.columns if c.name not in options.exclude_columns and not c.graph_internal]
    return [table.column(k) for k in key] + [c for c in kept if c.name not in key]


def _plan(table: Table, column: Column, in_key: bool, options: TypeOptions) -> Iterator[PlannedColumn]:
    _refuse_unreadable(table, column, options)
    rule = rule_of(table, column)
    form = _key_form(table, column, rule) if in_key else rule.value
    yield _column(column, column_slug(column.name), form, rule, in_key)
    if form is rule.value and form is not rule.key:
        for companion in rule.companions:
            yield _companion(column, companion, rule)


def _key_form(table: Table, column: Column, rule: Rule) -> Form:
    if rule.key is None:
        raise KeyRefusedError(
            f"{table.id}.{column.name}: StarRocks takes no {column.type} in a primary key. "
            f"Set `key: none` for {table.id} in mssql_starrocks.yaml."
        )
    return rule.key


def rule_of(table: Table, column: Column) -> Rule:
    """The matrix row of a column.

    Raises:
        TypeRefusedError: no row knows the type.

    """
    name = f"{column.type}(max)" if column.max_length == -1 and f"{column.type}(max)" in _BY_TYPE else column.type
    rows = _BY_TYPE.get(name)
    if not rows:
        raise TypeRefusedError(
            f"{table.id}.{column.name}: type {column.user_type or column.type} cannot be copied. "
            f"Add it to exclude_columns of {table.id} in mssql_starrocks.yaml."
        )
    return _pick(rows, column)


def _pick(rows: list[Rule], column: Column) -> Rule:
    """Where a type has several rows, precision and scale decide."""
    if column.type in ("decimal", "numeric"):
        wanted = "decimal" if column.scale else "decimal.key18" if column.precision <= 18 else "decimal.key38"
    elif column.type in ("datetime2", "datetimeoffset"):
        wanted = f"{column.type}.ns100" if column.scale == 7 else column.type
    else:
        return rows[0]
    return next(r for r in rows if r.id == wanted)


def _refuse_unreadable(table: Table, column: Column, options: TypeOptions) -> None:
    reveals = column.masked or (column.computed is not None and any(c.masked for c in table.columns))
    reason = (
        "is encrypted by Always Encrypted; only ciphertext can be read"
        if column.encrypted
        else "is a column set; its sparse columns are copied themselves"
        if column.column_set
        else "is masked or computed beside a masked column; grant UNMASK to the login and set accept_masked: true"
        if reveals and not options.accept_masked
        else None
    )
    if reason:
        raise TypeRefusedError(
            f"{table.id}.{column.name} {reason}, or add it to exclude_columns of {table.id} in mssql_starrocks.yaml."
        )


def _column(column: Column, name: str, form: Form, rule: Rule, in_key: bool) -> PlannedColumn:
    values = _values(column)
    kind, select = form.kind.format(**values), form.select.format(**values)
    return PlannedColumn(
        name=name,
        source=column.name,
        select=select,
        kind=kind.rstrip("0123456789"),
        canonical=source_text(kind, select),
        iceberg=form.iceberg.format(**values),
        starrocks=form.starrocks.format(**values),
        required=not column.nullable,
        rule=rule.id,
        loss=rule.loss,
        note=rule.note,
        comment=column.description,
        key=in_key,
        load=form.load,
    )


def _companion(column: Column, companion: Companion, rule: Rule) -> PlannedColumn:
    base = _column(column, f"{column_slug(column.name)}__{companion.suffix}", companion.form, rule, in_key=False)
    return PlannedColumn(
        **{**vars(base), "loss": Loss.EXACT, "note": companion.note, "comment": f"{column.name}: {companion.note}"}
    )


def _values(column: Column) -> dict[str, int | str]:
    wide = column.type in ("nchar", "nvarchar", "sysname")
    characters = column.max_length // 2 if wide else column.max_length
    utf8 = (column.collation or "").upper().endswith("_UTF8")
    longest = characters if utf8 and not wide else 3 * characters
    return {
        "c": quote_tsql(column.name),
        "p": column.precision,
        "s": column.scale,
        "n": characters,
        "b": max(column.max_length, 1),
        "v": min(max(longest, 1), LONGEST),
        "hex": min(max(2 * column.max_length, 1), LONGEST),
    }


_BY_TYPE: dict[str, list[Rule]] = {}
for _rule in MATRIX:
    for _type in _rule.types:
        _BY_TYPE.setdefault(_type, []).append(_rule)
