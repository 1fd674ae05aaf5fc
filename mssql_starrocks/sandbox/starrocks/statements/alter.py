"""ALTER TABLE: rename, SWAP, comment, columns. Column changes are done at once and listed as finished jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed, quote
from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, plain, table_not_found, unsupported
from mssql_starrocks.sandbox.starrocks.load import default_value
from mssql_starrocks.sandbox.starrocks.meta.model import AlterJob, Column, Table
from mssql_starrocks.sandbox.starrocks.rules.alter import check_modify
from mssql_starrocks.sandbox.starrocks.rules.columns import check_column
from mssql_starrocks.sandbox.starrocks.rules.create import check_order
from mssql_starrocks.sandbox.starrocks.rules.names import check_column as check_column_name
from mssql_starrocks.sandbox.starrocks.rules.names import check_table
from mssql_starrocks.sandbox.starrocks.rules.properties import changed_properties
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition, parse_column
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor

NOT_HERE = ("DISTRIBUTED", "PARTITION", "TRUNCATE", "REPLACE", "EXECUTE", "OPTIMIZE", "COMPACT",
            "BASE", "CUMULATIVE")  # fmt: skip
NOT_ADDED = ("ROLLUP", "INDEX", "FIELD")
PARTITIONS = ("PARTITION", "PARTITIONS", "TEMPORARY")


@dataclass
class Changes:
    """Columns as they will be, and the DuckDB statements that get there."""

    columns: list[Column]
    statements: list[str] = field(default_factory=list)
    job: bool = False

    def find(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)


def alter(session: Session, cursor: Cursor) -> None:
    path = cursor.path()
    table = session.native(path, table_not_found)
    session.store.grants.need_table(session.user, "ALTER", table)
    if cursor.accept("SWAP WITH"):
        _swap(session, cursor, table)
    elif cursor.accept("RENAME COLUMN"):
        _rename_column(session, cursor, table)
    elif cursor.accept("RENAME"):
        _rename(session, cursor, table)
    elif cursor.accept("COMMENT"):
        cursor.expect("=")
        comment = cursor.string()
        cursor.end()
        table.comment = comment
    elif cursor.accept("SET"):
        _set(session, cursor, table)
    elif cursor.accept("ORDER BY"):
        _order_by(session, cursor, table)
    elif cursor.peek() in NOT_HERE:
        raise unsupported(f"ALTER TABLE .. {cursor.peek()}")
    else:
        _change_columns(session, cursor, table)


def _swap(session: Session, cursor: Cursor, table: Table) -> None:
    other_name = cursor.name()
    cursor.end()
    other = session.store.database(table.database).get(other_name)
    if other is None:
        raise plain(f"Table {other_name} does not exist or is not OLAP/LAKE table")
    if other is table:
        raise plain(f"New name conflicts with rollup index name: {other_name}")
    session.store.swap(table, other)


def _rename(session: Session, cursor: Cursor, table: Table) -> None:
    if cursor.peek() in ("ROLLUP", "PARTITION"):
        raise unsupported(f"RENAME {cursor.peek()}")
    name = cursor.name()
    cursor.end()
    if name == table.name:
        raise analyzing(f"Same table name {name}")
    check_table(name)
    session.store.rename(table, name)


def _set(session: Session, cursor: Cursor, table: Table) -> None:
    properties = cursor.properties()
    cursor.end()
    names = [column.name for column in table.columns]
    table.properties |= changed_properties(properties, names, session.store.backends)


def _order_by(session: Session, cursor: Cursor, table: Table) -> None:
    names = cursor.names()
    cursor.end()
    if not table.is_primary:
        raise unsupported("ORDER BY of a DUPLICATE KEY table")
    if len(names) == len(table.columns):
        raise plain(
            "Primary key table do not support reorder table schema. "
            "Please confirm if you want to modify the sorting columns."
        )
    check_order(names, table.model, {column.name.lower(): column for column in table.columns}, session.release)
    table.order = names
    session.store.alters.append(_job(session, table))


def _job(session: Session, table: Table) -> AlterJob:
    now = time.time()
    return AlterJob(session.store.new_id(), table.database, table.name, now, now)


def _rename_column(session: Session, cursor: Cursor, table: Table) -> None:
    old_name = cursor.name()
    cursor.expect("TO")
    new_name = cursor.name()
    cursor.end()
    old = table.find(old_name)
    if old is None:
        raise plain(f"Column does not exists: {old_name}")
    check_column_name(new_name, session.release)
    if table.find(new_name) is not None:
        raise plain(f"Duplicate column name '{new_name}'", 1060, "42S21")
    with session.store.write_lock(table):
        session.connection.execute(f"ALTER TABLE {table.physical} RENAME COLUMN {quote(old.name)} TO {quote(new_name)}")
        table.columns = [replace(c, name=new_name) if c is old else c for c in table.columns]
        for names in (table.keys, table.hash_columns, table.order):
            names[:] = [new_name if name.lower() == old.name.lower() else name for name in names]


def _change_columns(session: Session, cursor: Cursor, table: Table) -> None:
    changes = Changes(list(table.columns))
    while True:
        if cursor.accept("ADD COLUMN"):
            _add(session, cursor, table, changes)
        elif cursor.accept("DROP COLUMN"):
            _drop(session, cursor, table, changes)
        elif cursor.accept("MODIFY COLUMN"):
            _modify(session, cursor, table, changes)
        elif cursor.peek() == "ADD" and cursor.peek(1) in PARTITIONS:
            raise analyzing("Only support adding partition to range/list partitioned table")
        elif cursor.at("DROP PARTITION"):
            raise plain(f"Alter table [{table.name}] failed. Not a partitioned table")
        elif cursor.at("ADD ROLLUP") and table.is_primary:
            raise plain(f"Do not support add rollup on primary key table[{table.name}]")
        elif cursor.peek() in ("ADD", "DROP", "MODIFY") and cursor.peek(1) in (*NOT_ADDED, *PARTITIONS):
            raise unsupported(f"ALTER TABLE .. {cursor.peek()} {cursor.peek(1)}")
        else:
            raise cursor.fail()
        if not cursor.accept(","):
            break
    cursor.end()
    _apply(session, table, changes)


def _apply(session: Session, table: Table, changes: Changes) -> None:
    if any(job.change and (job.database, job.table) == (table.database, table.name) for job in session.store.alters):
        raise unsupported("a second change of a table while a job runs")
    if not changes.job:
        _change(session, table, changes)
        return
    job = _job(session, table)
    job.message = session.engine.faults.alter_cancelled(table.name)
    job.polls = session.engine.faults.alter_polls(table.name)
    if not job.message and job.polls:
        job.change = lambda: _change(session, table, changes)
    elif not job.message:
        _change(session, table, changes)
    session.store.alters.append(job)


def _change(session: Session, table: Table, changes: Changes) -> None:
    with session.store.write_lock(table):
        session.connection.execute("BEGIN")
        try:
            for statement in changes.statements:
                session.connection.execute(statement)
            session.connection.execute("COMMIT")
        except Exception:
            session.connection.execute("ROLLBACK")
            raise
        table.columns = changes.columns


def _definitions(session: Session, cursor: Cursor) -> list[ColumnDefinition]:
    if cursor.peek() != "(":
        return [parse_column(cursor, session.release)]
    cursor.expect("(")
    found = [parse_column(cursor, session.release)]
    while cursor.accept(","):
        found.append(parse_column(cursor, session.release))
    cursor.expect(")")
    return found


def _add(session: Session, cursor: Cursor, table: Table, changes: Changes) -> None:
    definitions = _definitions(session, cursor)
    after = cursor.name() if cursor.accept("AFTER") else ""
    if cursor.peek() == "FIRST":
        raise analyzing(
            f"Cannot add value column[{definitions[0].name}] before key columns (FIRST is not supported by the sandbox)"
        )
    if cursor.peek() in ("TO", "PROPERTIES"):
        raise unsupported(f"ADD COLUMN .. {cursor.peek()}")
    for given in definitions:
        check_column(given, session.release)
        if given.auto_increment:
            raise analyzing(f"Column '{given.name}' can not be AUTO_INCREMENT when ADD COLUMN")
        if given.key and table.is_primary:
            raise analyzing("Column definition is wrong. Cannot specify aggregate function 'REPLACE' for key column")
        if given.key or given.generated is not None or given.aggregation:
            raise unsupported("adding key, generated or aggregated columns")
        if changes.find(given.name) is not None:
            raise plain(f"Can not add column which already exists in base table: {given.name}")
        if given.nullable is False and not given.default.given:
            raise analyzing(f"Field '{given.name}' is not null but doesn't have a default value")
        column = Column(
            given.name, given.type, given.nullable is not False, False, given.default,
            given.comment or "",
        )  # fmt: skip
        _insert(changes, column, after)
        added = f"ALTER TABLE {table.physical} ADD COLUMN {quote(column.name)} {column.type.duck}"
        changes.statements.append(added)
        if column.has_default:
            value = default_value(column, session.now).sql
            changes.statements.append(f"UPDATE {table.physical} SET {quote(column.name)} = {value}")
    changes.job = True


def _insert(changes: Changes, column: Column, after: str) -> None:
    at = len(changes.columns)
    if after:
        before = changes.find(after)
        if before is None:
            raise plain(f"Column[{after}] does not found")
        at = changes.columns.index(before) + 1
        if at < len(changes.columns) and changes.columns[at].key:
            raise unsupported("adding a value column between key columns")
    changes.columns.insert(at, column)


def _drop(session: Session, cursor: Cursor, table: Table, changes: Changes) -> None:
    name = cursor.name()
    if cursor.peek() == "FROM":
        raise unsupported("DROP COLUMN .. FROM rollup")
    column = changes.find(name)
    if column is None:
        raise plain(f"Column does not exists: {name}")
    if column.key:
        if not table.is_primary:
            raise unsupported("dropping a key column of a DUPLICATE KEY table")
        raise plain("Can not drop key column in primary data model table")
    if name.lower() in {used.lower() for used in (*table.hash_columns, *table.order)}:
        raise unsupported("dropping a hash or sort column")
    changes.columns.remove(column)
    changes.statements.append(f"ALTER TABLE {table.physical} DROP COLUMN {quote(column.name)}")
    changes.job = True


def _modify(session: Session, cursor: Cursor, table: Table, changes: Changes) -> None:
    if cursor.peek(1) == "COMMENT":
        old = _existing(changes, cursor.name())
        cursor.expect("COMMENT")
        changes.columns[changes.columns.index(old)] = replace(old, comment=cursor.string())
        return
    given = parse_column(cursor, session.release)
    if cursor.peek() in ("FIRST", "AFTER", "FROM", "PROPERTIES"):
        raise unsupported(f"MODIFY COLUMN .. {cursor.peek()}")
    old = _existing(changes, given.name)
    check_column(given, session.release)
    if not old.is_certain or given.auto_increment or given.generated is not None or given.aggregation or given.key:
        raise unsupported("MODIFY COLUMN of AUTO_INCREMENT, generated or aggregated columns")
    check_modify(table, old, given, session.release)
    nullable = old.nullable if old.key else given.nullable is not False
    comment = old.comment if given.comment is None else given.comment
    changes.columns[changes.columns.index(old)] = replace(old, type=given.type, nullable=nullable, comment=comment)
    if old.type.duck != given.type.duck:
        value = casts.cast(Typed(quote(old.name), old.type), given.type, CastMode()).sql
        changes.statements.append(
            f"ALTER TABLE {table.physical} ALTER COLUMN {quote(old.name)} TYPE {given.type.duck} USING {value}"
        )
    changes.job = True


def _existing(changes: Changes, name: str) -> Column:
    found = changes.find(name)
    if found is None:
        raise _missing(name)
    return found


def _missing(name: str) -> SqlError:
    return plain(f"Column[{name}] does not exists")
