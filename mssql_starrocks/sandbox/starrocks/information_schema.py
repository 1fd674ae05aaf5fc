"""information_schema: one function per table, giving columns and rows (facts/starrocks.md 5, truth topic show)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.starrocks.compile.scope import OutputColumn
from mssql_starrocks.sandbox.starrocks.errors import unsupported
from mssql_starrocks.sandbox.starrocks.meta.grants import PRIVILEGES
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Load, Table
from mssql_starrocks.sandbox.starrocks.sql.types import BIGINT, DATETIME, INT, TEXTS, SqlType

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.session import Session

TEXT = SqlType("VARCHAR", 65533)
PRECISION = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 19, "LARGEINT": 38}
KINDS = {"B": BIGINT, "I": INT, "D": DATETIME}
KNOWN = frozenset(
    [
        "keywords",
        "views",
        "statistics",
        "key_column_usage",
        "referential_constraints",
        "table_constraints",
        "routines",
        "triggers",
        "events",
        "engines",
        "character_sets",
        "collations",
        "column_privileges",
        "user_privileges",
        "schema_privileges",
        "session_variables",
        "global_variables",
        "verbose_session_variables",
        "task_runs",
        "tasks",
        "pipes",
        "pipe_files",
        "be_configs",
        "be_tablets",
        "be_metrics",
        "fe_metrics",
        "be_txns",
        "be_logs",
        "fe_locks",
        "routine_load_jobs",
        "stream_loads",
        "be_bvars",
        "be_threads",
        "temp_tables",
        "column_stats_usage",
        "analyze_status",
        "applicable_roles",
        "warehouse_metrics",
        "warehouse_queries",
        "loads_history",
        "be_cloud_native_compactions",
        "be_compactions",
        "fe_tablet_schedules",
        "fe_threads",
        "partitions",
        "recyclebin_catalogs",
        "tablet_reshard_jobs",
        "cluster_snapshots",
        "cluster_snapshot_jobs",
        "be_datacache_metrics",
        "current_logs",
    ]
)
Answer = tuple[list[OutputColumn], list[tuple[Any, ...]]]


def _columns(text: str) -> list[OutputColumn]:
    """`NAME` is text, `NAME:B` BIGINT, `NAME:I` INT, `NAME:D` DATETIME."""
    pairs = [part.partition(":") for part in text.split()]
    return [OutputColumn(name, KINDS.get(kind, TEXT)) for name, _, kind in pairs]


def arrow(columns: Sequence[OutputColumn], rows: Sequence[tuple[Any, ...]]) -> Any:
    import pyarrow as pa

    kinds = {"BIGINT": pa.int64(), "INT": pa.int32(), "DATETIME": pa.timestamp("us")}
    arrays = [
        pa.array([row[at] for row in rows], kinds.get(column.type.name, pa.string()))
        for at, column in enumerate(columns)
    ]
    return pa.table(arrays, names=[column.name for column in columns])


def moment(seconds: float) -> datetime.datetime | None:
    if not seconds:
        return None
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).replace(tzinfo=None)


def visible(session: Session) -> Iterator[Table]:
    return (table for table in session.store.tables() if session.store.grants.sees_table(session.user, table))


def databases(session: Session) -> list[str]:
    return sorted(name for name in list(session.store.databases) if session.sees_database(name))


def row_count(session: Session, table: Table) -> int:
    return int(session.rows(f"SELECT count(*) FROM {table.physical}")[0][0])


def _tables(session: Session) -> Answer:
    columns = _columns(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE ENGINE VERSION:B ROW_FORMAT TABLE_ROWS:B AVG_ROW_LENGTH:B "
        "DATA_LENGTH:B MAX_DATA_LENGTH:B INDEX_LENGTH:B DATA_FREE:B AUTO_INCREMENT:B CREATE_TIME:D UPDATE_TIME:D "
        "CHECK_TIME:D TABLE_COLLATION CHECKSUM:B CREATE_OPTIONS TABLE_COMMENT"
    )
    rows = [
        ("def", t.database, t.name, "BASE TABLE", "StarRocks", None, "", row_count(session, t), 0, 0, None, None, None,
         None, moment(t.created), moment(t.created), None, "utf8_general_ci", None, None, t.comment)
        for t in visible(session)
    ]  # fmt: skip
    return columns, rows


def shown_default(column: Column) -> str | None:
    if not column.is_certain:
        raise unsupported(f"showing column {column.name}: AUTO_INCREMENT, generated columns and functions as default")
    return "CURRENT_TIMESTAMP" if column.default.call else column.default.text


def _columns_table(session: Session) -> Answer:
    columns = _columns(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:B COLUMN_DEFAULT IS_NULLABLE DATA_TYPE "
        "CHARACTER_MAXIMUM_LENGTH:B CHARACTER_OCTET_LENGTH:B NUMERIC_PRECISION:B NUMERIC_SCALE:B "
        "DATETIME_PRECISION:B CHARACTER_SET_NAME COLLATION_NAME COLUMN_TYPE COLUMN_KEY EXTRA PRIVILEGES "
        "COLUMN_COMMENT COLUMN_SIZE:B DECIMAL_DIGITS:B GENERATION_EXPRESSION SRS_ID:B"
    )
    rows = [_column_row(t, c, at) for t in visible(session) for at, c in enumerate(t.columns, 1)]
    return columns, rows


def _column_row(table: Table, column: Column, at: int) -> tuple[Any, ...]:
    kind = column.type
    length = kind.length if kind.name in TEXTS else None
    precision = kind.length if kind.name == "DECIMAL" else PRECISION.get(kind.name)
    scale = kind.scale if kind.name == "DECIMAL" else 0 if kind.name in PRECISION else None
    key = ("PRI" if table.is_primary else "DUP") if column.key else ""
    default = shown_default(column)
    return (
        "def", table.database, table.name, column.name, at, default, "YES" if column.nullable else "NO",
        kind.name.lower(), length, length * 4 if length is not None else None, precision, scale, None, None, None,
        kind.plain, key, "", "", column.comment, precision if length is None else length, scale, None, None,
    )  # fmt: skip


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _tables_config(session: Session) -> Answer:
    columns = _columns(
        "TABLE_SCHEMA TABLE_NAME TABLE_ENGINE TABLE_MODEL PRIMARY_KEY PARTITION_KEY DISTRIBUTE_KEY DISTRIBUTE_TYPE "
        "DISTRIBUTE_BUCKET:I SORT_KEY PROPERTIES TABLE_ID:B"
    )
    rows = [
        (t.database, t.name, "OLAP", "PRIMARY_KEYS" if t.is_primary else "DUP_KEYS",
         _names(t.keys) if t.is_primary else "", "", _names(t.hash_columns), t.distribution, t.buckets,
         _names(t.order or t.keys), _json(t.properties), t.id)
        for t in visible(session)
    ]  # fmt: skip
    return columns, rows


def _json(properties: dict[str, str]) -> str:
    import json

    return json.dumps(properties, separators=(",", ":"))


def loads_of(session: Session) -> list[Load]:
    grants = session.store.grants
    known = {(t.database, t.name): t for t in session.store.tables()}
    return [
        load
        for load in list(session.store.labels.loads.values())
        if session.user in (load.user, "root")
        or ((t := known.get((load.database, load.table))) and grants.on_table(session.user, "INSERT", t))
    ]


def tracking_sql(load: Load) -> str | None:
    text = f"select tracking_log from information_schema.load_tracking_logs where job_id={load.id}"
    return text if load.log else None


def _loads(session: Session) -> Answer:
    columns = _columns(
        "ID:B LABEL PROFILE_ID DB_NAME TABLE_NAME USER WAREHOUSE STATE PROGRESS TYPE PRIORITY SCAN_ROWS:B SCAN_BYTES:B "
        "FILTERED_ROWS:B UNSELECTED_ROWS:B SINK_ROWS:B RUNTIME_DETAILS CREATE_TIME:D LOAD_START_TIME:D "
        "LOAD_COMMIT_TIME:D LOAD_FINISH_TIME:D PROPERTIES ERROR_MSG TRACKING_SQL REJECTED_RECORD_PATH JOB_ID:B"
    )
    rows = [
        (x.id, x.label, "", x.database, x.table, x.user, "", _state(x), "100%" if x.finished else "0%", x.kind,
         "NORMAL", x.scanned, 0, x.filtered, 0, x.sunk, "{}", moment(x.created), moment(x.created),
         moment(x.finished), moment(x.finished), "{}", x.error, tracking_sql(x), None, x.id)
        for x in loads_of(session)
    ]  # fmt: skip
    return columns, rows


def _state(load: Load) -> str:
    return load.state if load.finished else "LOADING"


def _tracking_logs(session: Session) -> Answer:
    columns = _columns("ID:B JOB_ID:B LABEL DATABASE_NAME TRACKING_LOG TYPE")
    rows = [(x.id, x.id, x.label, x.database, "\n".join(x.log), x.kind) for x in loads_of(session) if x.log]
    return columns, rows


def _schemata(session: Session) -> Answer:
    columns = _columns("CATALOG_NAME SCHEMA_NAME DEFAULT_CHARACTER_SET_NAME DEFAULT_COLLATION_NAME SQL_PATH")
    names = [*databases(session), "information_schema"]
    return columns, [("def", name, "utf8", "utf8_general_ci", None) for name in names]


def _table_privileges(session: Session) -> Answer:
    """Empty whoever asks (FrontendServiceImpl.getTablePrivs of 3.0 to main: "TODO")."""
    return _columns("GRANTEE TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PRIVILEGE_TYPE IS_GRANTABLE"), []


def grants_to_users(session: Session) -> Answer:
    """sys.grants_to_users: grants on ALL TABLES are listed at each table (GrantsTo.getGrantItems)."""
    columns = _columns("GRANTEE OBJECT_CATALOG OBJECT_DATABASE OBJECT_NAME OBJECT_TYPE PRIVILEGE_TYPE IS_GRANTABLE")
    rows = []
    for user, held in session.store.grants.by_user.items():
        merged: dict[tuple[str, str], list[str]] = {}
        for grant in held:
            names = PRIVILEGES["TABLE"] if grant.privilege == "ALL" else (grant.privilege,)
            for table in session.store.tables():
                if (grant.kind == "TABLE" and grant.target == table.id) or (
                    grant.kind == "TABLES" and grant.target in (table.database, "*")
                ):
                    listed = merged.setdefault((table.database, table.name), [])
                    listed += [name for name in names if name not in listed]
        rows += [
            (f"'{user}'@'%'", "default_catalog", *path, "TABLE", ", ".join(names), "NO")
            for path, names in merged.items()
        ]
    return columns, rows


def grants_to_roles(session: Session) -> Answer:
    """Grants to roles are not supported here, so there are none."""
    return grants_to_users(session)[0], []


def _partitions_meta(session: Session) -> Answer:
    columns = _columns(
        "DB_NAME TABLE_NAME PARTITION_NAME PARTITION_ID:B VISIBLE_VERSION:B PARTITION_KEY PARTITION_VALUE "
        "DISTRIBUTION_KEY BUCKETS:I REPLICATION_NUM:I STORAGE_MEDIUM ROW_COUNT:B DATA_SIZE IS_TEMP:B"
    )
    rows = [
        (t.database, t.name, t.name, t.id, 1, "", "", _names(t.hash_columns), t.buckets or 1,
         int(t.properties["replication_num"]), "HDD", row_count(session, t), "0B", 0)
        for t in visible(session)
    ]  # fmt: skip
    return columns, rows


def _materialized_views(session: Session) -> Answer:
    columns = _columns(
        "MATERIALIZED_VIEW_ID:B TABLE_SCHEMA TABLE_NAME REFRESH_TYPE IS_ACTIVE INACTIVE_REASON TABLE_ROWS:B "
        "MATERIALIZED_VIEW_DEFINITION"
    )
    rows = [
        (v.id, v.database, v.name, "MANUAL", str(v.active).lower(), v.reason, 0, v.text) for v in session.store.views
    ]
    return columns, rows


SYSTEM: dict[str, Callable[[Session], Answer]] = {
    "grants_to_users": grants_to_users, "grants_to_roles": grants_to_roles,
}  # fmt: skip
TABLES: dict[str, Callable[[Session], Answer]] = {
    "tables": _tables, "columns": _columns_table, "tables_config": _tables_config, "loads": _loads,
    "load_tracking_logs": _tracking_logs, "schemata": _schemata, "table_privileges": _table_privileges,
    "partitions_meta": _partitions_meta, "materialized_views": _materialized_views,
}  # fmt: skip
