"""SET [GLOBAL] name = value, SET NAMES, user variables, SET_VAR hints."""

from __future__ import annotations

import re

from mssql_starrocks.sandbox.starrocks import variables
from mssql_starrocks.sandbox.starrocks.compile.expressions import ExpressionCompiler
from mssql_starrocks.sandbox.starrocks.compile.queries import QueryCompiler
from mssql_starrocks.sandbox.starrocks.compile.scope import Scope
from mssql_starrocks.sandbox.starrocks.compile.typed import Typed
from mssql_starrocks.sandbox.starrocks.errors import analyzing, plain, syntax_error, unsupported
from mssql_starrocks.sandbox.starrocks.session import Session
from mssql_starrocks.sandbox.starrocks.sql import nodes
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.queries import QueryParser

CHARACTER_SETS = ("utf8", "utf8mb4", "utf8mb3", "gbk", "default", "binary")


def set_variables(session: Session, cursor: Cursor) -> None:
    if cursor.peek() == "DEFAULT":
        raise unsupported("roles")
    if cursor.peek() in ("PROPERTY", "WAREHOUSE"):
        raise unsupported(f"SET {cursor.peek()}")
    pending = [_one(session, cursor)]
    while cursor.accept(","):
        pending.append(_one(session, cursor))
    cursor.end()
    for name, value, everywhere in pending:
        _store(session, name, value, everywhere)


def _store(session: Session, name: str, value: str | Typed, everywhere: bool) -> None:
    if isinstance(value, Typed):
        session.user_variables[name] = value
    elif name:
        session.variables[name] = value
        if everywhere:
            session.store.globals[name] = value


def _one(session: Session, cursor: Cursor) -> tuple[str, str | Typed, bool]:
    if cursor.peek() == "@" and cursor.kind(1) in ("word", "quoted"):
        return _user_variable(session, cursor)
    everywhere = False
    if cursor.accept("@@"):
        everywhere = cursor.accept("GLOBAL .")
        cursor.accept("SESSION .")
    elif cursor.accept("GLOBAL"):
        everywhere = True
    else:
        cursor.accept_any("SESSION", "LOCAL")
    if cursor.peek() in ("NAMES", "CHARSET") or cursor.at("CHARACTER SET") or cursor.at("CHAR SET"):
        return _names(cursor)
    if cursor.accept("TRANSACTION"):
        return _transaction(cursor)
    name = cursor.name().lower()
    cursor.expect("=")
    if everywhere:
        session.store.grants.need(session.user, "OPERATE", "SYSTEM")
    return name, _value(session, cursor, name), everywhere


def _user_variable(session: Session, cursor: Cursor) -> tuple[str, Typed, bool]:
    cursor.expect("@")
    name = cursor.name().lower()
    cursor.expect("=")
    node = QueryParser(cursor, session.release).expressions.parse()
    if not isinstance(node, nodes.Literal):
        raise unsupported("SET @variable to anything but a literal")
    return name, _constant(session, node), False


def _constant(session: Session, node: nodes.Expression) -> Typed:
    compiler = QueryCompiler(session.environment())
    return ExpressionCompiler(compiler.env, Scope(), compiler.compile).compile(node)


def _names(cursor: Cursor) -> tuple[str, str, bool]:
    cursor.accept_any("NAMES", "CHARSET", "CHARACTER SET", "CHAR SET")
    name = cursor.string() if cursor.kind() == "string" else cursor.take().text
    if name.lower() not in CHARACTER_SETS:
        raise analyzing(f"Unknown character set: '{name}'", 1115)
    if cursor.accept("COLLATE"):
        cursor.take()
    return "", "", False


def _transaction(cursor: Cursor) -> tuple[str, str, bool]:
    """Accepted, means nothing (facts/starrocks_judged.md D10)."""
    cursor.expect("ISOLATION LEVEL")
    if not cursor.accept_any("READ COMMITTED", "READ UNCOMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        raise cursor.fail()
    return "", "", False


def _value(session: Session, cursor: Cursor, name: str, hint: bool = False) -> str:
    if name not in session.variables:
        raise variables.unknown(name, list(session.variables))
    if cursor.accept("DEFAULT"):
        default = variables.defaults(session.release, session.store.version)[name]
        return session.store.globals.get(name, default)
    if cursor.kind() == "word" and cursor.kind(1) != "word" and cursor.peek(1) != "(":
        raw = cursor.take().text
    else:
        node = QueryParser(cursor, session.release).expressions.parse()
        raw = _folded(session, node)
    return variables.checked(name, raw, hint=hint)


def _folded(session: Session, node: nodes.Expression) -> str:
    if isinstance(node, nodes.Literal):
        return node.value
    if isinstance(node, nodes.Unary) and node.op == "-" and isinstance(node.arg, nodes.Literal):
        return f"-{node.arg.value}"
    value = session.rows(f"SELECT CAST({_constant(session, node).sql} AS VARCHAR)")[0][0]
    if value is None:
        raise plain("SET to NULL: not supported by the sandbox")
    return str(value)


def apply_hint(session: Session, hint: str) -> None:
    """`SET_VAR(a = 1, b = 'x')`; other hints mean nothing. Checked less than SET (facts/starrocks_judged.md D7)."""
    if re.match(r"\s*set_user_variable\b", hint, re.I):
        raise unsupported("SET_USER_VARIABLE")
    found = re.fullmatch(r"\s*SET_VAR\s*\((.*)\)\s*", hint, re.I | re.S)
    if not found:
        return
    cursor = session.parser(found[1])
    while True:
        name = cursor.name().lower()
        if not cursor.accept("="):
            raise syntax_error(hint, detail=f"Invalid hint value '/*+{hint}*/'")
        session.variables[name] = _value(session, cursor, name, hint=True)
        if not cursor.accept(","):
            break
    cursor.end()
