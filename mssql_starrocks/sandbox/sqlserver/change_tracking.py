"""Change Tracking as far as a point needs it: switched on and off, and the version of the last committed change.

Docs: "Enable and disable change tracking", "CHANGE_TRACKING_CURRENT_VERSION". CHANGETABLE is not here yet.
"""

from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.catalog import Database, Table, Tracking
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import Value
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed, from_value
from mssql_starrocks.sandbox.sqlserver.types import BIGINT
from mssql_starrocks.sandbox.sqlserver.view import Rows, Seen, view

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor
    from mssql_starrocks.sandbox.sqlserver.words import Words


def switch_database(database: Database, words: "Words") -> None:
    """What follows ALTER DATABASE ... SET CHANGE_TRACKING."""
    words.accept("=")
    if words.accept("ON"):
        if words.peek() == "(":
            words.parenthesised()  # CHANGE_RETENTION, AUTO_CLEANUP: nothing is ever cleaned up here
        words.end()
        if database.tracking is not None:
            raise SqlError(5088, f"Change tracking is already enabled for database '{database.name}'.")
        database.tracking = Tracking()
        return
    words.expect("OFF")
    words.end()
    if database.tracking is None:
        raise unsupported("switching off change tracking that is not on")
    if database.tracking.tables:
        raise SqlError(22115, "Change tracking is enabled for one or more tables in database "
                       f"'{database.name}'. Disable change tracking on each table before disabling it for the "
                       "database.")  # fmt: skip
    database.tracking = None


def switch_table(executor: "Executor", table: Table, words: "Words") -> None:
    """What follows ALTER TABLE t: ENABLE or DISABLE CHANGE_TRACKING."""
    on = words.name().upper() == "ENABLE"
    words.expect("CHANGE_TRACKING")
    if words.accept("WITH"):
        words.parenthesised()
    words.end()
    database = executor.database
    if executor.transactions.depth or executor.database.find(table.schema, table.name) is not table:
        raise unsupported("switching change tracking inside a transaction, or in another database")
    if database.tracking is None:
        raise SqlError(4998, "Change tracking must be enabled on the database before it is enabled on a table.")
    tables = database.tracking.tables
    if on == (table.object_id in tables):
        raise SqlError(4996, f"Change tracking is already {'en' if on else 'dis'}abled for table '{table.name}'.")
    if on and not any(index.primary for index in table.indexes):
        raise SqlError(4997, f"Cannot enable change tracking on table '{table.name}'. Change tracking requires a "
                       "primary key on the table. Create a primary key on the table before enabling change "
                       "tracking.")  # fmt: skip
    if on:
        tables[table.object_id] = database.tracking.version
    else:
        del tables[table.object_id]


def note(executor: "Executor", database: Database, table: Table) -> None:
    """Rows of the table changed: the transaction's commit is a version, if the table is tracked."""
    if database.tracking is not None and table.object_id in database.tracking.tables:
        executor.transactions.note(database.tracking)


def current_version(executor: "Executor", arguments: list[Typed]) -> Typed:
    """NULL where the database tracks nothing; inside a transaction it would have to be that of its snapshot."""
    if arguments or executor.transactions.depth:
        raise unsupported("CHANGE_TRACKING_CURRENT_VERSION inside a transaction")
    tracking = executor.database.tracking
    return from_value(Value(BIGINT, tracking.version if tracking else None))


@view(
    "change_tracking_tables",
    "object_id int, is_track_columns_updated_on bit, min_valid_version bigint, begin_version bigint, "
    "cleanup_version bigint",
)
def _tables(seen: Seen) -> Rows:
    tracking = seen.database.tracking
    visible = {table.object_id for table in seen.tables()}
    for number, begun in (tracking.tables if tracking else {}).items():
        if number not in visible:
            continue
        yield number, False, begun, begun, 0


@view(
    "change_tracking_databases",
    "database_id int, is_auto_cleanup_on bit, retention_period int, retention_period_units tinyint, "
    "retention_period_units_desc nvarchar(60), max_cleanup_version bigint",
)
def _databases(seen: Seen) -> Rows:
    for base in seen.engine.databases.values():
        if base.tracking is not None:
            yield base.database_id, True, 2, 3, "DAYS", None
