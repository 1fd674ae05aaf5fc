"""Table locks, isolation options and database snapshots, by real drivers."""

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import LocalServer, SqlError, SqlServer
from mssql_starrocks.sandbox.sqlserver.executor import Executor
from mssql_starrocks_tests.sandbox.sqlserver.test_session import number, one

_number = itertools.count()
SHARED = "SELECT TOP (1) 1 FROM {} WITH (TABLOCK, HOLDLOCK)"


@pytest.fixture
def table(server: SqlServer) -> str:
    name = f"locked{next(_number)}"
    server.execute(f"CREATE TABLE {name} (id int NOT NULL, v int NOT NULL); INSERT INTO {name} VALUES (1, 0), (2, 0)")
    return name


@pytest.fixture
def later():
    """Run in a thread: what waits for a lock must not stop the test."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


def spid(cursor: Any) -> int:
    return int(one(cursor, "SELECT @@SPID"))


def until_blocked(server: SqlServer, session: int) -> tuple[int, str]:
    """Who blocks the session, and what it waits for; the test's own time-out ends an endless wait."""
    while True:
        found = server.execute(
            f"SELECT blocking_session_id, wait_type FROM sys.dm_exec_requests WHERE session_id = {session}"
        )
        if found and found[0][0]:
            return found[0]


def run(cursor: Any, sql: str) -> None:
    cursor.execute(sql)


def test_a_writer_waits_for_a_shared_lock_until_its_transaction_ends(server, connect, table, later) -> None:
    reader, writer = connect().cursor(), connect().cursor()
    run(reader, "BEGIN TRAN")
    assert one(reader, SHARED.format(table)) == 1
    own = spid(writer)
    waiting: Future[None] = later(run, writer, f"UPDATE {table} SET v = 1")
    assert until_blocked(server, own) == (spid(reader), "LCK_M_IX")
    assert one(connect().cursor(), f"SELECT SUM(v) FROM {table}") == 0  # others go on
    run(reader, "COMMIT")
    waiting.result(30)
    assert one(reader, f"SELECT SUM(v) FROM {table}") == 2


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "close"])
def test_locks_end_with_the_transaction_and_the_connection(server, connect, table, later, end: str) -> None:
    holder, writer = connect(), connect().cursor()
    cursor = holder.cursor()
    run(cursor, f"BEGIN TRAN; UPDATE {table} SET v = 5 WHERE id = 1")
    own = spid(writer)
    waiting = later(one, writer, SHARED.format(table))
    assert until_blocked(server, own)[1] == "LCK_M_S"
    if end == "close":
        holder.close()
    else:
        run(cursor, end)
    assert waiting.result(30) == 1
    assert one(writer, f"SELECT SUM(v) FROM {table}") == (5 if end == "COMMIT" else 0)


def test_a_pooled_reset_ends_them_too() -> None:
    with LocalServer(users={}, certificate=None, encryption="off") as server:
        server.execute("CREATE TABLE t (id int)")
        session = Executor(server.engine, "sa", "Company")
        list(session.run("BEGIN TRAN; INSERT INTO t VALUES (1)", {}))
        with pytest.raises(SqlError, match="Lock request time out"):
            server.execute("SET LOCK_TIMEOUT 0; ALTER TABLE t ADD v int NULL")
        session.reset()
        server.execute("SET LOCK_TIMEOUT 0; ALTER TABLE t ADD v int NULL")
        session.close()


def test_without_holdlock_the_lock_ends_with_the_statement(connect, table) -> None:
    reader, writer = connect().cursor(), connect().cursor()
    run(reader, "BEGIN TRAN")
    assert one(reader, f"SELECT COUNT(*) FROM {table} WITH (TABLOCK)") == 2
    reader.fetchall()
    run(writer, f"SET LOCK_TIMEOUT 0; UPDATE {table} SET v = 1")


