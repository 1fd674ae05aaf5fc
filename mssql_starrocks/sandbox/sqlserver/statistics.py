"""Statistics: every index has them, complete and up to date, as after UPDATE STATISTICS ... WITH FULLSCAN.

Which values become steps is SQL Server's own affair; what a step says is documented (sys.dm_db_stats_histogram) and
counted here from the rows. `steps` and `persisted_sample_percent` of the properties are refused.
"""

import datetime
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver.catalog import Index, Table
from mssql_starrocks.sandbox.sqlserver.errors import unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import texts
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Source, SourceColumn
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import VARIANT
from mssql_starrocks.sandbox.sqlserver.view import Rows, Seen, View, columns_of, view

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor

_BUCKETS = 197  # beside them the NULL, the first and the last value: at most 200 steps
_LOSSY = ("datetime", "smalldatetime", "money", "smallmoney", "real", "float")  # as sql_variant, here
_HISTOGRAM = columns_of(
    "object_id int, stats_id int, step_number int, range_high_key sql_variant, range_rows real, equal_rows real, "
    "distinct_range_rows bigint, average_range_rows real"
)
_PROPERTIES = columns_of(
    "object_id int, stats_id int, last_updated datetime2(7), rows bigint, rows_sampled bigint, "
    "unfiltered_rows bigint, modification_counter bigint"
)


@view(
    "stats",
    "object_id int, name sysname, stats_id int, auto_created bit, user_created bit, no_recompute bit, has_filter bit, "
    "filter_definition nvarchar(max), is_temporary bit, is_incremental bit",
)
def _stats(seen: Seen) -> Rows:
    for table in seen.tables():
        for index in table.indexes:
            yield table.object_id, index.name, index.index_id, 0, 0, 0, 0, None, 0, 0


@view("stats_columns", "object_id int, stats_id int, stats_column_id int, column_id int")
def _stats_columns(seen: Seen) -> Rows:
    for table in seen.tables():
        for index in table.indexes:
            for place, (column, _) in enumerate(index.columns, 1):
                yield table.object_id, index.index_id, place, column


def source(
    executor: "Executor", name: str, arguments: list[Typed], alias: str, sql_alias: str
) -> tuple[str, Source, str]:
    """A statistics function in FROM: its rows as a table, its columns, and the condition on its arguments."""
    if len(arguments) != 2:
        raise unsupported(f"sys.{name} with {len(arguments)} arguments")
    seen = Seen(executor.engine, executor.database, executor.cursor, executor.user)
    if name == "dm_db_stats_properties":
        described = View(_PROPERTIES, lambda seen: _properties(seen, executor))
    else:
        numbers = [argument.literal for argument in arguments]
        if not all(isinstance(number, int) for number in numbers):
            raise unsupported(f"sys.{name} with arguments that are no numbers")
        described = View(_HISTOGRAM, lambda seen: _histogram(seen, executor, *numbers))
    registered = executor.register_later(f"{name}_{sql_alias}", described.arrow(seen))
    columns = tuple(
        SourceColumn(column, Typed(f'"{sql_alias}"."c{place}"', kind, True))
        for place, (column, kind) in enumerate(described.columns, 1)
    )
    condition = " AND ".join(f"c{place} = {argument.sql}" for place, argument in enumerate(arguments, 1))
    return registered, Source(alias, columns, partial=True), condition


def _properties(seen: Seen, executor: "Executor") -> Rows:
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    for table in seen.tables():
        if not executor.engine.may_select(executor.user, table.schema, table.name):
            continue  # an empty rowset, not an error (sys.dm_db_stats_properties, Remarks)
        count = seen.count(table)
        for index in table.indexes:
            known = (_ticks(now), count, count, count, 0) if count else (None,) * 5
            yield table.object_id, index.index_id, *known


def _ticks(instant: datetime.datetime) -> int:
    delta = instant - datetime.datetime(1, 1, 1)
    return (delta.days * 86400 + delta.seconds) * 10_000_000 + delta.microseconds * 10


def _histogram(seen: Seen, executor: "Executor", object_id: int, stats_id: int) -> Rows:
    table = seen.database.by_id(object_id)
    index = next((one for one in table.indexes if one.index_id == stats_id), None) if table else None
    if table is None or index is None or not executor.engine.may_select(executor.user, table.schema, table.name):
        return
    found = executor.query(_steps_sql(table, index))
    for number, (high, between, equal, distinct) in enumerate(found, 1):
        average = between / distinct if distinct else 1.0
        yield object_id, stats_id, number, high, between, equal, distinct, average


def _steps_sql(table: Table, index: Index) -> str:
    column = next(one for one in table.columns if one.column_id == index.columns[0][0])
    kind = column.type
    if kind.name in _LOSSY or kind.family == "binary":
        raise unsupported(f"a histogram of {kind.name}")
    key = texts.key(Typed(column.physical, kind), ordered=True)
    high = convert(Typed("last(v ORDER BY i)", kind), VARIANT).sql
    order = "ORDER BY k NULLS FIRST"
    bucket = f"(upto * {_BUCKETS} // total) <> ((upto - n) * {_BUCKETS} // total)"
    return f"""
    WITH grouped AS (SELECT {key} AS k, first({column.physical}) AS v, count(*) AS n FROM {table.physical} GROUP BY 1),
    numbered AS (SELECT *, row_number() OVER ({order}) AS i, sum(n) OVER ({order}) AS upto,
                        sum(n) OVER () AS total, lag(k) OVER ({order}) IS NULL OR {bucket} AS step FROM grouped),
    stepped AS (SELECT *, coalesce(sum(step::INT) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
                          AS place FROM numbered)
    SELECT {high}, sum(n) - last(n ORDER BY i), last(n ORDER BY i), count(*) - 1
    FROM stepped GROUP BY place ORDER BY place
    """
