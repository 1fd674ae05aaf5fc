"""sql_variant of every base type: kept without loss, cast to its base type and to text (CAST and CONVERT, styles)."""

import datetime
from decimal import Decimal
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

# value, base type, its text by BY_TYPE, its text by CONVERT(nvarchar(4000), v), precision, scale, length in bytes
VALUES: list[tuple[str, str, str, str, int, int, int]] = [
    ("CAST(255 AS tinyint)", "tinyint", "255", "255", 3, 0, 1),
    ("CAST(-32768 AS smallint)", "smallint", "-32768", "-32768", 5, 0, 2),
    ("2147483647", "int", "2147483647", "2147483647", 10, 0, 4),
    ("CAST(-9223372036854775808 AS bigint)", "bigint", "-9223372036854775808", "-9223372036854775808", 19, 0, 8),
    ("CAST(1 AS bit)", "bit", "1", "1", 1, 0, 1),
    ("CAST('-12345678901234567890.123456789012345678' AS decimal(38,18))", "decimal",
     "-12345678901234567890.123456789012345678", "-12345678901234567890.123456789012345678", 38, 18, 17),
    ("CAST(0.5 AS numeric(5,5))", "numeric", "0.50000", "0.50000", 5, 5, 5),
    ("CAST('-922337203685477.5808' AS money)", "money", "-922337203685477.5808", "-922337203685477.58", 19, 4, 8),
    ("CAST('214748.3647' AS smallmoney)", "smallmoney", "214748.3647", "214748.36", 10, 4, 4),
    ("CAST(0.1 AS float)", "float", "1.0000000000000001e-001", "0.1", 53, 0, 8),
    ("1.7976931348623157e308", "float", "1.7976931348623157e+308", "1.79769e+308", 53, 0, 8),
    ("CAST(0.1 AS real)", "real", "1.0000000149011612e-001", "0.1", 24, 0, 4),
    ("CAST('0001-01-01' AS date)", "date", "0001-01-01", "0001-01-01", 10, 0, 3),
    ("CAST('23:59:59.1234567' AS time(7))", "time", "23:59:59.1234567", "23:59:59.1234567", 16, 7, 5),
    ("CAST('12:00:00.5' AS time(1))", "time", "12:00:00.5000000", "12:00:00.5", 10, 1, 3),
    ("CAST('2079-06-06T23:59:00' AS smalldatetime)", "smalldatetime",
     "2079-06-06 23:59:00", "Jun  6 2079 11:59PM", 16, 0, 4),
    ("CAST('9999-12-31T23:59:59.997' AS datetime)", "datetime",
     "9999-12-31 23:59:59.997", "Dec 31 9999 11:59PM", 23, 3, 8),
    ("CAST('0001-01-01 00:00:00.0000001' AS datetime2(7))", "datetime2", "0001-01-01 00:00:00.0000001",
     "0001-01-01 00:00:00.0000001", 27, 7, 8),
    ("CAST('2024-03-10 08:00' AS datetime2(0))", "datetime2",
     "2024-03-10 08:00:00.0000000", "2024-03-10 08:00:00", 19, 0, 6),
    ("CAST('2024-03-10 08:00:00.1234567 -08:30' AS datetimeoffset(7))", "datetimeoffset",
     "2024-03-10 08:00:00.1234567 -08:30", "2024-03-10 08:00:00.1234567 -08:30", 34, 7, 10),
    ("CAST('ab' AS char(5))", "char", "ab   ", "ab   ", 0, 0, 5),
    ("CAST('Zoë €' AS varchar(20))", "varchar", "Zoë €", "Zoë €", 0, 0, 20),
    ("CAST(N'漢' AS nchar(3))", "nchar", "漢  ", "漢  ", 0, 0, 6),
    ("CAST(N'😀' AS nvarchar(50))", "nvarchar", "😀", "😀", 0, 0, 100),
    ("CAST(0xFF AS binary(4))", "binary", "0xFF000000", "ÿ\0", 0, 0, 4),
    ("CAST(0x4100 AS varbinary(8))", "varbinary", "0x4100", "A", 0, 0, 8),
    ("CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier)", "uniqueidentifier",
     "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6F9619FF-8B86-D011-B42D-00C04FC964FF", 0, 0, 16),
]  # fmt: skip
STYLES = {
    "float": ("float", 3), "real": ("real", 3), "money": ("money", 2), "smallmoney": ("smallmoney", 2),
    "varbinary": ("varbinary(8000)", 1), "binary": ("varbinary(8000)", 1), "datetime2": ("datetime2(7)", 121),
    "datetime": ("datetime", 121), "smalldatetime": ("smalldatetime", 121), "time": ("time(7)", 121),
    "datetimeoffset": ("datetimeoffset(7)", 121), "date": ("date", 23),
}  # fmt: skip
WHENS = " ".join(f"WHEN N'{b}' THEN CONVERT(nvarchar(max), CAST(v AS {t}), {s})" for b, (t, s) in STYLES.items())
BY_TYPE = (
    f"CASE CAST(SQL_VARIANT_PROPERTY(v, 'BaseType') AS nvarchar(128)) {WHENS} "
    "ELSE CONVERT(nvarchar(max), CONVERT(nvarchar(4000), v)) END"
)


