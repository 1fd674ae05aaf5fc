"""Halves of surrogate pairs: nvarchar is a row of UTF-16 code units and holds them (nchar and nvarchar, NCHAR)."""

import hashlib
import re
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

_HALF = re.compile("[\ud800-\udfff]")
HIGH, LOW = "3dd8", "00de"  # U+D83D and U+DE00, little-endian; together U+1F600
VALUES = {
    1: ("N'a' + NCHAR(0xD83D) + N'b'", f"6100{HIGH}6200"),
    2: ("NCHAR(0xDE00)", LOW),
    3: ("NCHAR(0xDE00) + NCHAR(0xD83D)", LOW + HIGH),
    4: ("NCHAR(0xD83D) + NCHAR(0xDE00)", HIGH + LOW),
    5: ("N'😀'", HIGH + LOW),
    6: ("SUBSTRING(N'x😀', 1, 2)", f"7800{HIGH}"),
    7: ("REPLACE(NCHAR(0xD83D) + N'-' + NCHAR(0xDE00), N'-', N'')", HIGH + LOW),
    8: ("NCHAR(55296) + N'é' + NCHAR(57343)", "00d8e900ffdf"),
    9: ("NULL", None),
}


@pytest.fixture(scope="module")
def halves(server: SqlServer) -> str:
    server.execute(
        "CREATE TABLE halves (id int NOT NULL, v nvarchar(10) NULL, b nvarchar(10) COLLATE Latin1_General_BIN2 NULL, "
        "m nvarchar(max) NULL, f nchar(4) NULL)"
    )
    for number, (text, _) in VALUES.items():
        server.execute(f"INSERT INTO halves VALUES ({number}, {text}, {text}, {text}, {text})")
    return "SELECT v, m FROM halves ORDER BY id"


def test_code_units(connect: Any, halves: str) -> None:
    cursor = connect().cursor()
    cursor.execute(
        "SELECT CAST(v AS varbinary(20)), CAST(m AS varbinary(20)), HASHBYTES('MD5', v), DATALENGTH(v), LEN(v), "
        "CAST(f AS varbinary(20)) FROM halves ORDER BY id"
    )
    for row, (_, digits) in zip(cursor.fetchall(), VALUES.values(), strict=True):
        raw = None if digits is None else bytes.fromhex(digits)
        if raw is None:
            assert set(row) == {None}
            continue
        padded = raw + b" \0" * ((8 - len(raw)) // 2)
        assert row == (raw, raw, hashlib.md5(raw).digest(), len(raw), len(raw) // 2, padded)


def test_on_the_wire(connect_odbc: Any, connect: Any, halves: str, server: SqlServer) -> None:
    """Drivers make text of it: mssql-python's Arrow path shows U+FFFD for a half, FreeTDS '?'."""
    raw = [None if digits is None else bytes.fromhex(digits) for _, digits in VALUES.values()]
    python = [None if r is None else r.decode("utf-16-le", "surrogatepass") for r in raw]
    assert [row[0] for row in server.execute(halves)] == python
    cursor = connect_odbc().cursor()
    cursor.execute(halves)
    table = cursor.arrow()
    shown = [None if text is None else "".join(_HALF.sub("\ufffd", text)) for text in python]
    assert table.column(0).to_pylist() == table.column(1).to_pylist() == shown
    plain = connect().cursor()
    plain.execute("SELECT v FROM halves ORDER BY id")
    assert [row[0] for row in plain.fetchall()][:2] == ["a?b", "?"]


def test_compared_by_code_units(connect: Any, halves: str) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT id FROM halves WHERE b = N'a' + NCHAR(0xD83D) + N'b'")
    assert cursor.fetchall() == [(1,)]
    cursor.execute("SELECT id FROM halves WHERE b = NCHAR(0xD83D) + NCHAR(0xDE00) ORDER BY id")
    assert cursor.fetchall() == [(4,), (5,), (7,)]
    with pytest.raises(pymssql.Error, match="linguistic"):  # no weight in version 80 collations
        cursor.execute("SELECT COUNT(*) FROM halves WHERE v = N'a'")


def test_code_page_text_has_a_question_mark_a_unit(connect: Any, halves: str) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT CAST(v AS varchar(10)) FROM halves WHERE id IN (1, 3, 5) ORDER BY id")
    assert cursor.fetchall() == [("a?b",), ("??",), ("??",)]


def test_sent_by_a_client(connect: Any, connect_odbc: Any) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT NCHAR(233), NCHAR(65536), NCHAR(-1), UNICODE(N'😀'), UNICODE(NCHAR(0xDE00)), ASCII('€')")
    assert cursor.fetchone() == ("é", None, None, 0xD83D, 0xDE00, 0x80)
    with pytest.raises(pymssql.Error, match="private characters"):
        cursor.execute("SELECT N'\U0010f000'")
    odbc = connect_odbc().cursor()
    odbc.execute("SELECT CAST(? AS varbinary(10))", "\U0010ffff")  # the other private characters are free
    assert odbc.fetchone()[0] == "\U0010ffff".encode("utf-16-le")


def test_newid_differs_row_by_row(server: SqlServer, connect: Any) -> None:
    server.execute("CREATE TABLE fresh (id uniqueidentifier NOT NULL DEFAULT NEWID(), n int)")
    server.execute("INSERT INTO fresh (n) VALUES (1), (2); INSERT INTO fresh VALUES (NEWID(), 3), (NEWID(), 4)")
    cursor = connect().cursor()
    cursor.execute("SELECT COUNT(DISTINCT id), MIN(DATALENGTH(id)) FROM fresh")
    assert cursor.fetchone() == (4, 16)
