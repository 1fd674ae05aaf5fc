"""Millions of rows for a benchmark's table, made inside DuckDB; checked in bulk, not value by value."""

from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver import storing
from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.errors import unsupported
from mssql_starrocks.sandbox.sqlserver.types import MAX

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


def fill(executor: "Executor", schema: str, name: str, select: str) -> None:
    """Fill an empty table with the rows of a DuckDB SELECT, whose columns are the table's in storage form."""
    table = executor.find_table((schema, name))
    if any(c.computed or c.type.fixed_length or c.type.name == "timestamp" for c in table.columns):
        raise unsupported("filling a table with computed, fixed-length or rowversion columns")
    if executor.query(f"SELECT 1 FROM {table.physical} LIMIT 1"):
        raise unsupported("filling a table that has rows")
    with executor.write():
        executor.cursor.execute(f"INSERT INTO {table.physical} {select}")
        _check(executor, table)
        storing.check_keys(executor, table, table.physical, f"SELECT * FROM {table.physical} LIMIT 0")
        for column in table.columns:
            if column.identity is not None:
                last = executor.query(f"SELECT max({column.physical}) FROM {table.physical}")[0][0]
                executor.database.identities[table.object_id] = int(last or column.identity[0])


def _check(executor: "Executor", table: Table) -> None:
    tests = [(c, test) for c in table.columns if (test := _test(c))]
    found = executor.query(
        f"SELECT {', '.join(f'coalesce(bool_or({t}), false)' for _, t in tests)} FROM {table.physical}"
    )
    for bad, (column, _) in zip(found[0], tests, strict=True):
        if bad:
            raise unsupported(f"filling column {column.name} with NULLs it cannot hold, or values that may be too long")


def _test(column: Column) -> str:
    tests = [] if column.nullable else [f"{column.physical} IS NULL"]
    if column.type.family == "text" and column.type.length != MAX:  # never fewer bytes than UTF-16 units
        tests.append(f"strlen({column.physical}) > {column.type.length}")
    return " OR ".join(tests)
