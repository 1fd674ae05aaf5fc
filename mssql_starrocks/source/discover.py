"""What is in the database: the manifest, from one batch of catalog queries and no count(*)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from mssql_starrocks.model import Column, Key, Manifest, Table, TableId
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source import catalog_queries
from mssql_starrocks.source.connect import Session, control_session
from mssql_starrocks.source.select import from_table
from mssql_starrocks.types.dialects import text_tsql

_PAGE = 8192
_GRAPH_PREFIXES = ("graph_id_", "from_obj_id_", "from_id_", "to_obj_id_", "to_id_")
# One system type each for the CLR types and for varbinary and vector: only the user type's name tells them apart.
_BY_USER_TYPE = {"hierarchyid", "geometry", "geography", "vector"}


def discover(mssql: MssqlSettings) -> Manifest:
    """Read tables, columns, keys and size estimates of one database.

    Raises:
        SourceError, SourceUnreachableError: the login fails or the host does not answer.
    """
    with control_session(mssql) as session:
        edition, version = session.rows(catalog_queries.SERVER)[0]
        name, collation, snapshot, committed = session.rows(catalog_queries.DATABASE)[0]
        tables = session.rows(catalog_queries.TABLES)
        columns = _columns(session.rows(catalog_queries.COLUMNS.format(only="")))
        keys = _keys(session.rows(catalog_queries.KEYS.format(only="")))
        filtered = {table for (table,) in session.rows(catalog_queries.ROW_FILTERS)}
    return Manifest(
        database=name,
        collation=collation,
        server_version=version,
        engine_edition=edition,
        snapshot_isolation=snapshot == 1,
        read_committed_snapshot=bool(committed),
        discovered_at=dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        tables=tuple(_table(row, columns[row[2]], keys[row[2]], row[2] in filtered) for row in tables),
    )


def list_tables(mssql: MssqlSettings) -> tuple[TableId, ...]:
    """The names of all tables: one cheap catalog query, for the new-table sensor."""
    with control_session(mssql) as session:
        return tuple(TableId(schema, name) for schema, name in session.rows(catalog_queries.TABLE_NAMES))


def describe(session: Session, table: Table) -> Table:
    """The table as it is defined now; without columns when it is gone or was made anew under another object id."""
    name = text_tsql(from_table(table.id))  # a table renamed meanwhile keeps its id, and its name may be another's
    only = f" AND t.object_id = {table.object_id:d} AND t.object_id = OBJECT_ID({name})"
    columns = _columns(session.rows(catalog_queries.COLUMNS.format(only=only)))
    keys = _keys(session.rows(catalog_queries.KEYS.format(only=only)))
    return replace(table, columns=columns[table.object_id], keys=keys[table.object_id])


def _table(row: Sequence[Any], columns: tuple[Column, ...], keys: tuple[Key, ...], filtered: bool) -> Table:
    schema, name, object_id, temporal, memory, external, rows, pages, tracked, description = row
    return Table(
        id=TableId(schema, name),
        object_id=object_id,
        columns=columns,
        keys=keys,
        rows=rows or 0,
        bytes=(pages or 0) * _PAGE,
        description=description,
        change_tracking=tracked is not None,
        temporal=temporal or 0,
        memory_optimized=bool(memory),
        external=bool(external),
        row_filtered=filtered,
    )


def _columns(rows: Sequence[Sequence[Any]]) -> dict[int, tuple[Column, ...]]:
    found = {table: tuple(_column(row) for row in group) for table, group in groupby(rows, key=lambda r: r[0])}
    return defaultdict(tuple, found)


def _column(row: Sequence[Any]) -> Column:
    (
        _,
        ordinal,
        name,
        user_type,
        base_type,
        max_length,
        precision,
        scale,
        collation,
        nullable,
        identity,
        column_set,
        hidden,
        masked,
        encryption,
        computed,
        default,
        description,
    ) = row
    kind = user_type if user_type in _BY_USER_TYPE else base_type or f"clr:{user_type}"
    return Column(
        name=name,
        ordinal=ordinal,
        type=kind,
        max_length=max_length,
        precision=precision,
        scale=scale,
        nullable=bool(nullable),
        collation=collation,
        user_type=user_type if user_type != kind else None,
        identity=bool(identity),
        computed=computed,
        hidden=bool(hidden),
        masked=bool(masked),
        encrypted=encryption is not None,
        column_set=bool(column_set),
        graph_internal=name.startswith(_GRAPH_PREFIXES) and bool(hidden),
        default=default,
        description=description,
    )


def _keys(rows: Sequence[Sequence[Any]]) -> dict[int, tuple[Key, ...]]:
    """Primary keys, and unique indexes whose columns are all NOT NULL."""
    found: dict[int, list[Key]] = defaultdict(list)
    for (table, _), group in groupby(rows, key=lambda r: (r[0], r[1])):
        columns = list(group)
        if not any(nullable for *_, nullable in columns):
            found[table].append(Key(columns[0][2], tuple(c[4] for c in columns), bool(columns[0][3])))
    return defaultdict(tuple, {table: tuple(keys) for table, keys in found.items()})
