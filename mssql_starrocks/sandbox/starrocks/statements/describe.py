"""What DESC, SHOW COLUMNS and SHOW CREATE TABLE say of one table."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.sandbox.starrocks.errors import table_not_found, unknown_catalog, unknown_table, unsupported
from mssql_starrocks.sandbox.starrocks.information_schema import shown_default
from mssql_starrocks.sandbox.starrocks.meta.model import Table
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG, INFORMATION_SCHEMA
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.statements.show import filtered, table_of
from mssql_starrocks.sandbox.starrocks.wire.packets import Result


def describe(session: Session, cursor: Cursor) -> Result:
    if cursor.peek() in ("SELECT", "INSERT", "DELETE", "UPDATE", "WITH", "FILES"):
        raise unsupported(f"DESC {cursor.peek()}")
    parts = cursor.path()
    if cursor.peek() == "ALL":
        raise unsupported("DESC .. ALL")
    cursor.end()
    catalog, database, name = session.path(parts)
    if catalog != DEFAULT_CATALOG:
        return _describe_external(session, catalog, database, name)
    if database.lower() == INFORMATION_SCHEMA:
        raise unsupported("DESC of information_schema")
    tables = session.store.database(database)
    # DESC finds a table in the wrong case (facts/starrocks_judged.md D3)
    table = tables.get(name) or next((t for t in tables.values() if t.name.lower() == name.lower()), None)
    if table is None:
        raise unknown_table(name)
    session.store.grants.need_table(session.user, "ANY", table)
    rows = [
        (
            c.name,
            c.type.plain,
            "YES" if c.nullable else "NO",
            str(c.key).lower(),
            shown_default(c),
            "",
        )
        for c in table.columns
    ]
    return table_of(["Field", "Type", "Null", "Key", "Default", "Extra"], rows)


def _describe_external(session: Session, catalog: str, database: str, name: str) -> Result:
    if catalog not in session.store.catalogs:
        raise unknown_catalog(catalog)
    lake = session.engine.lake(catalog)
    fields = lake.table(database, name).schema().fields
    rows = []
    for field, column in zip(fields, lake.columns(database, name), strict=True):
        nullable = "No" if field.required and session.release >= (4, 1) else "Yes"
        rows.append((column.name, column.type.plain.upper(), nullable, "false", None, "", field.doc))
    return table_of(["Field", "Type", "Null", "Key", "Default", "Extra", "Comment"], rows)


def _native_columns(session: Session, cursor: Cursor) -> Table:
    if not cursor.accept("IN"):
        cursor.expect("FROM")
    parts = cursor.path()
    if cursor.accept_any("FROM", "IN"):
        parts = [*cursor.path(), parts[-1]]
    _, database, name = session.path(parts)
    table = session.store.database(database).get(name)
    if table is None:
        raise unknown_table(f"{database}.{name}")
    session.store.grants.need_table(session.user, "ANY", table)
    return table


def show_columns(session: Session, cursor: Cursor) -> Result:
    table = _native_columns(session, cursor)
    rows = [
        (
            c.name,
            c.type.plain,
            "YES" if c.nullable else "NO",
            "YES" if c.key else "NO",
            shown_default(c),
            "",
        )
        for c in table.columns
    ]
    return filtered(cursor, ["Field", "Type", "Null", "Key", "Default", "Extra"], rows)


def show_full_columns(session: Session, cursor: Cursor) -> Result:
    table = _native_columns(session, cursor)
    rows = [
        (c.name, c.type.plain, "", "YES" if c.nullable else "NO", "YES" if c.key else "NO", shown_default(c), "", "",
         _escape(c.comment))
        for c in table.columns
    ]  # fmt: skip
    header = ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
    return filtered(cursor, header, rows)


def show_create_table(session: Session, cursor: Cursor) -> Result:
    parts = cursor.path()
    cursor.end()
    table = session.native(parts, table_not_found)
    session.store.grants.need_table(session.user, "ANY", table)
    return table_of(["Table", "Create Table"], [(table.name, create_text(table))])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def create_text(table: Table) -> str:
    """Comments and defaults with their quotes escaped (truth ddl-comment-004..010)."""
    if "default.replication_num" in table.properties:
        raise unsupported("SHOW CREATE TABLE after ALTER TABLE .. SET default.replication_num")
    lines = []
    for column in table.columns:
        comment = _escape(column.comment)
        null = "NULL" if column.nullable else "NOT NULL"
        text = shown_default(column)
        default = f' DEFAULT "{_escape(text)}"' if text is not None else ""
        default = f" DEFAULT {text}" if column.default.call else default
        lines.append(f'  `{column.name}` {column.type.ddl} {null}{default} COMMENT "{comment}"')
    body = ",\n".join(lines)
    parts = [f"CREATE TABLE `{table.name}` (\n{body}\n) ENGINE=OLAP ", f"{table.model} KEY({_names(table.keys)})"]
    if table.comment:
        parts.append(f'COMMENT "{_escape(table.comment)}"')
    buckets = f" BUCKETS {table.buckets} " if table.buckets else ""
    hashed = f"HASH({_names(table.hash_columns)})" if table.distribution == "HASH" else "RANDOM"
    parts.append(f"DISTRIBUTED BY {hashed}{buckets}")
    if table.order:
        parts.append(f"ORDER BY({_names(table.order)})")
    shown = ",\n".join(f'"{key}" = "{value}"' for key, value in table.properties.items())
    return "\n".join(parts) + f"\nPROPERTIES (\n{shown}\n);"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


HANDLERS = {
    "DESC": describe, "DESCRIBE": describe, "SHOW COLUMNS": show_columns, "SHOW FIELDS": show_columns,
    "SHOW FULL COLUMNS": show_full_columns, "SHOW CREATE TABLE": show_create_table,
}  # fmt: skip
