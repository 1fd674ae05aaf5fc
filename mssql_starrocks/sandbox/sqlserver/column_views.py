"""sys.types, sys.masked_columns, sys.periods, sys.dm_exec_*; importing this module brings all views."""

from mssql_starrocks.sandbox.sqlserver import storage_views, views
from mssql_starrocks.sandbox.sqlserver.types import CATALOG, USER_TYPE_IDS, SqlType
from mssql_starrocks.sandbox.sqlserver.view import VIEWS, Rows, Seen, view

__all__ = ["VIEWS", "Seen", "storage_views", "views"]


@view(
    "types",
    "name sysname, system_type_id tinyint, user_type_id int, schema_id int, max_length smallint, precision tinyint, "
    "scale tinyint, collation_name sysname, is_nullable bit, is_user_defined bit, is_assembly_type "
    "bit, is_table_type bit",
)
def _types(seen: Seen) -> Rows:
    for name, (system, size, precision, scale) in CATALOG.items():
        kind = SqlType(name)
        collation = kind.collation if kind.family == "text" else None
        user = USER_TYPE_IDS.get(name, system)
        yield name, system, user, 4, size, precision, scale, collation, 1, 0, system == 240, 0
    yield "sysname", 231, 256, 4, 256, 0, 0, SqlType("nvarchar").collation, 0, 0, 0, 0
    for alias in seen.database.types.values():
        base, schema = alias.base, seen.database.schemas[alias.schema.lower()][1]
        numbers = (CATALOG[base.name][0], alias.user_type_id, schema, base.max_length)
        shape = (base.catalog_precision, base.catalog_scale, base.collation if base.family == "text" else None)
        yield alias.name, *numbers, *shape, alias.nullable, 1, 0, 0


@view("masked_columns", "object_id int, name sysname, column_id int, is_masked bit, masking_function nvarchar(4000)")
def _masked(seen: Seen) -> Rows:
    for table in seen.tables():
        for column in table.columns:
            if column.mask:
                yield table.object_id, column.name, column.column_id, 1, column.mask


@view(
    "periods",
    "name sysname, period_type tinyint, period_type_desc nvarchar(60), object_id int, start_column_id int, "
    "end_column_id int",
)
def _periods(seen: Seen) -> Rows:
    for table in seen.tables():
        ends = {column.generated: column.column_id for column in table.columns if column.generated}
        if ends:
            yield "SYSTEM_TIME", 1, "SYSTEM_TIME_PERIOD", table.object_id, ends[1], ends[2]


@view(
    "dm_exec_sessions",
    "session_id smallint, login_name nvarchar(128), status nvarchar(30), database_id smallint, "
    "open_transaction_count int",
)
def _sessions(seen: Seen) -> Rows:
    for session in seen.engine.sessions():
        state = "running" if session.running else "sleeping"
        base = session.database.database_id
        yield session.session_id, session.user, state, base, session.transactions.depth


@view(
    "dm_exec_requests",
    "session_id smallint, status nvarchar(30), command nvarchar(32), database_id smallint, "
    "blocking_session_id smallint, wait_type nvarchar(60)",
)
def _requests(seen: Seen) -> Rows:
    for session in seen.engine.sessions():
        if session.running:
            waits = seen.engine.locks.waits(session.session_id)
            state = (waits[1], f"LCK_M_{waits[0]}") if waits else (0, None)
            status = "suspended" if waits else "running"
            yield session.session_id, status, session.running, session.database.database_id, *state
