"""CREATE TABLE as the grammar has it: fixed clause order (facts/starrocks_judged.md B)."""

from __future__ import annotations

from dataclasses import dataclass, field

from mssql_starrocks.sandbox.starrocks.errors import analyzing, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition, parse_column
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor


@dataclass
class CreateTable:
    path: list[str]
    if_not_exists: bool
    columns: list[ColumnDefinition] = field(default_factory=list)
    names_only: list[str] = field(default_factory=list)
    model: str = ""
    keys: list[str] = field(default_factory=list)
    comment: str = ""
    distribution: str = ""
    hash_columns: list[str] = field(default_factory=list)
    buckets: int = 0
    order: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    like: list[str] | None = None
    has_query: bool = False


def parse_create_table(cursor: Cursor, version: tuple[int, int]) -> CreateTable:
    """Everything up to `AS query`; the cursor stands on the query when `has_query`."""
    found = CreateTable([], cursor.accept("IF NOT EXISTS"))
    found.path = cursor.path()
    if len(found.path) > 3:
        raise analyzing(f"Invalid table name format '{'.'.join(found.path)}'")
    if cursor.accept("LIKE"):
        found.like = cursor.path()
        cursor.end()
        return found
    _columns(cursor, found, version)
    _clauses(cursor, found, version)
    if cursor.accept("AS"):
        found.has_query = True
        if found.columns:
            raise syntax_error("as", cursor.last_end())
    else:
        cursor.end()
        if not found.columns:
            raise syntax_error("<EOF>", cursor.start(), f"No viable statement for input '{cursor.sql.strip()[:80]}'")
    return found


def _columns(cursor: Cursor, found: CreateTable, version: tuple[int, int]) -> None:
    if cursor.peek() != "(":
        return
    if cursor.at_name(1) and cursor.peek(2) in (",", ")"):
        found.names_only = cursor.names()
        return
    cursor.expect("(")
    while True:
        if cursor.peek() == "INDEX":
            raise unsupported("INDEX in CREATE TABLE")
        found.columns.append(parse_column(cursor, version))
        if not cursor.accept(","):
            break
    cursor.expect(")")


def _clauses(cursor: Cursor, found: CreateTable, version: tuple[int, int]) -> None:
    if cursor.accept("ENGINE"):
        cursor.expect("=")
        engine = cursor.name()
        if engine.lower() in ("mysql", "elasticsearch", "hive", "iceberg", "hudi", "jdbc", "file", "schema"):
            raise unsupported(f"ENGINE = {engine}")
        if engine.lower() != "olap":
            raise analyzing(f"Unknown engine name: {engine}")
    model = cursor.accept_any("PRIMARY KEY", "DUPLICATE KEY", "UNIQUE KEY", "AGGREGATE KEY")
    if model:
        found.model, found.keys = model.split()[0], cursor.names()
    if cursor.accept("COMMENT"):
        found.comment = cursor.string()
    if cursor.peek() == "PARTITION":
        raise unsupported("PARTITION BY")
    if cursor.accept("DISTRIBUTED BY"):
        _distribution(cursor, found)
    if cursor.accept("ORDER BY"):
        if version >= (4, 0) and any(token.upper in ("ASC", "DESC") for token in cursor.tokens[cursor.position :]):
            raise unsupported("a sort direction in ORDER BY of CREATE TABLE")
        found.order = cursor.names()
    if cursor.peek() == "ROLLUP":
        raise unsupported("ROLLUP in CREATE TABLE")
    if cursor.accept("PROPERTIES"):
        found.properties = cursor.properties()


def _distribution(cursor: Cursor, found: CreateTable) -> None:
    if cursor.accept("RANDOM"):
        found.distribution = "RANDOM"
    else:
        cursor.expect("HASH")
        found.distribution, found.hash_columns = "HASH", cursor.names()
    if cursor.accept("BUCKETS"):
        found.buckets = cursor.integer()