def test_a_lock_timeout_fails_the_statement_and_keeps_the_transaction(connect, table) -> None:
    reader, writer = connect().cursor(), connect().cursor()
    run(reader, "BEGIN TRAN")
    one(reader, SHARED.format(table))
    run(writer, "SET LOCK_TIMEOUT 50; BEGIN TRAN")
    for _ in range(2):
        with pytest.raises(pymssql.Error, match="Lock request time out period exceeded") as failure:
            run(writer, f"INSERT INTO {table} VALUES (3, 3)")
        assert number(failure.value) == 1222
    assert one(writer, "SELECT @@TRANCOUNT") == 1
    run(reader, "ROLLBACK")
    run(writer, f"INSERT INTO {table} VALUES (3, 3); COMMIT")
    assert one(reader, f"SELECT COUNT(*) FROM {table}") == 3


@pytest.mark.parametrize(
    ("statement", "free"),
    [
        ("SELECT COUNT(*) FROM {} WITH (TABLOCK)", True),
        ("SELECT COUNT(*) FROM {}", True),
        ("INSERT INTO {} VALUES (9, 9)", False),
        ("DELETE FROM {} WHERE id = 1", False),
        ("TRUNCATE TABLE {}", False),
        ("ALTER TABLE {} ADD w int NULL", False),
        ("CREATE INDEX i ON {} (id)", False),
        ("DROP TABLE {}", False),
        ("SELECT COUNT(*) FROM {} WITH (TABLOCKX)", False),
    ],
)
def test_what_a_shared_lock_lets_pass(connect, table, statement: str, free: bool) -> None:
    reader, other = connect().cursor(), connect().cursor()
    run(reader, "BEGIN TRAN")
    one(reader, SHARED.format(table))
    run(other, "SET LOCK_TIMEOUT 0")
    if free:
        run(other, statement.format(table))
        return
    with pytest.raises(pymssql.Error) as failure:
        run(other, statement.format(table))
    assert number(failure.value) == 1222


