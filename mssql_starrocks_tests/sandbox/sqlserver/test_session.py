"""Login, errors that leave the connection usable, transactions, cancel, faults, permissions."""

import subprocess
import sys
import threading
from typing import Any

import mssql_python
import pyarrow as pa
import pymssql
import pytest

from mssql_starrocks.sandbox.certificate import Certificate
from mssql_starrocks.sandbox.sqlserver import LocalServer, SqlError, SqlServer


def number(failure: BaseException) -> int:
    first = failure.args[0]
    return first[0] if isinstance(first, tuple) else first


def read(cursor: Any, sql: str) -> int:
    cursor.execute(sql)
    return sum(batch.num_rows for batch in cursor.arrow_reader(100))


def one(cursor: Any, sql: str) -> Any:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def test_wrong_password_and_unknown_database(connect: Any) -> None:
    with pytest.raises(pymssql.Error) as wrong:
        connect(password="no")
    assert number(wrong.value) == 18456
    with pytest.raises(pymssql.Error):
        connect(database="nowhere")


def test_unknown_database_says_4060(connect_odbc: Any, server: SqlServer) -> None:
    options = "Encrypt=yes;TrustServerCertificate=yes;ConnectRetryCount=0"
    text = f"Server=localhost,{server.port};Database=nowhere;UID=sa;PWD=Secret1!;{options}"
    with pytest.raises(mssql_python.Error, match="nowhere"):
        mssql_python.connect(text)


def test_required_encryption_refuses_plain(connect: Any) -> None:
    with pytest.raises(pymssql.Error):
        connect(encryption="off")


@pytest.mark.parametrize("policy", ["off", "request", "require"])
def test_optional_encryption(certificate: Certificate, policy: str) -> None:
    with SqlServer(users={"sa": "x"}, certificate=certificate, encryption="optional") as server:
        link = pymssql.connect(
            server=server.host, port=str(server.port), user="sa", password="x", database="Company", encryption=policy
        )
        assert one(link.cursor(), "SELECT DB_NAME()") == "Company"
        link.close()


def test_certificate_is_verified(connect_odbc: Any, certificate: Certificate) -> None:
    link = connect_odbc(f"ServerCertificate={certificate.cert_file}")
    assert one(link.cursor(), "SELECT 1") == 1


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM nowhere", 208),
        ("SELECT nope FROM sys.tables t WHERE 1 = 0", 50000),
        ("SELECT CAST('x' AS int)", 245),
        ("SELECT 1/0", 8134),
        ("SELECT 1 +", 102),
        ("SELECT CAST(3000000000 AS int)", 8115),
        ("USE nowhere", 911),
        ("EXEC nothing_there", 2812),
        ("SELECT SOUNDEX('a')", 50000),
        ("SELECT 1 FROM sys.tables WITH (NOLOCK)", 50000),
        (
            "CREATE TABLE errors_t (id int NOT NULL PRIMARY KEY, v varchar(3) NULL); CREATE TABLE errors_t (id int)",
            2714,
        ),
        ("INSERT INTO errors_t VALUES (1, 'a'), (1, 'b')", 2627),
        ("INSERT INTO errors_t (v) VALUES ('a')", 515),
        ("INSERT INTO errors_t VALUES (1, 'abcd')", 2628),
        ("SELECT nope FROM errors_t", 207),
    ],
)
def test_errors_leave_the_connection_usable(connect: Any, sql: str, expected: int) -> None:
    cursor = connect().cursor()
    with pytest.raises(pymssql.Error) as failure:
        cursor.execute(sql)
    assert number(failure.value) == expected
    assert one(cursor, "SELECT 5") == 5


def test_denied_table(server: SqlServer, connect: Any) -> None:
    server.execute("CREATE TABLE secret (id int)")
    server.deny_select("reader", "secret")
    cursor = connect(user="reader", password="Reader1!").cursor()
    assert one(cursor, "SELECT HAS_PERMS_BY_NAME('dbo.secret', 'OBJECT', 'SELECT')") == 0
    with pytest.raises(pymssql.Error, match="SELECT permission was denied on the object 'secret'") as failure:
        cursor.execute("SELECT id FROM secret")
    assert number(failure.value) == 229


