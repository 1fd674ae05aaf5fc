"""System-versioned tables: a period of two generated columns, and a history table that keeps what was replaced."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.catalog import Column, Index, Table, now
from mssql_starrocks.sandbox.sqlserver.column_options import ROW_END, ROW_START
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql.moments import LAST_TICK

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor
    from mssql_starrocks.sandbox.sqlserver.words import Words

HISTORY, CURRENT = 1, 2  # sys.tables.temporal_type


def read_period(words: "Words", columns: list[Column]) -> None:
    """PERIOD FOR SYSTEM_TIME (start, end)."""
    words.expect("PERIOD", "FOR", "SYSTEM_TIME", "(")
    named = [words.name()]
    words.expect(",")
    named.append(words.name())
    words.expect(")")
    for name, kind in zip(named, (ROW_START, ROW_END), strict=True):
        if not any(c.name.lower() == name.lower() and c.generated == kind for c in columns):
            raise SqlError(13504, f"Temporal 'GENERATED ALWAYS' column definition for '{name}' is missing.")


def read_versioning(words: "Words") -> tuple[str, ...] | None:
    """WITH (SYSTEM_VERSIONING = ON [(HISTORY_TABLE = schema.name)]): the name, empty for one made up."""
    if not words.accept("WITH"):
        return None
    words.expect("(", "SYSTEM_VERSIONING", "=", "ON")
    name: tuple[str, ...] = ()
    if words.accept("("):
        words.expect("HISTORY_TABLE", "=")
        name = words.dotted()
        if words.accept(","):
            raise unsupported(f"{words.peek()} of SYSTEM_VERSIONING")
        words.expect(")")
    words.expect(")")
    return name


def version(executor: "Executor", table: Table, name: tuple[str, ...]) -> tuple[Table, Table]:
    """The table with versioning on, and its history table."""
    if not any(index.primary for index in table.indexes):
        raise SqlError(13553, f"System versioned temporal table '{table.name}' must have primary key defined.")
    if sum(1 for column in table.columns if column.generated) != 2:
        raise SqlError(13510, "Cannot set SYSTEM_VERSIONING to ON when SYSTEM_TIME period is not defined.")
    if any(column.computed or column.identity for column in table.columns):
        raise unsupported("a system-versioned table with computed or identity columns")
    if len(name) == 1:
        raise SqlError(13539, f"History table name '{name[0]}' must be given in two-part format.")
    schema, own = (name[-2], name[-1]) if name else (table.schema, f"MSSQL_TemporalHistoryFor_{table.object_id}")
    if executor.database.find(schema, own) is not None or schema.lower() not in executor.database.schemas:
        raise unsupported("a history table that exists already, or in no schema")
    columns = tuple(replace(c, generated=0, hidden=False, default="", default_id=0, mask="") for c in table.columns)
    start, end = (_generated(table, kind).column_id for kind in (ROW_START, ROW_END))
    index = Index(1, f"ix_{own}", ((end, False), (start, False)), clustered=True)
    number, stamp = next(executor.engine.object_ids), now()
    history = Table(number, schema, own, columns, (index,), stamp, stamp, temporal=HISTORY)
    return replace(table, temporal=CURRENT, history_id=number), history


def _generated(table: Table, kind: int) -> Column:
    return next(column for column in table.columns if column.generated == kind)


def generated_value(executor: "Executor", column: Column) -> str:
    """Start: when the transaction began, in UTC; end: the last moment there is."""
    unit = 10 ** (7 - column.type.scale)
    ticks = executor.transactions.began if column.generated == ROW_START else LAST_TICK
    return f"{ticks // unit * unit}::BIGINT"


def keep_history(executor: "Executor", table: Table, rows: str) -> str:
    """Copy rows (a subquery of row ids) to the history before they change; what the new start is set to."""
    if table.temporal != CURRENT:
        return ""
    history = executor.database.by_id(table.history_id or 0)
    assert history is not None  # noqa: S101 - narrows the type
    start, end = _generated(table, ROW_START), _generated(table, ROW_END)
    moment = generated_value(executor, start)
    later = executor.query(
        f"SELECT 1 FROM {table.physical} WHERE rowid IN ({rows}) AND {start.physical} >= {moment} LIMIT 1"
    )
    if later:
        raise unsupported("changing a row of a system-versioned table again in the transaction that wrote it")
    values = ", ".join(moment if c is end else c.physical for c in table.columns)
    listed = ", ".join(c.physical for c in table.columns)
    executor.cursor.execute(
        f"INSERT INTO {history.physical} ({listed}) SELECT {values} FROM {table.physical} WHERE rowid IN ({rows})"
    )
    return f"{start.physical} = {moment}"


def check_writable(table: Table) -> None:
    if table.temporal == HISTORY:
        raise unsupported("changing the history table of a system-versioned table")


def check_free(table: Table, action: str) -> None:
    """DROP, TRUNCATE and ALTER of a versioned table or its history."""
    numbers = {"DROP": 13552, "TRUNCATE": 13545}
    if table.temporal and action in numbers:
        raise SqlError(
            numbers[action],
            f"{action.capitalize()} table operation failed on table '{table.name}' because it is not a supported "
            "operation on system-versioned temporal tables.",
        )
    if table.temporal:
        raise unsupported(f"{action} of a system-versioned table")


def switch_off(executor: "Executor", words: "Words", table: Table) -> None:
    """ALTER TABLE .. SET (SYSTEM_VERSIONING = OFF): two plain tables."""
    words.expect("(", "SYSTEM_VERSIONING", "=", "OFF", ")")
    if table.temporal != CURRENT:
        raise SqlError(13591, f"SYSTEM_VERSIONING is not turned ON for table '{table.name}'.")
    history = executor.database.by_id(table.history_id or 0)
    assert history is not None  # noqa: S101 - narrows the type
    executor.database.put(replace(history, temporal=0, modified=now()))
    executor.database.put(replace(table, temporal=0, history_id=None, modified=now()))
