"""Runs batches for one session: splits them, dispatches each statement, yields outcomes."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver import (
    column_options,
    databases,
    ddl,
    dml,
    granting,
    metadata,
    statistics,
    tokens,
)
from mssql_starrocks.sandbox.sqlserver.catalog import Database, Table
from mssql_starrocks.sandbox.sqlserver.column_views import VIEWS, Seen
from mssql_starrocks.sandbox.sqlserver.engine import Engine
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, translate, unsupported
from mssql_starrocks.sandbox.sqlserver.outcome import DatabaseChanged, Done, Outcome, Rows, Value
from mssql_starrocks.sandbox.sqlserver.session_locks import SessionLocks, before_definition
from mssql_starrocks.sandbox.sqlserver.transactions import Transactions, check_level
from mssql_starrocks.sandbox.sqlserver.tsql import dialect
from mssql_starrocks.sandbox.sqlserver.tsql.casts import convert
from mssql_starrocks.sandbox.sqlserver.tsql.expressions import compile_value
from mssql_starrocks.sandbox.sqlserver.tsql.query import Query, compile_query
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Context, Scope, Source, SourceColumn
from mssql_starrocks.sandbox.sqlserver.tsql.typed import Typed
from mssql_starrocks.sandbox.sqlserver.types import parse_type
from mssql_starrocks.sandbox.sqlserver.words import name_parts

BATCH_ROWS, WIDE_BATCH_ROWS = 65536, 1024
_END = r"(?:\s+|;|$)"
_SWITCHES = (
    "NOCOUNT|ANSI_\\w+|ARITHABORT|ARITHIGNORE|CONCAT_NULL_YIELDS_NULL|QUOTED_IDENTIFIER|NUMERIC_ROUNDABORT|"
    "CURSOR_CLOSE_ON_COMMIT|FMTONLY|NOEXEC|PARSEONLY"
)
_SIMPLE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?is){pattern}{_END}"), action)
    for pattern, action in (
        (
            r"SET\s+TRANSACTION\s+ISOLATION\s+LEVEL\s+(READ\s+COMMITTED|READ\s+UNCOMMITTED|REPEATABLE\s+READ|SERIALIZABLE|SNAPSHOT)",
            "isolation",
        ),
        (rf"SET\s+((?:{_SWITCHES})(?:\s*,\s*(?:{_SWITCHES}))*)\s+(ON|OFF)", "switch"),
        (r"SET\s+(LOCK_TIMEOUT)\s+(-?\d+)", "lock_timeout"),
        (
            r"SET\s+(?:DEADLOCK_PRIORITY\s+(?:LOW|NORMAL|HIGH|-?\d+)|TEXTSIZE\s+-?\d+|LANGUAGE\s+us_english|DATEFORMAT\s+mdy|DATEFIRST\s+7|ROWCOUNT\s+0|CONTEXT_INFO\s+0x\w*)",
            "nothing",
        ),
        (r"SET\s+XACT_ABORT\s+(ON|OFF)", "xact_abort"),
        (r"SET\s+IMPLICIT_TRANSACTIONS\s+(ON|OFF)", "implicit"),
        (r"SET\s+IDENTITY_INSERT\s+(\S+)\s+(ON|OFF)", "identity_insert"),
        (r"USE\s+(\[[^\]]+\]|\"[^\"]+\"|\w+)", "use"),
        (r"BEGIN\s+(?:TRAN|TRANSACTION)(?:\s+(?!SELECT|INSERT|UPDATE|DELETE|SET|COMMIT|ROLLBACK)\w+)?", "begin"),
        (r"COMMIT(?:\s+(?:TRANSACTION|TRAN|WORK))?", "commit"),
        (r"ROLLBACK(?:\s+(?:TRANSACTION|TRAN|WORK))?", "rollback"),
        (r"IF\s+@@TRANCOUNT\s*>\s*0\s+COMMIT(?:\s+(?:TRANSACTION|TRAN))?", "commit_if"),
        (r"IF\s+@@TRANCOUNT\s*>\s*0\s+ROLLBACK(?:\s+(?:TRANSACTION|TRAN))?", "rollback_if"),
        (r"WAITFOR\s+DELAY\s+'(\d+):(\d+):([\d.]+)'", "wait"),
    )
)
_DECLARE = re.compile(r"(?is)DECLARE\s+(@\w+)\s+(?:AS\s+)?(\w+(?:\s*\([^)]*\))?)\s*(?:=\s*(.+))?$")
_SET_VARIABLE = re.compile(r"(?is)SET\s+(@\w+)\s*=\s*(.+)$")


class Executor:
    """One session's state: database, user, options, transaction, its DuckDB connection."""

    def __init__(self, engine: Engine, user: str, database: str) -> None:
        self.engine, self.user = engine, user
        self.database: Database = engine.database(database)
        self.cursor = engine.cursor()
        self.session_id = next(engine.session_ids)
        self._interrupted = threading.Event()
        self.locks = SessionLocks(engine.locks, self.session_id, self._interrupted.is_set)
        self.transactions = Transactions(self.cursor, self.locks.end_transaction)
        self.running = ""  # the statement's first word, while one runs
        self.identity_insert: Table | None = None
        self.scope_identity: int | None = None
        self.row_count = 0
        self.variables: dict[str, Value] = {}
        self._reader: Any = None
        self._stages = 0
        self._compiling = Context(self)
        engine.enter(self)

    # -- what the session calls
    def run(self, sql: str, parameters: Mapping[str, Value], *, in_procedure: bool = False) -> Iterator[Outcome]:
        """The outcomes of a batch; SET options of a procedure's batch do not outlive it (facts/sqlserver.md 1.4)."""
        self._interrupted.clear()
        self.variables = dict(parameters)
        saved = (self.transactions.isolation, self.locks.timeout)
        try:
            for part in dialect.split(sql):
                yield from self._one(part)
        except SqlError:
            raise
        except Exception as failure:
            if self._interrupted.is_set():
                raise
            raise translate(failure) from failure
        finally:
            self._close_reader()
            if in_procedure:
                self.transactions.isolation, self.locks.timeout = saved

    def procedure(self, name: str, arguments: list[tuple[str, Value]]) -> None:
        metadata.call(self, name, arguments)

    def begin(self, isolation: str) -> list[Outcome]:
        return list(self.transactions.begin(isolation))

    def commit(self) -> list[Outcome]:
        return list(self.transactions.commit())

    def rollback(self) -> list[Outcome]:
        return list(self.transactions.rollback())

    def failed(self, error: SqlError) -> bool:
        self._close_reader()
        gone = self.transactions.failed(error)
        self._end_statement()
        return gone

    def reset(self) -> None:
        """sp_reset_connection: options back to their defaults, an open transaction undone."""
        self.transactions.abandon()
        self.transactions.isolation, self.transactions.abort_on_error = "READ COMMITTED", False
        self.locks.timeout, self.identity_insert = -1, None

    def interrupt(self) -> None:
        self._interrupted.set()
        self.cursor.interrupt()
        self.engine.locks.wake()

    def finish(self) -> None:
        if self.transactions.depth:
            self.transactions.abandon()
            raise SqlError(
                266, "The transaction count after the batch is not 0: in process, a batch must end its transaction."
            )

    def close(self) -> None:
        self._close_reader()
        with contextlib.suppress(Exception):
            self.transactions.abandon()
        self.engine.leave(self)
        self.cursor.close()

    def load(self, schema: str, table: str, columns: Mapping[str, str], data: pa.Table) -> None:
        self.locks.write(self.find_table((schema, table)))
        try:
            dml.load(self, schema, table, columns, data)
        finally:
            self._end_statement()

    # -- statements
    def _one(self, text: str) -> Iterator[Outcome]:
        self.running = text.split(None, 1)[0].upper()
        try:
            yield from self._part(text)
        finally:
            self._end_statement()

    def _end_statement(self) -> None:
        self.running = ""
        self.locks.end_statement(in_transaction=bool(self.transactions.depth))

    def _part(self, text: str) -> Iterator[Outcome]:
        while text:
            for pattern, action in _SIMPLE:
                found = pattern.match(text)
                if found:
                    yield from self._simple(action, found)
                    text = text[found.end() :].strip()
                    break
            else:
                yield from self._statement(text)
                return

    def _simple(self, action: str, found: "re.Match[str]") -> Iterator[Outcome]:
        changed: list[Outcome] = []
        if action == "isolation":
            self.transactions.isolation = check_level(" ".join(found[1].upper().split()))
        elif action == "switch":
            if found[1].upper() in ("FMTONLY", "NOEXEC", "PARSEONLY") and found[2].upper() == "ON":
                raise unsupported(f"SET {found[1]} ON")
        elif action == "lock_timeout":
            self.locks.timeout = int(found[2])
        elif action == "xact_abort":
            self.transactions.abort_on_error = found[1].upper() == "ON"
        elif action == "implicit" and found[1].upper() == "ON":
            raise unsupported("SET IMPLICIT_TRANSACTIONS ON")
        elif action == "identity_insert":
            table = self.find_table(name_parts(found[1]))
            self.identity_insert = table if found[2].upper() == "ON" else None
        elif action == "use":
            self.database = self.engine.database(found[1].strip('[]"'))
            changed = [DatabaseChanged(self.database.name)]
        elif action == "begin":
            changed = self.begin("")
        elif action in ("commit", "rollback") or (action.endswith("_if") and self.transactions.depth):
            changed = self.commit() if action.startswith("commit") else self.rollback()
        elif action == "wait":
            self._wait(int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]))
        yield from changed
        yield Done(None, tokens.SET)

    def _wait(self, seconds: float) -> None:
        if self._interrupted.wait(seconds):
            raise InterruptedError("cancelled")

    def _statement(self, text: str) -> Iterator[Outcome]:
        word = re.match(r"\s*\(*\s*([A-Za-z_]\w*)?", text)[1] or ""  # type: ignore[index]
        handler = self._HANDLERS.get(word.upper())
        if handler is None:
            raise unsupported(f"statement {text[:60]}")
        yield from handler(self, text)

    def _select(self, text: str) -> Iterator[Outcome]:
        node = dialect.parse(text)
        if any(type(part).__name__ == "Into" for part in node.args.values()):
            raise unsupported("SELECT INTO")
        context = self.context()
        query = compile_query(node, context, outermost=True)
        key = self.engine.replay.key(node, self.database.name, query.sql)
        yield replace(self.rows(query, context), replay_key=key)

    def _variable(self, text: str) -> Iterator[Outcome]:
        found = _SET_VARIABLE.match(text)
        if not found:
            raise unsupported(f"SET {text[4:60]}")
        name = found[1].lower()
        if name not in self.variables:
            raise SqlError(137, f'Must declare the scalar variable "{found[1]}".', 15)
        self.variables[name] = self.evaluate(found[2], self.variables[name].type)
        yield Done(None, tokens.SET)

    def _declare(self, text: str) -> Iterator[Outcome]:
        found = _DECLARE.match(text)
        if not found or ", @" in text:
            raise unsupported("this DECLARE")
        kind = parse_type(found[2])
        if found[1].lower() in self.variables:
            raise SqlError(134, f"The variable name '{found[1]}' has already been declared.", 15)
        self.variables[found[1].lower()] = self.evaluate(found[3], kind) if found[3] else Value(kind, None)
        yield from ()

    def _data(self, text: str) -> Iterator[Outcome]:
        node = dialect.parse(text)
        dml.lock(self, node)
        with self.write():
            count, command = dml.run(self, node)
        self.row_count = count
        yield Done(count, command)

    def _permit(self, text: str) -> Iterator[Outcome]:
        granting.run(self, text)
        yield Done(None, 0xC6)

    def _define(self, text: str) -> Iterator[Outcome]:
        if text.split()[1:2] and text.split()[1].upper() == "USER":
            yield from self._permit(text)
            return
        if not databases.run(self, text):
            before_definition(self, text)
            with self.write():
                ddl.run(self, text)
        yield Done(None, 0xC6)

    def _execute(self, text: str) -> Iterator[Outcome]:
        name, arguments = metadata.parse_execute(text)
        if name.lower().rsplit(".", 1)[-1] == "sp_executesql":
            statement = self.evaluate(arguments[0][1], parse_type("nvarchar(max)"))
            if len(arguments) > 1:
                raise unsupported("EXEC sp_executesql with parameters in a batch")
            saved = self.variables
            yield from self.run(statement.value, {}, in_procedure=True)
            self.variables = saved
            return
        kind = parse_type("nvarchar(3750)")
        metadata.call(self, name, [(key, self.evaluate(value, kind)) for key, value in arguments])
        yield Done(None, tokens.EXECUTE)

    _HANDLERS: ClassVar[dict[str, Callable[["Executor", str], Iterator[Outcome]]]] = {
        "SELECT": _select,
        "WITH": _select,
        "SET": _variable,
        "DECLARE": _declare,
        "INSERT": _data,
        "UPDATE": _data,
        "DELETE": _data,
        "CREATE": _define,
        "ALTER": _define,
        "DROP": _define,
        "GRANT": _permit,
        "TRUNCATE": _define,
        "EXEC": _execute,
        "EXECUTE": _execute,
    }

    # -- running DuckDB
    def context(self) -> Context:
        self._compiling = Context(self, self.variables)
        return self._compiling

    def rows(self, query: Query, context: Context) -> Rows:
        columns = tuple(
            tokens.ResultColumn(item.name, item.value.type, item.value.nullable, item.identity) for item in query.items
        )
        for column in columns:
            tokens.type_info(column.type)  # a type the wire cannot carry is refused before the first row
        self.locks.take()
        self.transactions.before_read()
        wide = any(column.type.is_max for column in columns)
        return Rows(columns, self._batches(query, context, WIDE_BATCH_ROWS if wide else BATCH_ROWS))

    def _batches(self, query: Query, context: Context, size: int) -> Iterator[pa.RecordBatch]:
        self._close_reader()
        self.register(context)
        try:
            self._reader = self.cursor.sql(query.sql).to_arrow_reader(size)
            count = 0
            for batch in self._reader:
                count += batch.num_rows
                yield batch
            self.row_count = count
        except SqlError:
            raise
        except Exception as failure:
            if self._interrupted.is_set():
                raise
            raise translate(failure) from failure
        finally:
            self._close_reader()
            self.unregister(context)

    def register(self, context: Context) -> None:
        self.locks.take()
        for name, table in context.tables.items():
            self.cursor.register(name, table)

    def unregister(self, context: Context) -> None:
        for name in context.tables:
            with contextlib.suppress(Exception):
                self.cursor.unregister(name)

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def write(self) -> "_Write":
        self.engine.replay.refuse_changes()
        return _Write(self.transactions)

    def stage_name(self) -> str:
        self._stages += 1
        return f'"stage{self.session_id}_{self._stages}"'

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.cursor.execute(sql).fetchall()
        return found

    def evaluate(self, text: str, kind: Any) -> Value:
        """A scalar expression, now, as a stored value."""
        context = self.context()
        value = convert(compile_value(dialect.parse_expression(text), Scope(context)), kind)
        reader = self.cursor.sql(f"SELECT {value.sql} AS v").to_arrow_table()
        content = reader.column(0)[0].as_py()
        if kind.name == "date" and content is not None:
            content = content.toordinal() - 1
        return Value(kind, content)

    # -- what the compiler asks (scope.Catalog)
    def table_source(
        self, parts: tuple[str, ...], alias: str, sql_alias: str, hints: frozenset[str]
    ) -> tuple[str, Source]:
        database_name, schema, name = parts
        database = self.engine.database(database_name) if database_name else self.database
        if schema.lower() == "sys":
            return self._view_source(database, name, alias, sql_alias)
        table = database.find(schema or "dbo", name)
        if table is None or name.startswith("#"):
            shown = ".".join(part for part in parts if part)
            raise SqlError(208, f"Invalid object name '{shown}'.")
        self.engine.check_select(self.user, database.name, table.schema, table.name)
        if self.transactions.isolation == "SNAPSHOT" and not database.snapshot_isolation:
            message = (
                f"Snapshot isolation transaction failed accessing database '{database.name}' "
                "because snapshot isolation is not allowed in this database. "
                "Use ALTER DATABASE to allow snapshot isolation."
            )
            raise SqlError(3952, message)
        versioned = database.statement_snapshots or database.read_only
        self.locks.ask_to_read(table, hints, self.transactions.isolation, versioned=versioned)
        source = table.source(alias, sql_alias)
        return f'{table.physical} AS "{sql_alias}"', column_options.limited(source, table, self.user)

    def _view_source(self, database: Database, name: str, alias: str, sql_alias: str) -> tuple[str, Source]:
        view = VIEWS.get(name.lower())
        if view is None:
            raise unsupported(f"sys.{name}")
        registered = f"view{self.session_id}_{database.database_id}_{name.lower()}"
        seen = Seen(self.engine, database, self.cursor, self.user)
        self.engine.permissions.check_view(self.user, name, seen.tables())
        self._compiling.tables[registered] = view.arrow(seen)
        columns = tuple(
            SourceColumn(column, Typed(f'"{sql_alias}"."c{place}"', kind, True, 1 if kind.family == "text" else 0))
            for place, (column, kind) in enumerate(view.columns, 1)
        )
        return f'{registered} AS "{sql_alias}"', Source(alias, columns, partial=True)

    def table_function(self, name: str, arguments: list[Typed], alias: str, sql_alias: str) -> tuple[str, Source, str]:
        return statistics.source(self, name, arguments, alias, sql_alias)

    def register_later(self, name: str, rows: pa.Table) -> str:
        """A name for rows made while compiling; they are there when the statement runs."""
        registered = f"made{self.session_id}_{name}"
        self._compiling.tables[registered] = rows
        return registered

    def function(self, name: str, arguments: list[Typed]) -> Typed:
        return metadata.function(self, name, arguments)

    def variable(self, name: str) -> Value | None:
        return metadata.variable(self, name)

    def find_table(self, parts: tuple[str, ...]) -> Table:
        schema, name = (parts[-2] if len(parts) > 1 and parts[-2] else "dbo"), parts[-1]
        found = self.find_database(parts).find(schema, name)
        if found is None:
            raise SqlError(208, f"Invalid object name '{'.'.join(part for part in parts if part)}'.")
        return found

    def find_database(self, parts: tuple[str, ...]) -> Database:
        return self.engine.database(parts[-3]) if len(parts) > 2 and parts[-3] else self.database


class _Write:
    """A statement that changes data: its own DuckDB transaction unless the session has one."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._own = False

    def __enter__(self) -> None:
        self._own = self._transactions.before_write()

    def __exit__(self, kind: Any, error: Any, at: Any) -> None:
        if self._own:
            self._transactions.end_autocommit(good=kind is None)