def test_snapshot_does_not_see_a_later_commit(server: SqlServer, connect: Any) -> None:
    server.execute("CREATE TABLE seen (id int); INSERT INTO seen VALUES (1)")
    cursor = connect().cursor()
    cursor.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN")
    assert one(cursor, "SELECT COUNT(*) FROM seen") == 1
    server.execute("INSERT INTO seen VALUES (2)")
    assert one(cursor, "SELECT COUNT(*) FROM seen") == 1
    cursor.execute("COMMIT")
    assert one(cursor, "SELECT COUNT(*) FROM seen") == 2


def test_read_committed_sees_it(server: SqlServer, connect: Any) -> None:
    server.execute("CREATE TABLE committed (id int)")
    cursor = connect(autocommit=False).cursor()
    assert one(cursor, "SELECT COUNT(*) FROM committed") == 0
    server.execute("INSERT INTO committed VALUES (2)")
    assert one(cursor, "SELECT COUNT(*) FROM committed") == 1


def test_snapshot_not_allowed() -> None:
    with SqlServer(users={}, certificate=None, encryption="off", snapshot_isolation=False) as server:
        server.execute("CREATE TABLE t (id int)")
        with pytest.raises(SqlError) as failure:
            server.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; SELECT id FROM t")
        assert failure.value.number == 3952


def test_commit_rollback_by_both_drivers(connect: Any, connect_odbc: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE kept (id int)")
    for link in (connect(autocommit=False), connect_odbc(autocommit=False)):
        cursor = link.cursor()
        cursor.execute("INSERT INTO kept VALUES (1)")
        link.rollback()
        cursor.execute("INSERT INTO kept VALUES (2)")
        link.commit()
    assert server.execute("SELECT id FROM kept") == [(2,), (2,)]


def test_set_in_a_procedure_does_not_outlive_it(connect: Any, server: SqlServer) -> None:
    cursor = connect().cursor()
    cursor.execute("EXEC sp_executesql N'SET LOCK_TIMEOUT 7; SELECT @@LOCK_TIMEOUT'")
    assert cursor.fetchone()[0] == 7
    assert one(cursor, "SELECT @@LOCK_TIMEOUT") == -1


def test_query_timeout_cancels(connect_odbc: Any, server: SqlServer) -> None:
    link = connect_odbc()
    link.timeout = 1
    cursor = link.cursor()
    with pytest.raises(mssql_python.Error):
        cursor.execute("WAITFOR DELAY '00:01:00'")
    assert one(link.cursor(), "SELECT 7") == 7


_WAITING = """
import sys, pymssql
link = pymssql.connect(server="127.0.0.1", port=sys.argv[1], user="sa", password="Secret1!", autocommit=True)
link.cursor().execute("WAITFOR DELAY '00:05:00'")
"""


def test_a_client_that_dies_while_its_statement_runs_leaves_no_worker(certificate: Certificate) -> None:
    with LocalServer(users={"sa": "Secret1!"}, certificate=certificate) as server:
        client = subprocess.Popen([sys.executable, "-c", _WAITING, str(server.port)])
        while not server.execute("SELECT session_id FROM sys.dm_exec_requests WHERE command = 'WAITFOR'"):
            assert client.poll() is None
        worker = next(t for t in threading.enumerate() if t.name == "tds-worker")
        client.kill()
        client.wait()
        worker.join(30)
        assert not worker.is_alive()


def test_leaving_a_result_unread(connect: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE many (id int NOT NULL)")
    server.execute("INSERT INTO many SELECT column_id FROM sys.all_columns")
    cursor = connect().cursor()
    cursor.execute("SELECT a.id FROM many a CROSS JOIN many b CROSS JOIN many c")
    assert cursor.fetchone() is not None
    assert one(cursor, "SELECT 9") == 9


@pytest.mark.parametrize("fault", ["kill", "cut", "deadlock"])
def test_faults_are_errors(server: SqlServer, connect_odbc: Any, fault: str) -> None:
    server.execute("IF @@TRANCOUNT > 0 ROLLBACK")
    if not server.execute("SELECT name FROM sys.tables WHERE name = 'faulty'"):
        server.execute("CREATE TABLE faulty (id int NOT NULL)")
        server.execute("INSERT INTO faulty SELECT a.column_id FROM sys.all_columns a CROSS JOIN sys.schemas b")
    {"kill": server.faults.kill, "cut": server.faults.cut, "deadlock": server.faults.deadlock}[fault]("faulty", 300)
    cursor = connect_odbc().cursor()
    with pytest.raises((mssql_python.Error, pa.ArrowException, RuntimeError)):
        read(cursor, "SELECT id FROM faulty")
    assert server.execute("SELECT COUNT(*) FROM faulty")[0][0] > 300
