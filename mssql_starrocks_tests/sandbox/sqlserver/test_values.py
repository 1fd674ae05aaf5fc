"""Values of every type, edge by edge, written with SQL and read back by two drivers."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

UTC = datetime.timezone.utc
INDIA = datetime.timezone(datetime.timedelta(minutes=330))
EDGES: list[tuple[str, str, Any]] = [
    ("tinyint", "255", 255),
    ("smallint", "-32768", -32768),
    ("int", "-2147483648", -(2**31)),
    ("bigint", "9223372036854775807", 2**63 - 1),
    ("bit", "1", True),
    ("decimal(38,20)", "-123456789012345678.12345678901234567890", Decimal("-123456789012345678.12345678901234567890")),
    ("money", "-922337203685477.5808", Decimal("-922337203685477.5808")),
    ("smallmoney", "214748.3647", Decimal("214748.3647")),
    ("float", "1.7976931348623157e308", 1.7976931348623157e308),
    ("date", "'0001-01-01'", datetime.date(1, 1, 1)),
    ("date", "'1582-10-10'", datetime.date(1582, 10, 10)),
    ("time(7)", "'23:59:59.999999'", datetime.time(23, 59, 59, 999999)),
    ("datetime", "'1753-01-01T00:00:00'", datetime.datetime(1753, 1, 1)),
    ("datetime", "'9999-12-31T23:59:59.997'", datetime.datetime(9999, 12, 31, 23, 59, 59, 997000)),
    ("smalldatetime", "'2079-06-06T23:59:00'", datetime.datetime(2079, 6, 6, 23, 59)),
    ("datetime2(7)", "'0001-01-01'", datetime.datetime(1, 1, 1)),
    ("datetime2(7)", "'9999-12-31 23:59:59.9999999'", datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    (
        "datetimeoffset(7)",
        "'2024-03-10 08:00:00.123456 +05:30'",
        datetime.datetime(2024, 3, 10, 8, 0, 0, 123456, INDIA),
    ),
    ("uniqueidentifier", "'6f9619ff-8b86-d011-b42d-00c04fc964ff'", uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")),
    ("varchar(10)", "'Zoë €'", "Zoë €"),
    ("varchar(10)", "''", ""),
    ("nvarchar(10)", "N'漢 😀'", "漢 😀"),
    ("nchar(5)", "N'😀a'", "😀a  "),
    ("char(5)", "'ab'", "ab   "),
    ("nvarchar(max)", "REPLICATE(CAST(N'é' AS nvarchar(max)), 700000)", "é" * 700000),
    ("varchar(max)", "REPLICATE(CAST('x' AS varchar(max)), 9000)", "x" * 9000),
    ("varbinary(10)", "0x", b""),
    ("varbinary(max)", "0x00FF", b"\x00\xff"),
    ("binary(4)", "0xFF", b"\xff\0\0\0"),
    ("xml", "N'<a x=\"1\"></a>'", '<a x="1"/>'),
    ("text", "'abc'", "abc"),
    ("ntext", "N'漢'", "漢"),
]


@pytest.fixture(scope="module")
def edges(server: SqlServer) -> str:
    listed = ", ".join(f"c{n} {kind} NULL" for n, (kind, _, _) in enumerate(EDGES))
    server.execute(f"CREATE TABLE edges (id int NOT NULL PRIMARY KEY, {listed})")
    names = ", ".join(f"c{n}" for n in range(len(EDGES)))
    server.execute(f"INSERT INTO edges (id, {names}) VALUES (1, {', '.join(text for _, text, _ in EDGES)})")
    server.execute("INSERT INTO edges (id) VALUES (2)")
    return f"SELECT {names} FROM edges ORDER BY id"


def test_pymssql(connect: Any, edges: str) -> None:
    cursor = connect().cursor()
    cursor.execute(edges)
    full, empty = cursor.fetchall()
    for (kind, text, expected), value in zip(EDGES, full, strict=True):
        assert value == expected, (kind, text[:40])
    assert set(empty) == {None}


def test_arrow_reader(connect_odbc: Any, edges: str) -> None:
    cursor = connect_odbc().cursor()
    cursor.execute(edges)
    table = cursor.arrow()
    for (kind, text, expected), column in zip(EDGES, table.columns, strict=True):
        got = column[0].as_py()
        wanted = str(expected).upper() if isinstance(expected, uuid.UUID) else expected
        assert got == wanted, (kind, text[:40])
        assert column[1].as_py() is None


def test_seventh_digit_survives_in_text(connect: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE digits (d datetime2(7), o datetimeoffset(7), t time(7))")
    server.execute(
        "INSERT INTO digits VALUES ('2024-01-02 03:04:05.1234567', '2024-01-02 03:04:05.1234567 "
        "-08:00', '03:04:05.1234567')"
    )
    cursor = connect().cursor()
    cursor.execute(
        "SELECT CONVERT(varchar(27), d, 121), CONVERT(varchar(34), o, 121), CONVERT(varchar(16), t, 121), "
        "CONVERT(varchar(27), CAST(SWITCHOFFSET(o, '+00:00') AS datetime2(7)), 121), DATEPART(tzoffset, o) FROM digits"
    )
    assert cursor.fetchall() == [
        (
            "2024-01-02 03:04:05.1234567",
            "2024-01-02 03:04:05.1234567 -08:00",
            "03:04:05.1234567",
            "2024-01-02 11:04:05.1234567",
            -480,
        )
    ]


@pytest.mark.parametrize("value", [5, "héllo 😀", Decimal("1.50"), b"\x01\x02", datetime.date(2024, 2, 29), None, 1.5])
def test_parameters_come_back(connect_odbc: Any, value: Any) -> None:
    cursor = connect_odbc().cursor()
    cursor.execute(
        "SELECT CAST(? AS nvarchar(50)) AS t, ? AS v" if not isinstance(value, bytes) else "SELECT 1 AS t, ? AS v",
        *([value] if isinstance(value, bytes) else [value, value]),
    )
    assert cursor.fetchone()[1] == value
