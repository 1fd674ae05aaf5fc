"""The source table's DDL as text, for people to read beside the target's."""

from __future__ import annotations

from mssql_starrocks.model import Column, Table
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.declared import declared_type
from mssql_starrocks.types.dialects import quote_tsql


def source_ddl(table: Table) -> str:
    """CREATE TABLE as it could be written; a description, not a script to run."""
    lines = [f"  {_line(c)}" for c in table.columns]
    lines += [
        f"  {'PRIMARY KEY' if k.primary else 'UNIQUE'} ({', '.join(map(quote_tsql, k.columns))})" for k in table.keys
    ]
    return f"CREATE TABLE {from_table(table.id)} (\n" + ",\n".join(lines) + "\n)"


def _line(column: Column) -> str:
    if column.computed:
        return f"{quote_tsql(column.name)} AS {column.computed}"
    identity = " IDENTITY" if column.identity else ""
    return f"{quote_tsql(column.name)} {declared_type(column)}{identity}{'' if column.nullable else ' NOT NULL'}"
