"""A body and its `columns` header as the rows to load: typed expressions over texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mssql_starrocks.sandbox.starrocks.compile import casts
from mssql_starrocks.sandbox.starrocks.compile.expressions import ExpressionCompiler
from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled, OutputColumn, Scope, Visible
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed
from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unsupported
from mssql_starrocks.sandbox.starrocks.http.formats import Rows, csv_rows, json_rows
from mssql_starrocks.sandbox.starrocks.http.spec import Spec
from mssql_starrocks.sandbox.starrocks.http.texts import unqualified, value_of
from mssql_starrocks.sandbox.starrocks.meta.model import Column, Table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.queries import QueryParser
from mssql_starrocks.sandbox.starrocks.sql.types import FLOATS, VARCHAR, SqlType

OP = "__op"


@dataclass(frozen=True)
class Plan:
    """`sent` are the fields of a row in order; `made` are columns computed from fields of other names; `deletes`: the
    rows say by `__op` whether they are written (0) or deleted (1).
    """

    sent: tuple[str, ...]
    made: tuple[tuple[str, Any], ...]
    given: tuple[Column, ...]
    deletes: bool = False


def plan_of(session: Session, table: Table, spec: Spec) -> Plan:
    """Without `columns` the fields are the table's columns in order (docs.starrocks.io STREAM LOAD)."""
    if not spec.columns:
        columns = tuple(column for column in table.columns if not column.generated)
        return Plan(tuple(column.name for column in columns), (), columns)
    sent, made = _parsed(session, spec.columns)
    deletes = OP in [*sent, *(name for name, _ in made)]
    if deletes and not table.is_primary:
        raise unsupported("__op in a load of a table without primary key")
    unknown = next((name for name, _ in made if table.find(name) is None and name != OP), None)
    if unknown:
        raise plain(f"Unknown column '{unknown}' in '{table.name}'")
    names = [name for name, _ in made]
    direct = [name for name in sent if name not in names and table.find(name) is not None]
    given = tuple(column for name in (*direct, *names) if (column := table.find(name)) is not None)
    if len({column.name for column in given}) < len(given):
        raise unsupported("a column that is given twice")
    missing = next((c for c in table.columns if c not in given and not c.nullable and not c.has_default), None)
    if missing:
        raise plain(f"Column has no default value. column: {missing.name}")
    return Plan(tuple(sent), tuple(made), given, deletes)


def _parsed(session: Session, text: str) -> tuple[list[str], list[tuple[str, Any]]]:
    cursor = Cursor(text, session.reserved)
    sent: list[str] = []
    made: list[tuple[str, Any]] = []
    while True:
        name = cursor.name()
        if cursor.accept("="):
            made.append((name, QueryParser(cursor, session.release).expressions.parse()))
        else:
            sent.append(name)
        if not cursor.accept(","):
            break
    cursor.end()
    return sent, made


def read_body(body: bytes, spec: Spec, plan: Plan, table: Table) -> Rows:
    if not spec.json:
        return csv_rows(body, spec, len(plan.sent))
    floats = {c.name for c in table.columns if c.type.name in FLOATS}
    return json_rows(body, spec, plan.sent, frozenset(floats))


def compile_rows(session: Session, table: Table, spec: Spec, plan: Plan, rows: Rows) -> Compiled:
    """Columns c0, c1 .. of `given`, typed as the table's, and `bad`: why the parser or strict mode filters a row."""
    import pyarrow as pa

    fields = [pa.array(values, pa.string()) for values in rows.values]
    names = [f"f{at}" for at in range(len(fields))]
    relation = session.register_rows(pa.table([*fields, pa.array(rows.reasons, pa.string())], names=[*names, "reason"]))
    items, bad = [], ["WHEN q.reason IS NOT NULL THEN q.reason"]
    made = dict(plan.made)
    for at, column in enumerate(plan.given):
        if column.name in made:
            value = _made(session, table, plan, made[column.name], column.type)
        else:
            text = f"q.f{plan.sent.index(column.name)}"
            value = value_of(column, text, spec.json)
            if spec.strict:  # says nothing about computed columns (docs.starrocks.io strict_mode)
                bad.append(unqualified(column, text, value))
        items.append(f"{value} AS c{at}")
    if plan.deletes:
        items.append(f"{_op(session, table, plan, made)} AS op")
    sql = f"SELECT {', '.join(items)}, CASE {' '.join(bad)} END AS bad FROM {relation} AS q"
    return Compiled(sql, tuple(OutputColumn(column.name, column.type) for column in plan.given))


def _op(session: Session, table: Table, plan: Plan, made: dict[str, Any]) -> str:
    """0 is UPSERT and 1 is DELETE (docs.starrocks.io Load_to_Primary_Key_tables)."""
    said = f"q.f{plan.sent.index(OP)}" if OP in plan.sent else _made(session, table, plan, made[OP], VARCHAR)
    refuse = "error('not supported by the sandbox: __op other than 0 and 1')"
    return f"CASE {said} WHEN '0' THEN 0 WHEN '1' THEN 1 ELSE CAST({refuse} AS INTEGER) END"


def _made(session: Session, table: Table, plan: Plan, node: Any, to: SqlType) -> str:
    """An expression over fields that are no columns of the table: those are VARCHAR."""
    columns = [OutputColumn(name, VARCHAR) for name in plan.sent]
    visible = Visible("q", "q", columns, [f"f{at}" for at in range(len(columns))])
    environment = replace(session.environment(), mode=CastMode(), time_zone="UTC")  # spec.py refuses others
    for name in _names_in(node):
        if table.find(name) is not None:
            raise unsupported("expressions in `columns` over a field that is also a column")
    value = ExpressionCompiler(environment, Scope([visible]), _no_query, aggregates_allowed=False).compile(node)
    return casts.cast(Typed(value.sql, value.type), to, CastMode()).sql


def _no_query(query: object, scope: Scope) -> Compiled:
    raise SqlError(1064, "42000", "subqueries in `columns`")


def _names_in(node: Any) -> Sequence[str]:
    if isinstance(node, nodes.Name):
        return [node.parts[-1]]
    if isinstance(node, (tuple, list)):
        return [name for part in node for name in _names_in(part)]
    fields = getattr(node, "__dataclass_fields__", {})
    return [name for field in fields for name in _names_in(getattr(node, field))]
