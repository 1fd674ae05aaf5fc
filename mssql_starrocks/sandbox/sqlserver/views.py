"""sys.* views of databases, schemas, tables, columns, and those that are always empty here."""

import datetime
from typing import Any

from mssql_starrocks.sandbox.sqlserver.catalog import Column, Table
from mssql_starrocks.sandbox.sqlserver.types import CATALOG, USER_TYPE_IDS, variant
from mssql_starrocks.sandbox.sqlserver.view import TABLE, VIEWS, Rows, Seen, view


@view(
    "databases",
    "name sysname, database_id int, source_database_id int, create_date datetime, compatibility_level tinyint, "
    "collation_name sysname, "
    "is_read_only bit, state tinyint, state_desc nvarchar(60), snapshot_isolation_state tinyint, "
    "snapshot_isolation_state_desc nvarchar(60), is_read_committed_snapshot_on bit, is_cdc_enabled bit",
)
def _databases(seen: Seen) -> Rows:
    for base in sorted(seen.engine.databases.values(), key=lambda one: one.database_id):
        on, statement = base.snapshot_isolation, base.statement_snapshots
        state = (1 if on else 0, "ON" if on else "OFF")
        made = (base.name, base.database_id, base.source_id, base.created, 160, base.collation, base.read_only)
        yield (*made, 0, "ONLINE", *state, statement, 0)


def _integer(number: int) -> dict[str, str]:
    return variant("int", str(number))


@view("schemas", "name sysname, schema_id int, principal_id int")
def _schemas(seen: Seen) -> Rows:
    for name, number in seen.database.schemas.values():
        yield name, number, 1


def _table_row(seen: Seen, table: Table) -> tuple[Any, ...]:
    dates = (table.created, table.modified)
    return table.name, table.object_id, seen.schema_id(table), 0, "U ", "USER_TABLE", *dates, 0


_TEMPORAL = ("NON_TEMPORAL_TABLE", "HISTORY_TABLE", "SYSTEM_VERSIONED_TEMPORAL_TABLE")
_GENERATED = ("NOT_APPLICABLE", "AS_ROW_START", "AS_ROW_END")


@view(
    "tables",
    TABLE + ", lob_data_space_id int, is_memory_optimized bit, durability tinyint, durability_desc nvarchar(60), "
    "temporal_type tinyint, temporal_type_desc nvarchar(60), history_table_id int, is_external bit, is_node bit, "
    "is_edge bit, is_filetable bit, is_tracked_by_cdc bit, is_replicated bit, max_column_id_used int",
)
def _tables(seen: Seen) -> Rows:
    for table in seen.tables():
        lob = 1 if any(column.type.is_max for column in table.columns) else 0
        last = max((column.column_id for column in table.columns), default=0)
        versioned = (table.temporal, _TEMPORAL[table.temporal], table.history_id)
        plain = (0, 0, "SCHEMA_AND_DATA", *versioned, 0, 0, 0, 0, 0, 0, last)
        yield (*_table_row(seen, table), lob, *plain)


@view("objects", TABLE)
def _objects(seen: Seen) -> Rows:
    for table in seen.tables():
        row = _table_row(seen, table)
        yield row
        for index in table.indexes:
            if index.object_id:
                kind = ("PK", "PRIMARY_KEY_CONSTRAINT") if index.primary else ("UQ", "UNIQUE_CONSTRAINT")
                yield index.name, index.object_id, row[2], table.object_id, *kind, *row[6:9]
        for column in table.columns:
            if column.default_id:
                kind = ("D ", "DEFAULT_CONSTRAINT")
                yield column.default_name, column.default_id, row[2], table.object_id, *kind, *row[6:9]


_COLUMN = (
    "object_id int, name sysname, column_id int, system_type_id tinyint, user_type_id int, max_length smallint, "
    "precision tinyint, scale tinyint, collation_name sysname, is_nullable bit, is_ansi_padded bit, is_rowguidcol bit, "
    "is_identity bit, is_computed bit, is_filestream bit, is_sparse bit, is_column_set bit, "
    "generated_always_type tinyint, generated_always_type_desc nvarchar(60), encryption_type int, is_hidden bit, "
    "is_masked bit, graph_type int, default_object_id int, vector_dimensions int, vector_base_type tinyint, "
    "vector_base_type_desc nvarchar(10)"
)