@pytest.fixture(scope="module")
def variants(server: SqlServer) -> SqlServer:
    server.execute("CREATE TABLE variants (id int NOT NULL, v sql_variant NULL)")
    for number, (text, *_) in enumerate(VALUES):
        server.execute(f"INSERT INTO variants VALUES ({number}, {text})")
    server.execute("INSERT INTO variants VALUES (1000, NULL)")
    return server


@pytest.mark.parametrize("driver", ["connect", "connect_odbc"])
def test_text_of_every_base_type(request: Any, variants: SqlServer, driver: str) -> None:
    cursor = request.getfixturevalue(driver)().cursor()
    cursor.execute(f"SELECT {BY_TYPE}, CONVERT(nvarchar(4000), v) FROM variants ORDER BY id")
    assert [tuple(row) for row in cursor.fetchall()] == [*((v[2], v[3]) for v in VALUES), (None, None)]


def test_properties(connect: Any, variants: SqlServer) -> None:
    cursor = connect().cursor()
    names = {"BaseType": "sysname", "Precision": "int", "Scale": "int", "MaxLength": "int"}
    listed = ", ".join(f"CAST(SQL_VARIANT_PROPERTY(v, '{name}') AS {kind})" for name, kind in names.items())
    cursor.execute(f"SELECT {listed} FROM variants ORDER BY id")
    assert cursor.fetchall() == [*((v[1], *v[4:]) for v in VALUES), (None,) * 4]
    cursor.execute("SELECT DISTINCT CAST(SQL_VARIANT_PROPERTY(v, 'Collation') AS sysname) FROM variants")
    assert sorted(cursor.fetchall(), key=str) == [("SQL_Latin1_General_CP1_CI_AS",), (None,)]
    with pytest.raises(pymssql.Error, match="TotalBytes|totalbytes"):
        cursor.execute("SELECT CAST(SQL_VARIANT_PROPERTY(v, 'TotalBytes') AS int) FROM variants")


def one(cursor: Any, value: str, kind: str) -> Any:
    cursor.execute(f"SELECT CAST(CAST({value} AS sql_variant) AS {kind})")
    return cursor.fetchone()[0]


def test_cast_to_another_type_of_the_group(connect: Any) -> None:
    cursor = connect().cursor()
    assert one(cursor, "CAST(-2.5 AS decimal(9,3))", "int") == -2  # decimal to int truncates
    assert one(cursor, "CAST(2.675 AS decimal(9,3))", "decimal(9,2)") == Decimal("2.68")
    assert one(cursor, "CAST(5 AS tinyint)", "float") == 5.0
    assert one(cursor, "CAST(7 AS bigint)", "bit") is True
    assert one(cursor, "CAST(1.5 AS money)", "decimal(9,1)") == Decimal("1.5")
    assert one(cursor, "CAST('2024-02-29T13:14:15' AS datetime)", "date") == datetime.date(2024, 2, 29)
    assert one(cursor, "CAST('2024-02-29 13:14:15.1234567' AS datetime2)", "datetime2(3)") == datetime.datetime(
        2024, 2, 29, 13, 14, 15, 123000
    )
    assert one(cursor, "N'abc'", "varchar(2)") == "ab"
    with pytest.raises(pymssql.Error, match="8115|overflow"):
        one(cursor, "CAST(3000000000 AS bigint)", "int")
    with pytest.raises(pymssql.Error, match="sql_variant of date to int"):
        one(cursor, "CAST('2024-02-29' AS date)", "int")


def test_what_a_variant_cannot_hold(connect: Any, variants: SqlServer) -> None:
    cursor = connect().cursor()
    for value in ("CAST('a' AS varchar(max))", "CAST(N'<a/>' AS xml)"):
        with pytest.raises(pymssql.Error, match="206|clash"):
            cursor.execute(f"INSERT INTO variants VALUES (2000, {value})")
    variants.execute("CREATE TABLE whole (n int)")
    with pytest.raises(pymssql.Error, match="Implicit conversion from data type sql_variant"):
        cursor.execute("INSERT INTO whole SELECT v FROM variants")


def test_text_of_more_than_4000_characters_is_whole(connect: Any) -> None:
    cursor = connect().cursor()
    cursor.execute("CREATE TABLE longest_variant (v sql_variant)")
    cursor.execute("INSERT INTO longest_variant VALUES (REPLICATE('x', 8000))")
    cursor.execute("SELECT DATALENGTH(CAST(v AS varchar(8000))), LEN(CAST(v AS nvarchar(4000))) FROM longest_variant")
    assert cursor.fetchone() == (8000, 4000)
