"""CREATE, ALTER and DROP DATABASE: isolation options, and database snapshots as frozen copies."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.sandbox.sqlserver import change_tracking
from mssql_starrocks.sandbox.sqlserver.catalog import Database, now
from mssql_starrocks.sandbox.sqlserver.engine import SYSTEM_DATABASES, Engine
from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.words import Words

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.sqlserver.executor import Executor


def run(executor: "Executor", text: str) -> bool:
    """False where the statement is not about a database."""
    words = Words(text)
    verb = words.peek()
    if words.peek(1) != "DATABASE":
        return False
    if executor.transactions.depth:
        raise SqlError(226, f"{verb} DATABASE statement not allowed within multi-statement transaction.")
    words.take(), words.take()
    {"CREATE": _create, "ALTER": _alter, "DROP": _drop}[verb](executor, words)
    return True


def _create(executor: "Executor", words: Words) -> None:
    name = words.name()
    if not words.accept("ON"):
        words.end()
        executor.engine.create_database(name)
        return
    file = words.parenthesised()
    if not Words(file).accept("NAME", "="):
        raise unsupported("CREATE DATABASE ON with these files")
    words.expect("AS", "SNAPSHOT", "OF")
    source = executor.engine.database(words.name())
    words.end()
    _freeze(executor.engine, name, source)


def _freeze(engine: Engine, name: str, source: Database) -> None:
    """Copy every table in one DuckDB transaction: what is not committed is not in it.

    Snapshot isolation is on in a snapshot whatever the source has (CREATE DATABASE, database snapshots).
    """
    if source.read_only or source.name in SYSTEM_DATABASES:
        raise unsupported(f"a snapshot of {source.name}")
    with engine.lock:
        made = replace(
            engine.create_database(name),
            snapshot_isolation=True,
            statement_snapshots=source.statement_snapshots,
            created=now(),
            source_id=source.database_id,
            schemas=dict(source.schemas),
            descriptions=dict(source.descriptions),
            identities=dict(source.identities),
            types=dict(source.types),
        )
        del engine.databases[name.lower()]  # until the copy is there
        kept = {place: replace(table, store=f"_{made.database_id}") for place, table in source.tables.items()}
        cursor = engine.cursor()
        cursor.begin()
        for place, table in kept.items():
            cursor.execute(f"CREATE TABLE {table.physical} AS SELECT * FROM {source.tables[place].physical}")
        cursor.commit()
        cursor.close()
        made.tables = kept
        engine.databases[name.lower()] = made


def _alter(executor: "Executor", words: Words) -> None:
    database = executor.database if words.accept("CURRENT") else executor.engine.database(words.name())
    words.expect("SET")
    option = words.name().upper()
    if option == "CHANGE_TRACKING" and not database.read_only:
        change_tracking.switch_database(database, words)
        return
    value = words.name().upper()
    if option not in ("ALLOW_SNAPSHOT_ISOLATION", "READ_COMMITTED_SNAPSHOT") or value not in ("ON", "OFF"):
        raise unsupported(f"ALTER DATABASE SET {option}")
    words.end()
    if database.read_only:
        raise unsupported("options of a database snapshot")
    if option == "ALLOW_SNAPSHOT_ISOLATION":
        database.snapshot_isolation = value == "ON"
    else:
        database.statement_snapshots = value == "ON"


def _drop(executor: "Executor", words: Words) -> None:
    optional = words.accept("IF", "EXISTS")
    name = words.name()
    words.end()
    engine = executor.engine
    database = engine.databases.get(name.lower())
    if database is None and optional:
        return
    if database is None:
        message = f"Cannot drop the database '{name}', because it does not exist or you do not have permission."
        raise SqlError(3701, message, 11)
    if name.lower() in SYSTEM_DATABASES:
        raise SqlError(3708, f"Cannot drop the database '{name}' because it is a system database.")
    if any(session.database is database for session in engine.sessions()):
        raise SqlError(3702, f'Cannot drop database "{name}" because it is currently in use.', 16, 3)
    _refuse_source(engine, database)
    with engine.lock:
        del engine.databases[name.lower()]
        cursor = engine.cursor()
        for table in database.tables.values():
            cursor.execute(f"DROP TABLE {table.physical}")
        cursor.close()


def _refuse_source(engine: Engine, database: Database) -> None:
    for other in engine.databases.values():
        if other.source_id == database.database_id:
            raise SqlError(
                3709,
                f'Cannot drop the database while the database snapshot "{other.name}" refers to it. '
                "Drop that database first.",
            )
