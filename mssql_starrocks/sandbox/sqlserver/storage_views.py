"""sys.* views of keys, indexes and the pages that they take."""

from typing import Any

from mssql_starrocks.sandbox.sqlserver.catalog import Index, Table
from mssql_starrocks.sandbox.sqlserver.view import TABLE, Rows, Seen, view

_INDEX = (
    "object_id int, name sysname, index_id int, type tinyint, type_desc nvarchar(60), is_unique bit, "
    "data_space_id int, "
    "ignore_dup_key bit, is_primary_key bit, is_unique_constraint bit, fill_factor tinyint, is_padded bit, "
    "is_disabled bit, is_hypothetical bit, has_filter bit, filter_definition nvarchar(max)"
)


def _index_row(table: Table, index: Index) -> tuple[Any, ...]:
    kind = (1, "CLUSTERED") if index.clustered else (2, "NONCLUSTERED")
    keys = (index.unique, 1, 0, index.primary, index.constraint)
    return table.object_id, index.name, index.index_id, *kind, *keys, 0, 0, 0, 0, 0, None


@view("indexes", _INDEX)
def _indexes(seen: Seen) -> Rows:
    for table in seen.tables():
        if not any(index.clustered for index in table.indexes):
            yield table.object_id, None, 0, 0, "HEAP", 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, None
        for index in sorted(table.indexes, key=lambda one: one.index_id):
            yield _index_row(table, index)


@view(
    "index_columns",
    "object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, partition_ordinal tinyint, "
    "is_descending_key bit, is_included_column bit",
)
def _index_columns(seen: Seen) -> Rows:
    for table in seen.tables():
        for index in sorted(table.indexes, key=lambda one: one.index_id):
            place = 0
            for place, (column, descending) in enumerate(index.columns, 1):
                yield table.object_id, index.index_id, place, column, place, 0, descending, 0
            for more, column in enumerate(index.included, place + 1):
                yield table.object_id, index.index_id, more, column, 0, 0, 0, 1


@view(
    "key_constraints",
    TABLE + ", unique_index_id int, is_system_named bit",
)
def _key_constraints(seen: Seen) -> Rows:
    for table in seen.tables():
        for index in table.indexes:
            if index.object_id:
                kind = ("PK", "PRIMARY_KEY_CONSTRAINT") if index.primary else ("UQ", "UNIQUE_CONSTRAINT")
                place = (index.name, index.object_id, seen.schema_id(table), table.object_id)
                named = index.name.startswith(("PK__", "UQ__"))
                yield (*place, *kind, table.created, table.modified, 0, index.index_id, named)


def _structures(table: Table) -> list[int]:
    ids = [index.index_id for index in table.indexes]
    return sorted(ids if any(index.clustered for index in table.indexes) else [0, *ids])


@view(
    "partitions",
    "partition_id bigint, object_id int, index_id int, partition_number int, hobt_id bigint, rows bigint, "
    "data_compression tinyint, data_compression_desc nvarchar(60)",
)
def _partitions(seen: Seen) -> Rows:
    for table in seen.tables():
        count = seen.count(table)
        for index in _structures(table):
            number = _partition_id(table, index)
            yield number, table.object_id, index, 1, number, count, 0, "NONE"


def _partition_id(table: Table, index: int) -> int:
    return 72057594037927936 + table.object_id * 256 + index


def _pages(table: Table, count: int) -> int:
    """8 KiB pages by the declared widths: an estimate, as real page counts are."""
    width = sum(min(c.type.max_length, 256) if c.type.max_length > 0 else 256 for c in table.columns) // 2 + 16
    return 0 if not count else max(2, count * width // 8096 + 2)


@view(
    "allocation_units",
    "allocation_unit_id bigint, type tinyint, type_desc nvarchar(60), container_id bigint, data_space_id int, "
    "total_pages bigint, used_pages bigint, data_pages bigint",
)
def _allocation_units(seen: Seen) -> Rows:
    for table in seen.tables():
        pages = _pages(table, seen.count(table))
        for index in _structures(table):
            number = _partition_id(table, index)
            yield number + 1, 1, "IN_ROW_DATA", number, 1, pages, pages, max(pages - 1, 0)


@view(
    "dm_db_partition_stats",
    "partition_id bigint, object_id int, index_id int, partition_number int, in_row_data_page_count bigint, "
    "used_page_count bigint, reserved_page_count bigint, row_count bigint",
)
def _partition_stats(seen: Seen) -> Rows:
    for table in seen.tables():
        count = seen.count(table)
        pages = _pages(table, count)
        for index in _structures(table):
            yield _partition_id(table, index), table.object_id, index, 1, max(pages - 1, 0), pages, pages, count
