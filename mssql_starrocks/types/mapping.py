"""From a table's columns to the columns of its copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mssql_starrocks.errors import KeyRefusedError, TypeRefusedError
from mssql_starrocks.model import Column, Loss, PlannedColumn, Table
from mssql_starrocks.naming import column_slug, companion_slug, refuse_column_collisions
from mssql_starrocks.types.canonical import source_text
from mssql_starrocks.types.declared import WIDE
from mssql_starrocks.types.dialects import quote_tsql
from mssql_starrocks.types.long_values import with_policy
from mssql_starrocks.types.matrix import LONGEST, MATRIX, Companion, Form, Rule
from mssql_starrocks.types.options import ColumnChoices, TypeOptions
from mssql_starrocks.types.targets import with_target

_VARIANT_CHARACTERS = 4000  # a longer char or varchar would be cut: nvarchar(max) cannot be made from a variant
_CLR = "clr:"
_DEFAULTS = TypeOptions()


def plan_columns(table: Table, key: tuple[str, ...], options: TypeOptions = _DEFAULTS) -> tuple[PlannedColumn, ...]:
    """The columns of the copy, key columns first and in key order (StarRocks' rule).

    Raises:
        TypeRefusedError: a column's type cannot be copied; names table, column and what to set.
        KeyRefusedError: a key column's type cannot be in a StarRocks primary key.
        NameCollisionError: two columns would share a target name.

    """
    planned = [p for column in _ordered(table, key, options) for p in _plan(table, column, column.name in key, options)]
    refuse_column_collisions(table.id, ((p.name, f"column {p.source}") for p in planned))
    return tuple(planned)


def skipped_because(column: Column, options: TypeOptions) -> str | None:
    """Why a column is not copied at all; None when it is."""
    if column.name in options.exclude_columns:
        return "left out by exclude_columns"
    if column.graph_internal:
        return "internal to the graph table, no query can read it"
    if column.column_set:
        return "column set: XML of the table's sparse columns, which are copied themselves"
    return None


def rule_of(table: Table, column: Column, choices: ColumnChoices) -> Rule:
    """The matrix row of a column.

    Raises:
        TypeRefusedError: no row knows the type.

    """
    for rule in _BY_TYPE.get(_type_name(column), ()):
        chosen = rule.choice is None or getattr(choices, rule.choice[0]) == rule.choice[1]
        if chosen and (rule.when is None or rule.when.test(column)):
            return rule
    raise TypeRefusedError(
        f"{table.id}.{column.name}: type {column.user_type or column.type} cannot be copied. "
        f"Add it to exclude_columns of {table.id} in mssql_starrocks.yaml or defs.yaml."
    )


def idle_choices(column: Column, choices: ColumnChoices) -> list[str]:
    """What is set for a column and says nothing about its type."""
    rules = _BY_TYPE.get(_type_name(column), [])
    heard = {"target", "accept_loss", *(r.choice[0] for r in rules if r.choice)}
    if not choices.target and any(r.value.length and r.id != "sql_variant" for r in rules):
        heard.add("long_values")
    return sorted(choices.model_fields_set - heard)


def _type_name(column: Column) -> str:
    if column.type.startswith(_CLR):
        return "clr"
    longest = f"{column.type}(max)"
    return longest if column.max_length == -1 and longest in _BY_TYPE else column.type


def _ordered(table: Table, key: tuple[str, ...], options: TypeOptions) -> list[Column]:
    kept = [c for c in table.columns if skipped_because(c, options) is None]
    return [table.column(k) for k in key] + [c for c in kept if c.name not in key]


def _plan(table: Table, column: Column, in_key: bool, options: TypeOptions) -> Iterator[PlannedColumn]:
    _refuse_unreadable(table, column, options)
    choices = options.of(column.name)
    rule = rule_of(table, column, choices)
    form = _key_form(table, column, rule) if in_key else rule.value
    planned = _column(column, column_slug(column.name), form, rule, in_key)
    if rule.must_accept and not choices.accept_loss:
        planned = replace(planned, undeclared=f"set accept_loss: true for column {column.name} of {table.id}")
    if choices.target:
        yield with_target(table.id, column, planned, choices)
    elif form.length and rule.id != "sql_variant":
        _refuse_cut_json(table, column, form, choices)
        yield from with_policy(planned, choices)
    else:
        yield planned
    if form is rule.value and form is not rule.key:
        for companion in rule.companions:
            yield _companion(column, companion, rule)


def _key_form(table: Table, column: Column, rule: Rule) -> Form:
    if rule.key is None:
        raise KeyRefusedError(
            f"{table.id}.{column.name}: StarRocks takes no {column.type} in a primary key. "
            f"Set `key: none` for {table.id} in mssql_starrocks.yaml or defs.yaml."
        )
    return rule.key


def _refuse_cut_json(table: Table, column: Column, form: Form, choices: ColumnChoices) -> None:
    if form.starrocks == "JSON" and choices.long_values == "truncate":
        raise TypeRefusedError(
            f"{table.id}.{column.name}: a cut document is no JSON. Set json_as: text, or another long_values, for it."
        )


def _refuse_unreadable(table: Table, column: Column, options: TypeOptions) -> None:
    leave_out = f"add it to exclude_columns of {table.id} in mssql_starrocks.yaml or defs.yaml."
    if column.encrypted:
        raise TypeRefusedError(
            f"{table.id}.{column.name} is encrypted by Always Encrypted; only ciphertext can be read: {leave_out}"
        )
    reveals = column.masked or (column.computed is not None and any(c.masked for c in table.columns))
    if reveals and not options.accept_masked:
        raise TypeRefusedError(
            f"{table.id}.{column.name} is masked or computed beside a masked column; grant UNMASK to the login and set "
            f"accept_masked: true, or {leave_out}"
        )


def _column(column: Column, name: str, form: Form, rule: Rule, in_key: bool) -> PlannedColumn:
    values = _values(column)
    values["e"] = select = form.select.format(**values)
    kind = form.kind.format(**values)
    bare = kind.rstrip("0123456789")
    return PlannedColumn(
        name=name,
        source=column.name,
        select=select,
        kind=bare,
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
        arrives=form.arrives,
        arrives_kind=form.becomes or bare,
        measure=form.length.format(**values),
        most=_VARIANT_CHARACTERS if rule.id == "sql_variant" else 0,
    )


def _companion(column: Column, companion: Companion, rule: Rule) -> PlannedColumn:
    name = companion_slug(column_slug(column.name), companion.suffix)
    base = _column(column, name, companion.form, rule, in_key=False)
    return replace(
        base, loss=Loss.EXACT, note=companion.note, comment=f"{column.name}: {companion.note}", measure="", most=0
    )


def _values(column: Column) -> dict[str, int | str]:
    wide = column.type in WIDE or column.type == "sysname"
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
