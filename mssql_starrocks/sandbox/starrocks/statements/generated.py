"""Generated columns: a table can be declared with them; rows cannot be loaded into it."""

from __future__ import annotations

from collections.abc import Sequence

from mssql_starrocks.sandbox.starrocks.compile.expressions import ExpressionCompiler
from mssql_starrocks.sandbox.starrocks.compile.queries import QueryCompiler
from mssql_starrocks.sandbox.starrocks.compile.scope import OutputColumn, Scope, Visible
from mssql_starrocks.sandbox.starrocks.errors import analyzing, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql.column_ddl import ColumnDefinition
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType


def check_generated(session: Session, columns: Sequence[ColumnDefinition]) -> None:
    """Their expressions read plain columns only and have the type of the column (truth ddl-default-039..051)."""
    plain = [OutputColumn(column.name, column.type) for column in columns if column.generated is None]
    scope = Scope([Visible("", "t", plain, [column.name for column in plain])])
    compiler = QueryCompiler(session.environment())
    expressions = ExpressionCompiler(compiler.env, scope, compiler.compile, aggregates_allowed=False)
    for column in columns:
        if column.generated is None:
            continue
        kind = expressions.compile(column.generated).type
        if kind.name != column.type.name or (kind.name == "DECIMAL" and kind != column.type):
            raise analyzing(
                f"Illegal expression type for Generated Column Column Type: {_name(column.type)}, "
                f"Expression Type: {_name(kind)}"
            )


def _name(kind: SqlType) -> str:
    return kind.internal


def refuse_rows(table: Table) -> None:
    if any(column.generated for column in table.columns):
        raise unsupported("rows of a table with generated columns")
