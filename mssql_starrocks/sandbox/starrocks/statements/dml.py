"""SELECT, DELETE, UPDATE, TRUNCATE (facts/starrocks_judged.md B DELETE; truth topic dml)."""

from __future__ import annotations

import uuid

from mssql_starrocks.sandbox.starrocks.compile.expressions import ExpressionCompiler
from mssql_starrocks.sandbox.starrocks.compile.queries import QueryCompiler
from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, table_not_found, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Table
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.queries import QueryParser, parse_query
from mssql_starrocks.sandbox.starrocks.statements.loading import answer, load_into
from mssql_starrocks.sandbox.starrocks.wire.packets import Result

COMPARISONS = {"=", "<>", "<", "<=", ">", ">="}


def select(session: Session, cursor: Cursor) -> Result:
    cursor.position = 0
    if cursor.peek() == "WITH" and any(token.upper in ("INSERT", "DELETE", "UPDATE") for token in cursor.tokens):
        return _with_statement(session, cursor)
    _check_tracking_log(cursor)
    return session.select(parse_query(cursor, session.release, session.mode("PIPES_AS_CONCAT")))


def _with_statement(session: Session, cursor: Cursor) -> Result:
    parser = QueryParser(cursor, session.release)
    cursor.expect("WITH")
    parser.ctes()
    if cursor.peek() in ("DELETE", "UPDATE"):
        raise unsupported(f"WITH before {cursor.peek()}")
    if cursor.peek() == "INSERT":
        raise cursor.fail()
    cursor.position = 0
    return session.select(parse_query(cursor, session.release, session.mode("PIPES_AS_CONCAT")))


def _check_tracking_log(cursor: Cursor) -> None:
    words = {token.upper for token in cursor.tokens}
    if "LOAD_TRACKING_LOGS" in words and not ("WHERE" in words and words & {"LABEL", "JOB_ID"}):
        raise plain("load_tracking_logs must specify label or job_id")


def truncate(session: Session, cursor: Cursor) -> None:
    path = cursor.path()
    if cursor.peek() in ("PARTITION", "TEMPORARY"):
        raise unsupported("TRUNCATE of single partitions")
    cursor.accept("FORCE") if session.release >= (4, 1) else None
    cursor.end()
    table = session.native(path, table_not_found)
    session.store.grants.need_table(session.user, "DELETE", table)
    with session.store.write_lock(table):
        session.connection.execute(f"DELETE FROM {table.physical}")


def delete(session: Session, cursor: Cursor) -> Result:
    path = cursor.path()
    if cursor.peek() in ("PARTITION", "PARTITIONS"):
        raise unsupported("DELETE from single partitions")
    using = None
    parser = QueryParser(cursor, session.release)
    if cursor.accept("USING"):
        using = parser._from()
    where = parser.expressions.parse() if cursor.accept("WHERE") else None
    cursor.end()
    table = session.native(path, table_not_found)
    session.store.grants.need_table(session.user, "DELETE", table)
    if where is None:
        raise analyzing(
            "Delete must specify where clause to prevent full table delete" if table.is_primary
            else "Where clause is not set"
        )  # fmt: skip
    if not table.is_primary:
        _check_duplicate_delete(using, where)
    return _delete_rows(session, table, path, using, where)


def _check_duplicate_delete(using: nodes.Relation | None, where: nodes.Expression) -> None:
    """DUP tables: the column alone on the left, constants on the right, AND only."""
    if using is not None:
        raise analyzing("Delete is not supported on duplicate key table with USING clause")
    if isinstance(where, nodes.Binary) and where.op == "AND":
        _check_duplicate_delete(None, where.left)
        _check_duplicate_delete(None, where.right)
        return
    plain_value = (nodes.Literal, nodes.Unary)
    if isinstance(where, nodes.Binary) and where.op in COMPARISONS:
        simple = isinstance(where.left, nodes.Name) and isinstance(where.right, plain_value)
    elif isinstance(where, nodes.InList):
        simple = isinstance(where.arg, nodes.Name) and all(isinstance(item, plain_value) for item in where.items)
    else:
        simple = isinstance(where, nodes.IsNull) and isinstance(where.arg, nodes.Name)
    if not simple:
        raise analyzing("Where clause only supports compound predicate, binary predicate, is_null predicate "
                        "or in predicate (or this one is not supported by the sandbox)")  # fmt: skip


