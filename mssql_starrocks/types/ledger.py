"""The type ledger: for each source column what it becomes, by which rule, and what is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mssql_starrocks.model import Column, Loss, PlannedColumn, Table, TypeLine
from mssql_starrocks.types.declared import declared_type
from mssql_starrocks.types.mapping import skipped_because
from mssql_starrocks.types.options import TypeOptions


def type_ledger(table: Table, columns: Sequence[PlannedColumn], options: TypeOptions) -> tuple[TypeLine, ...]:
    """One line per source column in the table's own order; companions follow their column."""
    return tuple(line for column in table.columns for line in _lines(column, columns, options))


def with_measured(ledger: Sequence[TypeLine], measured: Mapping[str, int]) -> tuple[TypeLine, ...]:
    """The ledger with maxima by target column name."""
    return tuple(replace(line, measured=measured.get(line.name)) for line in ledger)


def ledger_changes(before: Sequence[TypeLine], now: Sequence[TypeLine]) -> tuple[str, ...]:
    """What a column becomes now and became before, in one sentence each; maxima may differ."""
    old, new = {_key(line): line for line in before}, {_key(line): line for line in now}
    changes = [f"{column}: {_say(old[column])} before, {_say(new[column])} now"
               for column in new if column in old and _say(old[column]) != _say(new[column])]  # fmt: skip
    changes += [f"{column}: new, {_say(line)}" for column, line in new.items() if column not in old]
    return (*changes, *(f"{column}: gone" for column in old if column not in new))


def _lines(column: Column, columns: Sequence[PlannedColumn], options: TypeOptions) -> Iterator[TypeLine]:
    reason = skipped_because(column, options)
    if reason:
        lost = column.name in options.exclude_columns
        rule, loss = ("excluded", Loss.DECLARED) if lost else ("not data", Loss.EXACT)
        yield TypeLine(
            column=column.name,
            name="",
            source=declared_type(column),
            iceberg="",
            starrocks="",
            rule=rule,
            loss=loss,
            sentence=reason,
        )
    for planned in columns:
        if planned.source == column.name:
            yield TypeLine(
                column=column.name,
                name=planned.name,
                source=declared_type(column),
                iceberg=planned.iceberg,
                starrocks=planned.starrocks,
                rule=planned.rule,
                loss=planned.loss,
                sentence=planned.note,
                undeclared=planned.undeclared,
            )


def _key(line: TypeLine) -> str:
    return line.name or line.column


def _say(line: TypeLine) -> str:
    target = f"{line.iceberg}, {line.starrocks}" if line.name else "not copied"
    return f"{line.source} as {target} ({line.rule}, {line.loss.value})"
