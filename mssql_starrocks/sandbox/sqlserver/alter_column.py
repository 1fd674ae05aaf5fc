"""ALTER TABLE .. ALTER COLUMN, and sp_rename of a column: both keep the column's id.

https://learn.microsoft.com/sql/t-sql/statements/alter-table-transact-sql (ALTER COLUMN)
https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-rename-transact-sql
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver import storing, temporal
from mssql_starrocks.sandbox.sqlserver.alias_types import declared
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table, now
from mssql_starrocks.sandbox.sqlserver.definitions import padded
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor
    from mssql_starrocks.sandbox.sqlserver.words import Words


def change(executor: "Executor", words: "Words", table: Table) -> None:
    """Another type or nullability; each value is converted as an assignment would do it, or all is refused."""
    name = words.name()
    old = next((c for c in table.columns if c.name.lower() == name.lower()), None)
    if old is None:
        raise SqlError(
            4924, f"ALTER TABLE ALTER COLUMN failed because column '{name}' does not exist in table '{table.name}'."
        )
    _refuse_special(table, old)
    new = replace(old, type=declared(words), nullable=not words.accept("NOT", "NULL"))
    words.accept("NULL")
    if words.peek():
        raise unsupported(f"ALTER COLUMN .. {words.peek()}")
    changed = replace(table, columns=tuple(new if c is old else c for c in table.columns), modified=now())
    value = storing.assign(Typed(old.physical, old.type), new).sql
    stage = executor.stage_name()
    executor.cursor.execute(f"CREATE TEMP TABLE {stage} AS SELECT {value} AS {new.physical} FROM {table.physical}")
    storing.check_rows(executor, changed, [new], stage, "UPDATE")
    executor.cursor.execute(f"DROP TABLE {stage}")
    executor.cursor.execute(
        f"ALTER TABLE {table.physical} ALTER COLUMN {old.physical} TYPE {new.type.storage} USING {padded(new, value)}"
    )
    executor.database.put(changed)


def rename(executor: "Executor", path: tuple[str, ...], new: str) -> None:
    """sp_rename 'schema.table.column', 'new', 'COLUMN'."""
    *parts, name = path
    table = executor.find_table(tuple(parts))
    temporal.check_free(table, "ALTER")
    found = [c for c in table.columns if c.name.lower() == name.lower()]
    if not found:
        raise SqlError(15248, "Either the parameter @objname is ambiguous or the claimed @objtype (COLUMN) is wrong.")
    if any(name.lower() in c.computed.lower() for c in table.columns):
        raise unsupported("sp_rename of a column that a computed column uses")
    if any(c.name.lower() == new.lower() for c in table.columns if c is not found[0]):
        raise SqlError(
            15335,
            f"Error: The new name '{new}' is already in use as a COLUMN name and would cause a duplicate that is not "
            "permitted.",
        )
    executor.transactions.remember(executor.database)
    columns = tuple(replace(c, name=new) if c is found[0] else c for c in table.columns)
    executor.database.put(replace(table, columns=columns, modified=now()))


def _refuse_special(table: Table, column: Column) -> None:
    if any(column.column_id in {c for c, _ in i.columns} | set(i.included) for i in table.indexes):
        raise unsupported("ALTER COLUMN of a column of a key or index")
    special = column.computed or column.identity or column.default or column.generated or column.mask or column.sparse
    if (
        special
        or column.type.name == "timestamp"
        or any(column.name.lower() in c.computed.lower() for c in table.columns)
    ):
        raise unsupported("ALTER COLUMN of a computed, identity, defaulted, generated, masked or sparse column")
