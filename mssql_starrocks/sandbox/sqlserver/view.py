"""How a sys.* view is made: from the catalog, each time a statement reads one."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver.catalog import Database, Table
from mssql_starrocks.sandbox.sqlserver.engine import Engine
from mssql_starrocks.sandbox.sqlserver.types import VARIANT, SqlType, parse_type, variant

Rows = Iterable[tuple[Any, ...]]
_ARROW = {
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "UTINYINT": pa.uint8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    VARIANT.storage: pa.struct([(name, pa.string()) for name in ("kind", "base", "text", "exact")]),
}


@dataclass(frozen=True)
class Seen:
    """Where a view looks."""

    engine: Engine
    database: Database
    cursor: duckdb.DuckDBPyConnection
    user: str

    def tables(self) -> list[Table]:
        visible = (t for t in self.database.tables.values() if self.engine.permissions.sees(self.user, t))
        return sorted(visible, key=lambda table: table.object_id)

    def schema_id(self, table: Table) -> int:
        return self.database.schemas[table.schema.lower()][1]

    def count(self, table: Table) -> int:
        found = self.cursor.execute(f"SELECT count(*) FROM {table.physical}").fetchall()
        return int(found[0][0])


@dataclass(frozen=True)
class View:
    columns: tuple[tuple[str, SqlType], ...]
    rows: Callable[[Seen], Rows]

    def arrow(self, seen: Seen) -> pa.Table:
        listed = list(self.rows(seen))
        arrays = [
            pa.array([_stored(row[place], kind) for row in listed], _ARROW[kind.storage])
            for place, (_, kind) in enumerate(self.columns)
        ]
        return pa.Table.from_arrays(arrays, [f"c{n}" for n in range(1, len(arrays) + 1)])


def _stored(value: Any, kind: SqlType) -> Any:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        delta = value - datetime.datetime(1, 1, 1)
        ticks = (delta.days * 86400 + delta.seconds) * 10_000_000 + delta.microseconds * 10
        return ((ticks * 3 + 50_000) // 100_000 * 100_000 + 1) // 3
    if kind.name == "sql_variant" and not isinstance(value, dict):
        return variant("nvarchar(4000)", value)
    return bool(value) if kind.name == "bit" else value


TABLE = (  # what all views of objects begin with
    "name sysname, object_id int, schema_id int, parent_object_id int, type char(2), type_desc nvarchar(60), "
    "create_date datetime, modify_date datetime, is_ms_shipped bit"
)
VIEWS: dict[str, View] = {}


def columns_of(declaration: str) -> tuple[tuple[str, SqlType], ...]:
    return tuple((word.split()[0], parse_type(word.split(None, 1)[1])) for word in declaration.split(", "))


def view(name: str, declaration: str) -> Callable[[Callable[[Seen], Rows]], Callable[[Seen], Rows]]:
    """Register sys.<name>; the declaration is `column type, column type, ...`."""
    columns = columns_of(declaration)

    def register(rows: Callable[[Seen], Rows]) -> Callable[[Seen], Rows]:
        VIEWS[name] = View(columns, rows)
        return rows

    return register
