"""INSERT INTO | OVERWRITE t [PARTITION] [WITH LABEL l] [(cols) | BY NAME] [PROPERTIES (..)] query
(facts/starrocks_judged.md B INSERT shape, A12, A17).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled
from mssql_starrocks.sandbox.starrocks.errors import SqlError, analyzing, syntax_error, table_not_found, unsupported
from mssql_starrocks.sandbox.starrocks.load import Policy
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.queries import parse_query
from mssql_starrocks.sandbox.starrocks.statements.loading import load_into
from mssql_starrocks.sandbox.starrocks.statements.values import compile_values
from mssql_starrocks.sandbox.starrocks.wire.packets import Result


@dataclass
class Insert:
    path: list[str]
    overwrite: bool
    temporary: bool = False
    partitions: list[str] = field(default_factory=list)
    label: str = ""
    columns: list[str] = field(default_factory=list)
    by_name: bool = False
    properties: dict[str, str] = field(default_factory=dict)


def insert_into(session: Session, cursor: Cursor) -> Result:
    return _insert(session, cursor, overwrite=False)


def insert_overwrite(session: Session, cursor: Cursor) -> Result:
    return _insert(session, cursor, overwrite=True)


def _parse(cursor: Cursor, overwrite: bool) -> Insert:
    """The head; the cursor stands on the query afterwards."""
    found = Insert(cursor.path(), overwrite)
    found.temporary = cursor.accept("TEMPORARY")
    if cursor.accept_any("PARTITION", "PARTITIONS"):
        found.partitions = cursor.names() if cursor.peek() == "(" else [cursor.name()]
    _label(cursor, found)
    if cursor.accept("BY NAME"):
        found.by_name = True
    elif cursor.peek() == "(" and cursor.peek(1) not in ("SELECT", "WITH", "("):
        found.columns = cursor.names()
        if cursor.at("BY NAME"):
            raise syntax_error("by", detail="Cannot use COLUMN LIST and BY NAME clause together in insert")
    if not found.label:
        _label(cursor, found)
    if cursor.accept("PROPERTIES"):
        found.properties = cursor.properties()
    if cursor.peek() not in ("SELECT", "WITH", "VALUES", "("):
        raise cursor.fail()
    return found


def _label(cursor: Cursor, found: Insert) -> None:
    if cursor.at("WITH LABEL"):
        cursor.accept("WITH LABEL")
        found.label = cursor.name()


def _insert(session: Session, cursor: Cursor, overwrite: bool) -> Result:
    statement = _parse(cursor, overwrite)
    table = session.native(statement.path, table_not_found)
    session.store.grants.need_table(session.user, "INSERT", table)
    _check_partitions(table, statement)
    given = _columns(table, statement.columns)
    policy = _policy(session, statement)
    if cursor.peek() == "VALUES":
        if statement.by_name:
            raise analyzing("Insert match column by name does not support values()")
        source = compile_values(session, cursor, given)
    else:
        source = session.compile(parse_query(cursor, session.release, session.mode("PIPES_AS_CONCAT")))
    if statement.by_name:
        given = _columns(table, [column.name for column in source.columns])
    _check_columns(table, given, source, statement)
    partial = table.is_primary and len(given) < len(table.columns) and {c.name for c in given} >= set(table.keys)
    if partial and not overwrite and not _partial_update(session):
        missing = next((c for c in table.columns if c not in given and not c.nullable and not c.has_default), None)
        if missing is not None:
            raise not_mentioned(missing, given)
    policy = Policy(policy.mode, policy.max_filter_ratio, overwrite, partial and not overwrite)
    return load_into(session, table, source, given, "INSERT", statement.label, policy)


def _check_partitions(table: Table, statement: Insert) -> None:
    """A table here is one partition of its own name (truth insert-057..059)."""
    for name in statement.partitions:
        if statement.temporary or name != table.name:
            raise analyzing(f"Unknown partition '{name}' in table '{table.name}'")


def _partial_update(session: Session) -> bool:
    """Before 4.0 there is no variable: always on (facts/starrocks_judged.md A12)."""
    return session.variables.get("enable_insert_partial_update", "true").lower() in ("true", "1", "on")


def _columns(table: Table, names: Sequence[str]) -> list[Column]:
    if not names:
        return [column for column in table.columns if not column.generated]
    found: list[Column] = []
    for name in names:
        column = table.find(name)
        if column is None:
            raise analyzing(f"Unknown column '{name}' in '{table.name}'")
        if column.generated:
            raise analyzing(f"generated column '{name}' can not be specified")
        if column in found:
            raise analyzing(f"Duplicate column name '{name}'", 1060, "42S21")
        found.append(column)
    return found


def _check_columns(table: Table, given: Sequence[Column], source: Compiled, statement: Insert) -> None:
    if len(given) != len(source.columns):
        raise analyzing(
            f"Inserted target column count: {len(given)} doesn't match select/value column count: "
            f"{len(source.columns)}",
            5604,
            "42601",
        )
    names = {column.name for column in given}
    if table.is_primary:
        counted = {column.name for column in table.columns if column.sequence}
        missing = [key for key in table.keys if key not in names | counted]
        if missing:
            raise analyzing(f"missing key columns:{','.join(missing)} for primary key table", 6014)
        return
    for column in table.columns:
        if column.name not in names and not column.nullable and not column.has_default:
            raise not_mentioned(column, given)


def not_mentioned(column: Column, given: Sequence[Column]) -> SqlError:
    mentioned = " ".join(f" {other.name} " for other in given)
    return analyzing(f"'{column.name}' must be explicitly mentioned in column permutation: {mentioned}")


def _policy(session: Session, statement: Insert) -> Policy:
    ratio = float(session.variables["insert_max_filter_ratio"])
    strict = session.variables["enable_insert_strict"] == "true"
    for key, value in statement.properties.items():
        ratio, strict = _property(key.lower(), value, ratio, strict)
    if not strict and "max_filter_ratio" not in statement.properties:
        ratio = max(ratio, 1.0)
    return Policy(session.cast_mode, ratio)


def _property(key: str, value: str, ratio: float, strict: bool) -> tuple[float, bool]:
    if key == "max_filter_ratio":
        if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", value):
            raise _invalid(f"{key} is not a number.")
        if float(value) > 1:
            raise _invalid(f"{key} must between 0.0 and 1.0.")
        return float(value), strict
    if key == "strict_mode":
        if value.lower() not in ("true", "false"):
            raise _invalid(f"{key} is not a boolean")
        return ratio, value.lower() == "true"
    if key == "timeout":
        if not re.fullmatch(r"-?\d+", value):
            raise _invalid(f"{key} is not a number.")
        if not 1 <= int(value) <= 259200:
            raise analyzing(
                f"fail to begin transaction. Invalid timeout: '{value}'. Expected values should be between 1 and "
                "259200",
                5018,
            )
        return ratio, strict
    if key in ("timezone", "partial_update"):
        raise unsupported(f"INSERT property {key}")
    raise _invalid(f"{key} is invalid property")


def _invalid(text: str) -> SqlError:
    return analyzing(text, 5064)
