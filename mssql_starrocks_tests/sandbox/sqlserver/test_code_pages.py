"""char and varchar under collations with other code pages: bytes on the wire, in hashes and in lengths."""

import hashlib
from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer, collations

# Windows code pages; 0xCF is П in 1251, 0xC3 is Γ in 1253, 0xB3 is ł in 1250, 日 is 93FA in 932, 中 is D6D0 in 936
VALUES = [
    ("varchar(10)", "Cyrillic_General_CI_AS", "Привет", "cff0e8e2e5f2"),
    ("varchar(10)", "Greek_CI_AS", "Γειά", "c3e5e9dc"),
    ("varchar(10)", "Polish_CI_AS", "łódź", "b3f3649f"),
    ("varchar(10)", "Japanese_CI_AS", "日本ｱa", "93fa967bb161"),
    ("varchar(10)", "Chinese_PRC_CI_AS", "中文a", "d6d0cec461"),
    ("varchar(10)", "Latin1_General_CI_AS", "Zoë €", "5a6feb2080"),
    ("varchar(10)", "Latin1_General_CS_AS", "é", "e9"),
    ("varchar(10)", "Latin1_General_BIN2", "ÿ", "ff"),
    ("varchar(10)", "Latin1_General_100_CI_AS_SC_UTF8", "é€😀", "c3a9e282acf09f9880"),
    ("char(6)", "Japanese_CI_AS", "日本", "93fa967b2020"),
    ("char(6)", "Latin1_General_100_CI_AS_SC_UTF8", "é€", "c3a9e282ac20"),
    ("varchar(max)", "Greek_CI_AS", "δ" * 9000, "e4" * 9000),
    ("text", "Chinese_PRC_CI_AS", "汉", "babA"),
]


@pytest.fixture(scope="module")
def pages(server: SqlServer) -> list[str]:
    kinds = ", ".join(f"c{n} {kind} COLLATE {name} NULL" for n, (kind, name, _, _) in enumerate(VALUES))
    server.execute(f"CREATE TABLE pages (id int NOT NULL, {kinds})")
    listed = ", ".join(f"N'{text}'" for _, _, text, _ in VALUES)
    server.execute(f"INSERT INTO pages VALUES (1, {listed}), (2{', NULL' * len(VALUES)})")
    return [f"c{n}" for n in range(len(VALUES))]


def stored(kind: str, text: str) -> str:
    return text + {"日本": "  ", "é€": " "}.get(text, "") if kind == "char(6)" else text


@pytest.mark.parametrize("driver", ["connect", "connect_odbc"])
def test_text_arrives(request: Any, pages: list[str], driver: str) -> None:
    cursor = request.getfixturevalue(driver)().cursor()
    cursor.execute(f"SELECT {', '.join(pages)} FROM pages ORDER BY id")
    full, empty = cursor.fetchall()
    assert list(full) == [stored(kind, text) for kind, _, text, _ in VALUES]
    assert set(empty) == {None}


def test_bytes_and_lengths(connect: Any, pages: list[str]) -> None:
    cursor = connect().cursor()
    for column, (kind, _, _, digits) in zip(pages, VALUES, strict=True):
        raw, source = bytes.fromhex(digits), f"CAST({column} AS varchar(max))" if kind == "text" else column
        cursor.execute(
            f"SELECT CAST({source} AS varbinary(max)), HASHBYTES('MD5', {source}), DATALENGTH({column}) "
            "FROM pages WHERE id = 1"
        )
        assert cursor.fetchone() == (raw, hashlib.md5(raw).digest(), len(raw)), column


def test_collation_on_the_wire() -> None:
    """MS-TDS 2.2.5.1.2: LCID, ignore case, accent, kana, width, binary, binary2, UTF-8, version, sort id."""
    wire = {
        "SQL_Latin1_General_CP1_CI_AS": "0904d00034",
        "Latin1_General_CI_AS": "0904d00000",
        "Latin1_General_CS_AS": "0904c00000",
        "Latin1_General_BIN2": "0904000200",
        "Cyrillic_General_CI_AS": "1904d00000",
        "Greek_CI_AS": "0804d00000",
        "Polish_CI_AS": "1504d00000",
        "Japanese_CI_AS": "1104d00000",
        "Chinese_PRC_CI_AS": "0408d00000",
        "Latin1_General_100_CI_AS_SC_UTF8": "0904d02400",
    }
    assert {name: collations.find(name).wire.hex() for name in wire} == wire


def test_outside_the_code_page(connect: Any, server: SqlServer) -> None:
    server.execute("CREATE TABLE outside (r varchar(9) COLLATE Cyrillic_General_CI_AS, l varchar(9))")
    server.execute("INSERT INTO outside VALUES (N'漢я😀', N'漢я😀')")
    cursor = connect().cursor()
    cursor.execute("SELECT r, l FROM outside")
    assert cursor.fetchone() == ("?я??", "????")
    with pytest.raises(pymssql.Error, match="best-fit"):  # Windows makes it e
        cursor.execute("INSERT INTO outside (r) VALUES (N'é')")


def test_lengths_are_bytes(server: SqlServer) -> None:
    server.execute("CREATE TABLE narrow (j varchar(4) COLLATE Japanese_CI_AS)")
    server.execute("INSERT INTO narrow VALUES (N'日本')")
    with pytest.raises(Exception, match="would be truncated"):
        server.execute("INSERT INTO narrow VALUES (N'日本語')")
    assert server.execute("SELECT LEN(j), LEFT(j, 1), CAST(j AS varchar(2)) FROM narrow") == [(2, "日", "日")]
    with pytest.raises(Exception, match="inside a character"):
        server.execute("SELECT CAST(j AS varchar(3)) FROM narrow")


def test_unique_ignores_case(server: SqlServer) -> None:
    server.execute("CREATE TABLE cases (r varchar(9) COLLATE Cyrillic_General_CI_AS NOT NULL PRIMARY KEY)")
    server.execute("INSERT INTO cases VALUES (N'Привет')")
    with pytest.raises(Exception, match="PRIMARY KEY"):
        server.execute("INSERT INTO cases VALUES (N'ПРИВЕТ')")
    assert server.execute("SELECT COUNT(*) FROM cases WHERE r = N'приВЕТ'") == [(1,)]


def test_unknown_collation_is_refused(server: SqlServer) -> None:
    with pytest.raises(Exception, match="not supported by the sandbox: collation Turkish_CI_AS"):
        server.execute("CREATE TABLE turkish (c varchar(9) COLLATE Turkish_CI_AS)")