def test_an_exclusive_lock_stops_readers_but_not_versions(server, connect, table) -> None:
    writer, reader = connect().cursor(), connect().cursor()
    run(writer, "BEGIN TRAN")
    one(writer, f"SELECT COUNT(*) FROM {table} WITH (TABLOCKX)")
    run(reader, "SET LOCK_TIMEOUT 0")
    with pytest.raises(pymssql.Error) as failure:
        one(reader, f"SELECT COUNT(*) FROM {table}")
    assert number(failure.value) == 1222
    run(reader, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    assert one(reader, f"SELECT COUNT(*) FROM {table}") == 2
    run(reader, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    server.execute("ALTER DATABASE Company SET READ_COMMITTED_SNAPSHOT ON")
    try:
        assert one(reader, f"SELECT COUNT(*) FROM {table}") == 2
    finally:
        server.execute("ALTER DATABASE Company SET READ_COMMITTED_SNAPSHOT OFF")


def test_writers_that_wait_for_each_other_are_a_deadlock(server, connect, table, later) -> None:
    """Both hold a shared lock and want to write: 1205 for who closes the circle, and its transaction is gone."""
    first, second = connect().cursor(), connect().cursor()
    for cursor in (first, second):
        run(cursor, "BEGIN TRAN")
        one(cursor, SHARED.format(table))
    own = spid(first)
    waiting = later(run, first, f"UPDATE {table} SET v = 1")
    until_blocked(server, own)
    with pytest.raises(pymssql.Error, match="deadlock victim") as failure:
        run(second, f"UPDATE {table} SET v = 2")
    assert number(failure.value) == 1205
    waiting.result(30)
    assert one(second, "SELECT @@TRANCOUNT") == 0
    run(first, "COMMIT")
    assert one(second, f"SELECT SUM(v) FROM {table}") == 2


def test_a_waiting_statement_can_be_cancelled(server, connect, connect_odbc, table) -> None:
    holder = connect().cursor()
    run(holder, f"BEGIN TRAN; UPDATE {table} SET v = 1")
    link = connect_odbc()
    link.timeout = 1
    with pytest.raises(Exception, match="(?i)timeout|cancel"):
        link.cursor().execute(SHARED.format(table))
    assert one(link.cursor(), "SELECT 7") == 7


def test_sessions_that_begin_under_the_lock_see_one_state(connect, table) -> None:
    """The choreography of grade B, with a writer that never rests."""
    stop = threading.Event()

    def write(cursor: Any) -> None:
        while not stop.is_set():
            run(cursor, f"BEGIN TRAN; UPDATE {table} SET v = v + 1 WHERE id = 1")
            run(cursor, f"UPDATE {table} SET v = v - 1 WHERE id = 2; COMMIT")

    writer = threading.Thread(target=write, args=(connect().cursor(),))
    readers, coordinator = [connect().cursor() for _ in range(3)], connect().cursor()
    writer.start()
    try:
        for _ in range(10):
            run(coordinator, "BEGIN TRAN")
            one(coordinator, SHARED.format(table))
            for cursor in readers:
                run(cursor, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN")
                one(cursor, f"SELECT TOP (1) 1 FROM {table}")
            run(coordinator, "ROLLBACK")
            seen = {one(cursor, f"SELECT MAX(v) FROM {table}") for cursor in readers}
            assert len(seen) == 1
            assert {one(cursor, f"SELECT SUM(v) FROM {table}") for cursor in readers} == {0}
            for cursor in readers:
                run(cursor, "COMMIT")
    finally:
        stop.set()
        writer.join()


def test_isolation_options_are_in_the_catalog_and_obeyed() -> None:
    ask = "SELECT snapshot_isolation_state, is_read_committed_snapshot_on FROM sys.databases WHERE name = 'Company'"
    with SqlServer(users={}, certificate=None, encryption="off") as server:
        server.execute("CREATE TABLE t (id int)")
        server.execute("ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION OFF")
        server.execute("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON")
        assert server.execute(ask) == [(0, True)]
        with pytest.raises(SqlError) as failure:
            server.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; SELECT id FROM t")
        assert failure.value.number == 3952
        server.execute("ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION ON")
        assert server.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; SELECT id FROM t") == []
        with pytest.raises(SqlError) as failure:
            server.execute("BEGIN TRAN; ALTER DATABASE Company SET ALLOW_SNAPSHOT_ISOLATION ON")
        assert failure.value.number == 226


def test_a_database_snapshot_is_frozen_and_read_only(server, connect, table) -> None:
    open_writer = connect().cursor()
    run(open_writer, f"BEGIN TRAN; INSERT INTO {table} VALUES (3, 3)")  # not committed: not in it
    server.execute("CREATE DATABASE frozen ON (NAME = Company, FILENAME = 'c.ss') AS SNAPSHOT OF Company")
    run(open_writer, "COMMIT")
    cursor = connect(database="frozen").cursor()
    assert one(cursor, f"SELECT COUNT(*) FROM {table}") == 2
    assert one(cursor, f"SELECT COUNT(*) FROM Company.dbo.{table}") == 3
    assert one(cursor, f"SELECT OBJECT_ID('dbo.{table}')") == server.execute(f"SELECT OBJECT_ID('dbo.{table}')")[0][0]
    cursor.execute(
        "SELECT s.name, d.is_read_only, d.create_date FROM sys.databases d "
        "JOIN sys.databases s ON s.database_id = d.source_database_id WHERE d.database_id = DB_ID()"
    )
    source, read_only, created = cursor.fetchone()
    assert (source, read_only, created.year > 2024) == ("Company", True, True)
    writes = (f"INSERT INTO {table} VALUES (4, 4)", f"DELETE FROM {table}", "CREATE TABLE more (id int)",
              f"UPDATE frozen.dbo.{table} SET v = 1", f"TRUNCATE TABLE {table}")  # fmt: skip
    for sql in writes:
        with pytest.raises(pymssql.Error, match="read-only") as failure:
            run(cursor, sql)
        assert number(failure.value) == 3906
    with pytest.raises(SqlError, match="currently in use"):
        server.execute("DROP DATABASE frozen")
    run(cursor, "USE Company")
    server.execute("DROP DATABASE frozen")
    assert server.execute("SELECT name FROM sys.databases WHERE name = 'frozen'") == []
    assert one(cursor, f"SELECT COUNT(*) FROM {table}") == 3
