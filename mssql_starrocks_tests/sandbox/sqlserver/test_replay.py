"""Replayed rows are the live rows, byte by byte, and nothing can change under them."""

import socket
import struct
from collections.abc import Iterator

import mssql_python
import pyarrow as pa
import pytest

from mssql_starrocks.sandbox.sqlserver import LocalServer, SqlServer
from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks_tests.sandbox.sqlserver.conftest import PASSWORD

ROWS = 70_000  # more than one batch of the encoder
TABLE = "CREATE TABLE dbo.{} (id int IDENTITY PRIMARY KEY, name nvarchar(50), price decimal(12,3), at datetime2)"
READ = "SELECT id, name, price, at FROM dbo.{}"


@pytest.fixture(scope="module")
def replaying(certificate) -> Iterator[SqlServer]:
    """Two equal tables: `one` is replayed, `two` is live."""
    ids = range(1, ROWS + 1)
    data = pa.table(
        {
            "id": pa.array(ids, pa.int32()),
            "name": pa.array([None if i % 9 == 0 else f"näme {i % 977}" * (i % 3) for i in ids]),
            "price": pa.array([i * 10 - 350_000 for i in ids], pa.int64()),
            "at": pa.array([i * 1_000_003 for i in ids], pa.timestamp("us")),
        }
    )
    with SqlServer(users={"sa": PASSWORD}, certificate=certificate, encryption="optional") as server:
        for name in ("one", "two"):
            server.execute(TABLE.format(name))
            server.load_table("dbo", name, {n: n for n in data.column_names}, data)
        server.replay("dbo.one")
        yield server


def fetch(server: SqlServer, sql: str, *, encrypt: str, packet: int = 4096) -> pa.Table:
    text = f"Server=localhost,{server.port};Database=Company;UID=sa;PWD={PASSWORD};TrustServerCertificate=yes"
    with mssql_python.connect(f"{text};Encrypt={encrypt};PacketSize={packet}", autocommit=True) as link:
        return link.cursor().execute(sql).arrow()


@pytest.mark.parametrize("encrypt", ["yes", "no"])
@pytest.mark.parametrize("where", ["", " WHERE id > 60000", " WHERE id >= 100 AND id < 65700", " WHERE id < 0"])
def test_same_rows(replaying, encrypt, where):
    live = fetch(replaying, READ.format("two") + where, encrypt=encrypt)
    for _ in ("recorded", "replayed"):
        assert fetch(replaying, READ.format("one") + where, encrypt=encrypt).equals(live)
    assert live.num_rows == {"": ROWS, " WHERE id > 60000": 10_000, " WHERE id < 0": 0}.get(where, 65_600)


@pytest.mark.parametrize("size", [512, 4096, 32767])
@pytest.mark.parametrize("start", ["", "SET LOCK_TIMEOUT 5000; SELECT 1 AS x; "])
def test_same_bytes(replaying, size, start):
    live = raw_reply(replaying, start + READ.format("two"), size)
    assert len(live) > 2_000_000
    assert raw_reply(replaying, start + READ.format("one"), size) == live
    assert raw_reply(replaying, start + READ.format("one"), size) == live


def test_connection_goes_on_after_a_replay(replaying):
    text = f"Server=localhost,{replaying.port};Database=Company;UID=sa;PWD={PASSWORD};TrustServerCertificate=yes"
    with mssql_python.connect(text, autocommit=True) as link:
        cursor = link.cursor()
        for _ in range(2):
            assert len(cursor.execute(READ.format("one")).fetchall()) == ROWS
            assert cursor.execute("SELECT @@ROWCOUNT AS n").fetchall()[0][0] == ROWS
            assert cursor.execute("SELECT count(*) AS n FROM dbo.one").fetchall()[0][0] == ROWS


def test_what_time_changes_is_never_replayed(replaying):
    sql = "SELECT TOP 1 SYSUTCDATETIME() AS now FROM dbo.one"
    first, second = (fetch(replaying, sql, encrypt="no")["now"][0].as_py() for _ in range(2))
    assert first < second


@pytest.mark.parametrize(
    "sql", ["DELETE FROM dbo.one", "INSERT INTO dbo.two (name) VALUES ('x')", "CREATE TABLE dbo.t (a int)"]
)
def test_nothing_changes(replaying, sql):
    with pytest.raises(SqlError, match="a change while a table is replayed"):
        replaying.execute(sql)


def test_not_with_connections(replaying):
    with socket.create_connection((replaying.host, replaying.port)) as link:
        login(link, 4096)
        with pytest.raises(SqlError, match="without connections"):
            replaying.replay("dbo.two")


def test_recorded_once_per_statement_and_packet_size():
    with LocalServer(users={"sa": PASSWORD}, certificate=None, encryption="off") as server:
        server.execute(TABLE.format("one") + "; INSERT INTO dbo.one (name) VALUES ('a')")
        server.replay("dbo.one")
        chunk = "SELECT CONVERT(char(36), [name]) AS [n] FROM [dbo].[one] WHERE [id] > CAST(N'0' AS int)"
        wide = "SELECT id FROM [dbo].[ONE] WHERE id > 0"
        for size in (512, 512, 4096):
            for sql in (READ.format("one"), wide, chunk, "SELECT max(id) m FROM dbo.one"):
                raw_reply(server, sql, size)
        assert server.engine.replay.recordings == 6


def raw_reply(server: SqlServer, sql: str, size: int) -> bytes:
    """The packets of one reply, headers included, over plain TCP."""
    with socket.create_connection((server.host, server.port)) as link:
        login(link, size)
        send(link, 1, struct.pack("<IIHQI", 22, 18, 2, 0, 1) + sql.encode("utf-16-le"))
        return message(link)


def login(link: socket.socket, size: int) -> None:
    send(link, 18, struct.pack(">BHHB", 1, 6, 1, 255) + b"\2")
    message(link)
    secret = bytes(((x << 4 | x >> 4) & 255) ^ 0xA5 for x in PASSWORD.encode("utf-16-le"))
    texts = [t.encode("utf-16-le") for t in ("raw", "sa", "", "raw", "", "", "raw", "", "Company")]
    texts[2] = secret
    table, data = b"", b""
    for text in texts:
        table += struct.pack("<HH", 94 + len(data), len(text) // 2)
        data += text
    table += bytes(6) + struct.pack("<HH", 94 + len(data), 0) * 3 + bytes(4)
    body = struct.pack("<IIIII", 0x74000004, size, 7, 1, 0) + bytes([0xE0, 3, 0, 0]) + bytes(8) + table + data
    send(link, 16, struct.pack("<I", len(body) + 4) + body)
    message(link)


def send(link: socket.socket, kind: int, body: bytes) -> None:
    link.sendall(struct.pack(">BBHHBB", kind, 1, len(body) + 8, 0, 1, 0) + body)


def message(link: socket.socket) -> bytes:
    out = bytearray()
    while True:
        header = exact(link, 8)
        out += header + exact(link, struct.unpack(">H", header[2:4])[0] - 8)
        if header[1] & 1:
            return bytes(out)


def exact(link: socket.socket, count: int) -> bytes:
    out = bytearray()
    while len(out) < count:
        found = link.recv(count - len(out))
        assert found, "the server closed the connection"
        out += found
    return bytes(out)