def _column_row(table: Table, column: Column) -> tuple[Any, ...]:
    kind = column.type
    system = CATALOG[kind.name][0]
    user = column.user_type or USER_TYPE_IDS.get(kind.alias or kind.name, system)
    collation = kind.collation if kind.family == "text" else None
    padded = kind.family in ("text", "binary")
    size = (kind.max_length, kind.catalog_precision, kind.catalog_scale, collation, column.nullable)
    flags = (padded, column.rowguid, column.identity is not None, bool(column.computed), 0)
    sparse = (column.sparse, column.column_set)
    generated = (column.generated, _GENERATED[column.generated])
    rest = (*sparse, *generated, None, column.hidden, bool(column.mask), None, column.default_id)
    vector = (kind.length, 0, "float32") if kind.name == "vector" else (None, None, None)
    return (table.object_id, column.name, column.column_id, system, user, *size, *flags, *rest, *vector)


@view("columns", _COLUMN)
def _columns(seen: Seen) -> Rows:
    for table in seen.tables():
        for column in table.columns:
            yield _column_row(table, column)


@view("all_columns", _COLUMN)
def _all_columns(seen: Seen) -> Rows:
    yield from _columns(seen)
    for number, (name, described) in enumerate(sorted(VIEWS.items())):
        fake = Table(-1000 - number, "sys", name, ())
        for place, (column, kind) in enumerate(described.columns, 1):
            yield _column_row(fake, Column(place, column, kind))


@view("all_objects", TABLE)
def _all_objects(seen: Seen) -> Rows:
    yield from _objects(seen)
    for number, name in enumerate(sorted(VIEWS)):
        date = datetime.datetime(2022, 10, 8)
        yield name, -1000 - number, 4, 0, "V ", "VIEW", date, date, 1


@view("views", TABLE)
def _views(seen: Seen) -> Rows:
    return ()


@view(
    "computed_columns",
    "object_id int, name sysname, column_id int, definition nvarchar(max), uses_database_collation "
    "bit, is_persisted bit",
)
def _computed(seen: Seen) -> Rows:
    for table in seen.tables():
        for column in table.columns:
            if column.computed:
                yield table.object_id, column.name, column.column_id, column.computed, 0, column.persisted


@view(
    "default_constraints",
    TABLE + ", parent_column_id int, definition nvarchar(max), is_system_named bit",
)
def _defaults(seen: Seen) -> Rows:
    for table in seen.tables():
        for column in table.columns:
            if column.default_id:
                row = (column.default_name, column.default_id, seen.schema_id(table), table.object_id, "D ")
                dates = (table.created, table.modified, 0)
                named = column.default_name.startswith("DF__")
                yield (*row, "DEFAULT_CONSTRAINT", *dates, column.column_id, column.default, named)


@view(
    "identity_columns",
    "object_id int, name sysname, column_id int, seed_value sql_variant, increment_value sql_variant, "
    "last_value sql_variant, is_not_for_replication bit",
)
def _identities(seen: Seen) -> Rows:
    for table in seen.tables():
        for column in table.columns:
            if column.identity is not None:
                last = seen.database.identities.get(table.object_id)
                seed, step = (_integer(part) for part in column.identity)
                shown = None if last is None else _integer(last)
                yield table.object_id, column.name, column.column_id, seed, step, shown, 0


@view(
    "extended_properties",
    "class tinyint, class_desc nvarchar(60), major_id int, minor_id int, name sysname, value sql_variant",
)
def _properties(seen: Seen) -> Rows:
    for (major, minor, name), text in seen.database.descriptions.items():
        yield 1, "OBJECT_OR_COLUMN", major, minor, name, text


def _empty(name: str, declaration: str) -> None:
    @view(name, declaration)
    def nothing(seen: Seen) -> Rows:
        return ()


_empty(
    "security_policies",
    "name sysname, object_id int, schema_id int, is_ms_shipped bit, is_enabled bit, is_schema_bound bit",
)
_empty(
    "security_predicates",
    "object_id int, security_predicate_id int, target_object_id int, predicate_definition nvarchar(max), "
    "predicate_type int, predicate_type_desc nvarchar(60), operation int, operation_desc nvarchar(60)",
)
_empty("partition_schemes", "name sysname, data_space_id int, type char(2), function_id int")
_empty("partition_functions", "name sysname, function_id int, fanout int, boundary_value_on_right bit")
_empty("partition_range_values", "function_id int, boundary_id int, parameter_id int, value sql_variant")
_empty("foreign_keys", "name sysname, object_id int, schema_id int, parent_object_id int, referenced_object_id int")
_empty(
    "check_constraints", "name sysname, object_id int, schema_id int, parent_object_id int, definition nvarchar(max)"
)


_empty("external_tables", "name sysname, object_id int, schema_id int")