def _delete_rows(
    session: Session, table: Table, path: list[str], using: nodes.Relation | None, where: nodes.Expression
) -> Result:
    from mssql_starrocks.sandbox.starrocks.compile.scope import Scope, Visible
    from mssql_starrocks.sandbox.starrocks.compile.typed import quote
    from mssql_starrocks.sandbox.starrocks.session import native_source

    compiler = QueryCompiler(session.environment())
    own = native_source(table)
    scope = Scope([Visible(table.name, "target", own.columns, [c.name for c in own.columns], own)])
    source = f", {compiler._relation(using, scope)}" if using is not None else ""
    condition = ExpressionCompiler(compiler.env, scope, compiler.compile, aggregates_allowed=False).condition(where)
    for other in compiler.sources:
        if other.fill is not None:
            other.fill(other)
    job = session.store.labels.begin(table.database, table.name, "", "DELETE", session.user)
    try:
        with session.store.write_lock(table):
            physical = quote(table.physical)
            picked = f"SELECT DISTINCT target.rowid FROM {physical} AS target{source} WHERE {condition}"
            job.sunk = int(session.rows(f"DELETE FROM {physical} WHERE rowid IN ({picked})")[0][0])
    except Exception as error:
        session.store.labels.finish(job, error)
        raise
    session.store.labels.finish(job)
    return answer(job)


def update(session: Session, cursor: Cursor) -> Result:
    """A full-row upsert of the rows that WHERE picks."""
    path = cursor.path()
    parser = QueryParser(cursor, session.release)
    alias = parser._alias() if not cursor.at("SET") else ""
    if alias:
        raise unsupported("an alias for the table of an UPDATE")
    cursor.expect("SET")
    changes = [_assignment(cursor, parser)]
    while cursor.accept(","):
        changes.append(_assignment(cursor, parser))
    source = parser._from() if cursor.accept("FROM") else None
    where = parser.expressions.parse() if cursor.accept("WHERE") else None
    cursor.end()
    table = session.native(path, table_not_found)
    session.store.grants.need_table(session.user, "UPDATE", table)
    if not table.is_primary:
        raise plain(f"table {table.name} does not support update")
    values = _new_values(table, changes)
    return _upsert(session, table, values, source, where)


def _assignment(cursor: Cursor, parser: QueryParser) -> tuple[str, nodes.Expression]:
    name = cursor.name()
    if cursor.peek() == ".":
        raise unsupported("a qualified column in SET")
    cursor.expect("=")
    if cursor.peek() == "DEFAULT":
        raise unsupported("SET column = DEFAULT")
    return name, parser.expressions.parse()


def _new_values(table: Table, changes: list[tuple[str, nodes.Expression]]) -> dict[str, nodes.Expression]:
    found: dict[str, nodes.Expression] = {}
    for name, value in changes:
        column = table.find(name)
        if column is None:
            raise analyzing(f"table '{table.name}' do not existing column '{name}'")
        if column.key:
            raise analyzing(f"primary key column cannot be updated: {column.name}")
        if column.name in found:
            raise unsupported(f"UPDATE that sets {column.name} twice")
        found[column.name] = value
    return found


def _upsert(
    session: Session,
    table: Table,
    values: dict[str, nodes.Expression],
    source: nodes.Relation | None,
    where: nodes.Expression | None,
) -> Result:
    own: nodes.Relation = nodes.TableRef((table.database, table.name), None, table.name)
    items = tuple(
        nodes.Item(values.get(column.name, nodes.Name((table.name, column.name), column.name)), column.name)
        for column in table.columns
    )
    relation = own if source is None else nodes.Join("CROSS", own, source)
    query = nodes.Query(nodes.Select(items, relation, where))
    with session.store.write_lock(table):
        compiled = session.compile(query, unchecked=table)
        return load_into(session, table, compiled, table.columns, "UPDATE", f"update_{uuid.uuid4()}")
