from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pymysql
import pytest

from mssql_starrocks.sandbox.certificate import make_certificate
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.conftest import PASSWORD, Client


@pytest.mark.parametrize(("user", "password"), [("root", "wrong"), ("root", ""), ("nobody", "secret")])
def test_wrong_login_is_refused(server: StarRocks, user: str, password: str) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        Client(server, user, password)
    assert caught.value.args[0] == 1045
    assert f"(using password: {'YES' if password else 'NO'})" in caught.value.args[1]


def test_refused_client_is_disconnected(server: StarRocks) -> None:
    """mysql-mimic lets such a client go on: facts/starrocks_measured.md 2."""
    with socket.create_connection((server.host, server.port), 5) as sock:
        sock.recv(4096)
        flags = (0x200 | 0x8000).to_bytes(4, "little")
        body = flags + b"\0" * 28 + b"root\0" + b"\x14" + b"x" * 20
        sock.sendall(len(body).to_bytes(3, "little") + b"\x01" + body)
        assert sock.recv(4096)[4] == 0xFF
        assert sock.recv(4096) == b""


def test_unknown_database_at_login(server: StarRocks) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        Client(server, database="nowhere")
    assert caught.value.args[0] == 5501


def test_insert_tells_label_and_rows(client: Client) -> None:
    client.rows("CREATE TABLE t (id int, v int)")
    client.rows("INSERT INTO t WITH LABEL my_label VALUES (1, 2), (3, 4)")
    assert client.affected == 2
    assert client.info().startswith("{'label':'my_label', 'status':'VISIBLE', 'txnId':'")


def test_stacked_statements(client: Client) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE s (id int); INSERT INTO s VALUES (7); SELECT id FROM s")
        assert cursor.nextset()
        assert cursor.nextset()
        assert cursor.fetchall() == ((7,),)
        assert not cursor.nextset()


def test_stacked_statements_stop_at_the_first_error(client: Client) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE s (id int); SELECT nope; CREATE TABLE s2 (id int)")
        with pytest.raises(pymysql.err.MySQLError):
            cursor.nextset()
    assert client.rows("SHOW TABLES") == [("s",)]


def test_prepared_statements_are_refused(client: Client) -> None:
    connection = client.connection
    connection._execute_command(22, "SELECT 1")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        connection._read_packet()
    assert caught.value.args[0] == 1295
    assert client.value("SELECT 1") == 1


def test_large_result_and_statement(client: Client) -> None:
    text = "x" * 100_000
    client.rows("CREATE TABLE big (id int, v varchar(1048576))")
    rows = ", ".join(f"({number}, '{text}')" for number in range(200))
    client.rows(f"INSERT INTO big VALUES {rows}")
    assert sum(len(row[0]) for row in client.rows("SELECT v FROM big")) == 20_000_000


def test_tls_with_a_verified_certificate(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with StarRocks(users={"root": PASSWORD}, certificate=certificate) as server:
        verified = Client(server, ssl_ca=str(certificate.ca_file), ssl_verify_cert=True, ssl_verify_identity=False)
        assert isinstance(verified.connection._sock, ssl.SSLSocket)
        assert verified.value("SELECT 1") == 1
        with pytest.raises(pymysql.err.OperationalError, match=r"[Cc]ertificate"):
            Client(server, ssl={"verify_mode": "required", "check_hostname": False})
        verified.connection.close()


def test_server_can_start_twice() -> None:
    server = StarRocks(users={"root": PASSWORD})
    for _ in range(2):
        with server:
            connection = Client(server)
            connection.rows("CREATE DATABASE IF NOT EXISTS kept")
            assert ("kept",) in connection.rows("SHOW DATABASES")
    with pytest.raises(pymysql.err.OperationalError):
        Client(server)


def test_in_process_execute(server: StarRocks) -> None:
    assert server.execute("SELECT 1, 'a'") == [(1, "a")]
    assert server.execute("CREATE DATABASE IF NOT EXISTS inside; SELECT 2") == [(2,)]


def test_lost_connection_before_and_after_commit(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE f (id int)")
    server.faults.drop_before("/* lose */")
    with pytest.raises(pymysql.err.OperationalError):
        client.rows("INSERT INTO f WITH LABEL lost /* lose */ VALUES (1)")
    again = Client(server, database="db")
    assert again.value("SELECT count(*) FROM f") == 0
    server.faults.drop_after("WITH LABEL lost")
    with pytest.raises(pymysql.err.OperationalError):
        again.rows("INSERT INTO f WITH LABEL lost VALUES (1)")
    third = Client(server, database="db")
    assert third.value("SELECT count(*) FROM f") == 1
    assert third.value("SELECT state FROM information_schema.loads WHERE label = 'lost'") == "FINISHED"
    assert "Label [lost] has already been used" in third.refused("INSERT INTO f WITH LABEL lost VALUES (1)")[1]


def test_error_on_request(server: StarRocks, client: Client) -> None:
    server.faults.fail("FROM dual_fault", 1064, "Backend not found. Check if any backend is down or not")
    assert client.refused("SELECT 1 FROM dual_fault") == (
        1064,
        "Backend not found. Check if any backend is down or not",
    )
    assert client.refused("SELECT 1 FROM dual_fault")[0] == 5502
