"""One client's session: where it is, what it has set, and how its queries reach DuckDB."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import duckdb

from mssql_starrocks.sandbox.starrocks import information_schema, variables
from mssql_starrocks.sandbox.starrocks.compile.queries import QueryCompiler
from mssql_starrocks.sandbox.starrocks.compile.scope import Compiled, Environment, OutputColumn, Source
from mssql_starrocks.sandbox.starrocks.compile.typed import CastMode, Typed, text_value
from mssql_starrocks.sandbox.starrocks.engine import Engine
from mssql_starrocks.sandbox.starrocks.errors import (
    SqlError,
    access_denied,
    no_database,
    plain,
    unknown_catalog,
    unknown_database,
    unknown_table,
    unsupported,
)  # fmt: skip
from mssql_starrocks.sandbox.starrocks.meta.model import Table
from mssql_starrocks.sandbox.starrocks.meta.store import DEFAULT_CATALOG, INFORMATION_SCHEMA
from mssql_starrocks.sandbox.starrocks.rows import wire_rows
from mssql_starrocks.sandbox.starrocks.sql.cursor import Cursor
from mssql_starrocks.sandbox.starrocks.sql.lexer import split_statements
from mssql_starrocks.sandbox.starrocks.sql.nodes import Query, Version
from mssql_starrocks.sandbox.starrocks.sql.reserved import reserved_words
from mssql_starrocks.sandbox.starrocks.sql.types import BIGINT, VARCHAR
from mssql_starrocks.sandbox.starrocks.wire.listener import SERVER_VERSION
from mssql_starrocks.sandbox.starrocks.wire.packets import Result, ResultColumn

if TYPE_CHECKING:
    pass

RETRIES = 3


class Session:
    def __init__(self, engine: Engine, user: str, number: int) -> None:
        self.engine, self.store, self.user, self.number = engine, engine.store, user, number
        self.connection = engine.cursor()
        self.catalog, self.database = DEFAULT_CATALOG, ""
        self.release = self.store.release
        self.variables = {**variables.defaults(self.release, self.store.version), **self.store.globals}
        self.user_variables: dict[str, Typed] = {}
        self.reserved = reserved_words(self.release)
        self._registered: list[str] = []
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self.connection.close()

    def execute(self, sql: str, reply: Callable[[Result, bool], None]) -> None:
        parts = split_statements(sql)
        if not parts:
            reply(Result(), False)
        for at, part in enumerate(parts):
            reply(self.run(part), at + 1 < len(parts))

    def run(self, sql: str) -> Result:
        """One statement. A SET_VAR hint holds for this statement only."""
        from mssql_starrocks.sandbox.starrocks.statements.dispatch import dispatch

        cursor, saved = self.parser(sql), dict(self.variables)
        self.engine.faults.check(sql, "before")
        try:
            result = dispatch(self, cursor)
        except duckdb.Error as error:
            raise translated(error) from None
        finally:
            if cursor.hints:
                self.variables = saved
            self.unregister()
        self.engine.faults.check(sql, "after")
        return result

    def parser(self, sql: str) -> Cursor:
        return Cursor(sql, self.reserved)

    def mode(self, name: str) -> bool:
        return name in self.variables["sql_mode"].split(",")

    @property
    def cast_mode(self) -> CastMode:
        names = ("ALLOW_THROW_EXCEPTION", "ERROR_IF_OVERFLOW", "FORBID_INVALID_DATE")
        return CastMode(*map(self.mode, names))

    @property
    def time_zone(self) -> str:
        return variables.duck_time_zone(self.variables["time_zone"])

    @property
    def now(self) -> str:
        return f"date_trunc('second', timezone('{self.time_zone}', now()))"

    def path(self, parts: list[str] | tuple[str, ...]) -> tuple[str, str, str]:
        """(catalog, database, table) of a name as written."""
        if len(parts) == 3:
            return parts[0], parts[1], parts[2]
        if len(parts) == 2:
            return self.catalog, parts[0], parts[1]
        if not self.database:
            raise no_database()
        return self.catalog, self.database, parts[0]

    def use(self, name: str) -> None:
        parts = name.split(".")
        catalog = parts[0] if len(parts) == 2 else self.catalog
        database = parts[-1]
        if catalog != DEFAULT_CATALOG:
            if database not in (*self.engine.lake(catalog).databases(), INFORMATION_SCHEMA):
                raise plain(f"Unknown database '{database}'", 5501, "3F000")
        elif database.lower() != INFORMATION_SCHEMA:
            if database not in self.store.databases:
                raise plain(f"Unknown database '{database}'", 5501, "3F000")
            if not self.sees_database(database):
                raise access_denied("ANY", "DATABASE", database)
        self.catalog, self.database = catalog, database

    def sees_database(self, name: str) -> bool:
        return self.store.grants.sees_database(self.user, name, list(self.store.databases.get(name, {}).values()))

    def environment(self, unchecked: Table | None = None) -> Environment:
        """`unchecked`: a table that may be read without SELECT, as UPDATE reads its target."""

        def resolve(parts: tuple[str, ...], version: Version | None) -> Source:
            return self.resolve(parts, version, unchecked)

        return Environment(
            self.release, self.cast_mode, self.mode("ONLY_FULL_GROUP_BY"), self.mode("PIPES_AS_CONCAT"),
            self.time_zone, resolve, self.variable, self.session_value,
        )  # fmt: skip

    def compile(self, query: Query, unchecked: Table | None = None) -> Compiled:
        """Ready to run: external tables that the query reads are registered by now."""
        compiler = QueryCompiler(self.environment(unchecked))
        compiled = compiler.compile(query)
        for source in compiler.sources:
            if source.fill is not None:
                source.fill(source)
        return compiled

    def resolve(self, parts: tuple[str, ...], version: Version | None, unchecked: Table | None = None) -> Source:
        catalog, database, name = self.path(parts)
        if database.lower() == INFORMATION_SCHEMA and catalog == DEFAULT_CATALOG:
            return self._information(name)
        if database.lower() == "sys" and catalog == DEFAULT_CATALOG:
            return self._system(name.lower())
        if catalog != DEFAULT_CATALOG:
            return self._external(catalog, database, name, version)
        if version is not None:
            self.store.table(database, name)
            raise plain("Unsupported table type for temporal clauses, table type: OLAP")
        table = self.store.table(database, name)
        if table is not unchecked:
            self.store.grants.need_table(self.user, "SELECT", table)
        return native_source(table)

    def _information(self, name: str) -> Source:
        build = information_schema.TABLES.get(name.lower())
        if build is None:
            if name.lower() in information_schema.KNOWN:
                raise unsupported(f"information_schema.{name}")
            raise unknown_table(f"information_schema.{name}")
        return self._made(INFORMATION_SCHEMA, name, build)

    def _system(self, name: str) -> Source:
        """For user_admin, and for whom SELECT is granted (docs.starrocks.io: sys, grants_to_users)."""
        build = information_schema.SYSTEM.get(name)
        if build is None:
            raise unsupported(f"sys.{name}")
        grants = self.store.grants
        admin = grants.on(self.user, "GRANT", "SYSTEM", "")
        if not admin and not grants.on_external(self.user, "SELECT", (DEFAULT_CATALOG, "sys", name)):
            raise access_denied("SELECT", "TABLE", name)
        return self._made("sys", name, build)

    def _made(self, database: str, name: str, build: Callable[[Session], information_schema.Answer]) -> Source:
        def fill(source: Source) -> None:
            self.register(source.relation, information_schema.arrow(source.columns, rows))

        columns, rows = build(self)
        return Source(self._new_name(), ("def", database, name), columns, fill)

    def _external(self, catalog: str, database: str, name: str, version: Version | None) -> Source:
        if catalog not in self.store.catalogs:
            raise unknown_catalog(catalog)
        if not self.store.grants.on_external(self.user, "SELECT", (catalog, database, name)):
            raise access_denied("SELECT", "TABLE", name)
        lake = self.engine.lake(catalog)
        columns = lake.columns(database, name)
        snapshot = lake.snapshot(database, name, version, self.time_zone)

        def fill(source: Source) -> None:
            wanted = [column.name for column in columns if column.name in source.used]
            self.register(source.relation, lake.read(database, name, snapshot, wanted, self.time_zone))

        return Source(self._new_name(), (catalog, database, name), columns, fill)

    def _new_name(self) -> str:
        return f"sr_view_{self.number}_{next(self._numbers)}"

    def register(self, name: str, rows: Any) -> None:
        self.connection.register(name, rows)
        self._registered.append(name)

    def register_rows(self, rows: Any) -> str:
        name = self._new_name()
        self.register(name, rows)
        return name

    def unregister(self) -> None:
        for name in self._registered:
            self.connection.unregister(name)
        self._registered.clear()

    def variable(self, name: str, user: bool) -> Typed:
        if user:
            return self.user_variables.get(name.lower(), Typed("CAST(NULL AS VARCHAR)", VARCHAR))
        value = self.variables.get(name.lower())
        if value is None:
            raise variables.unknown(name, list(self.variables))
        if value in ("true", "false"):
            return Typed(f"CAST({int(value == 'true')} AS BIGINT)", BIGINT)
        if value.lstrip("-").isdigit():
            return Typed(f"CAST({value} AS BIGINT)", BIGINT)
        return text_value(value)

    def session_value(self, name: str) -> Typed | None:
        if name == "CONNECTION_ID":
            return Typed(f"CAST({self.number} AS BIGINT)", BIGINT)
        if name == "UUID":
            return text_value(str(uuid.uuid4()))
        text = {
            "DATABASE": self.database, "SCHEMA": self.database, "VERSION": SERVER_VERSION, "CATALOG": self.catalog,
            "CURRENT_VERSION": f"{self.store.version}-sandbox", "USER": f"'{self.user}'@'127.0.0.1'",
            "CURRENT_USER": f"'{self.user}'@'%'", "CURRENT_ROLE": "NONE",
        }.get(name)  # fmt: skip
        return None if text is None else text_value(text)

    def select(self, query: Query) -> Result:
        """Rows of a query; compiled again when an OVERWRITE replaced a table in between."""
        for attempt in range(RETRIES):
            compiled = self.compile(query)
            try:
                rows = self.rows(compiled.sql)
            except duckdb.CatalogException:
                if attempt == RETRIES - 1:
                    raise
                continue
            columns = [ResultColumn(column.name, column.type) for column in compiled.columns]
            return Result(columns, wire_rows(rows, [column.type for column in compiled.columns]))
        raise AssertionError("unreachable")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        # DuckDB 2 allows one open result a connection: always fetch all
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def native(self, parts: list[str], missing: Callable[[str], SqlError] = unknown_table) -> Table:
        """A table of the default catalog that a statement changes or shows."""
        catalog, database, name = self.path(parts)
        if catalog != DEFAULT_CATALOG:
            if catalog not in self.store.catalogs:
                raise unknown_catalog(catalog)
            self.engine.lake(catalog).table(database, name)
            raise unsupported("changing tables of an external catalog")
        if database == INFORMATION_SCHEMA:
            raise plain("Only support insert into olap/mysql/iceberg table")
        tables = self.store.databases.get(database)
        if tables is None:
            raise unknown_database(database)
        if name not in tables:
            raise missing(name)
        return tables[name]


def native_source(table: Table) -> Source:
    columns = [OutputColumn(column.name, column.type, column.nullable) for column in table.columns]
    return Source(table.physical, (DEFAULT_CATALOG, table.database, table.name), columns)


def translated(error: duckdb.Error) -> SqlError:
    """A failure of DuckDB in StarRocks' words."""
    text = str(error).split("\n")[0]
    if isinstance(error, duckdb.ConversionException):
        return plain(f"Expr evaluate meet error: The type cast from other types overflows or is malformed: {text}")
    if isinstance(error, duckdb.OutOfRangeException):
        return plain(f"Expr evaluate meet error: not supported by the sandbox: arithmetic overflow: {text}")
    if isinstance(error, duckdb.InvalidInputException):
        return plain(f"Expr evaluate meet error: {text}")
    return unsupported(f"this statement ({type(error).__name__}: {text})")
