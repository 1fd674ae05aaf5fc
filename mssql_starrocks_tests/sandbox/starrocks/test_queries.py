from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from mssql_starrocks_tests.sandbox.starrocks.conftest import Client


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(CAST(conv(substr(md5(s), 1, 14), 16, 10) AS LARGEINT))", None),
        ("count(*)", 3),
        ("count(s)", 2),
        ("count(DISTINCT g)", 2),
        ("sum(id)", 6),
        ("sum(d)", Decimal("3.75")),
        ("min(s)", "abc"),
        ("max(t)", "2020-01-02 03:04:05.600000"),
        ("any_value(1)", 1),
        ("avg(id)", 2.0),
        ("sum(CAST(id AS LARGEINT))", "6"),
    ],
)
def test_aggregates(client: Client, expression: str, expected: Any) -> None:
    _fill(client)
    got = client.value(f"SELECT {expression} FROM q")
    if expected is None:
        expected = str(sum(int(hashlib.md5(text.encode()).hexdigest()[:14], 16) for text in ("abc", "é日")))
    assert (str(got) if isinstance(expected, str) else got) == expected


def _fill(client: Client) -> None:
    client.rows("DROP TABLE IF EXISTS q")
    client.rows("CREATE TABLE q (id int, g int, s varchar(20), d decimal(10, 2), t datetime, b boolean)")
    client.rows(
        "INSERT INTO q VALUES (1, 1, 'abc', 1.25, '2020-01-02 03:04:05.6', true), (2, 1, 'é日', 2.50, NULL, false), "
        "(3, 2, NULL, NULL, '1999-12-31', NULL)"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(true AS VARCHAR)", "1"),
        ("CAST(CAST(1.0 AS DOUBLE) AS VARCHAR)", "1"),
        ("CAST(1.50 AS VARCHAR)", "1.50"),
        ("CAST(CAST(0.5 AS DECIMAL(2,2)) AS VARCHAR)", "0.50"),
        ("CAST(CAST('2020-01-01 10:00:00.5' AS DATETIME) AS VARCHAR)", "2020-01-01 10:00:00.500000"),
        ("CAST('20200101' AS DATE)", "2020-01-01"),
        ("CAST('0001-02-03' AS DATE)", "0001-02-03"),
        ("CAST(CAST('0001-02-03 00:00:01' AS DATETIME) AS VARCHAR)", "0001-02-03 00:00:01"),
        ("CAST(-1.9 AS INT)", "-1"),
        ("CAST(300 AS TINYINT)", None),
        ("CAST('12abc' AS INT)", None),
        ("CAST(' 12 ' AS INT)", "12"),
        ("CAST('1.9' AS DECIMAL(5,0))", "2"),
        ("concat('a', NULL)", None),
        ("concat_ws('|', 'a', NULL, 'b')", "a|b"),
        ("substr('abcdef', -2)", "ef"),
        ("substr('abc', 0)", ""),
        ("substr('abcdef', 2, 3)", "bcd"),
        ("left('abc', -1)", ""),
        ("length('é日')", "5"),
        ("char_length('é日')", "2"),
        ("hex('abc')", "616263"),
        ("hex(255)", "FF"),
        ("hex(x'41ff')", "41FF"),
        ("unhex('4142')", "AB"),
        ("conv('ff', 16, 10)", "255"),
        ("md5(x'6162')", hashlib.md5(b"ab").hexdigest()),
        ("sha2('abc', 256)", hashlib.sha256(b"abc").hexdigest()),
        ("lpad('7', 3, '0')", "007"),
        ("date_format('2020-03-04 05:06:07.123456', '%Y-%m-%d %H:%i:%s.%f')", "2020-03-04 05:06:07.123456"),
        ("date_format(CAST('0099-03-04' AS DATE), '%Y%m%d')", "00990304"),
        ("date_trunc('month', '2020-03-04')", "2020-03-01 00:00:00"),
        ("datediff('2020-03-01', '2020-02-01')", "29"),
        ("round(2.5)", "3"),
        ("round(-2.345, 2)", "-2.35"),
        ("floor(-1.5)", "-2"),
        ("-5 % 3", "-2"),
        ("1 / 0", None),
        ("1 / 2", "0.5"),
        ("5 div 2", "2"),
        ("2147483647 + 1", "2147483648"),
        ("1.1 + 2.2", "3.3"),
        ("greatest(1, 2, NULL)", None),
        ("bitxor(6, 3)", "5"),
        ("5 & 3", "1"),
        ("NULL <=> NULL", "1"),
        ("2 IN (1, NULL)", None),
        ("'a' = 'A'", "0"),
        ("'a_c' LIKE 'a\\\\_c'", "1"),
        ("if(1 > 2, 'a', 'b')", "b"),
        ("CASE 2 WHEN 1 THEN 'x' WHEN 2 THEN 'y' END", "y"),
        ("nullif('', '')", None),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_expressions(client: Client, expression: str, expected: str | None) -> None:
    client.connection.decoders = {}
    assert client.value(f"SELECT {expression}") == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT octet_length('a')",
        "SELECT nope(1)",
        "SELECT length('a', 'b')",
        "SELECT min(x'41')",
        "SELECT TOP 5 id FROM q",
        "SELECT '5'::int",
        "SELECT id, count(*) FROM q",
        "SELECT nope FROM q",
        "SELECT id FROM q WHERE count(*) > 1",
        "SELECT * FROM (SELECT 1)",
        "SELECT sum(sum(id)) FROM q",
        "SELECT 9223372036854775807 + 1",
        "SELECT id FROM q FOR VERSION AS OF 5",
        "SELECT id FROM q WHERE s = 1 AND s > id",
    ],
)
def test_refused_queries(client: Client, sql: str) -> None:
    _fill(client)
    assert client.refused(sql)[0] in (1064, 1248)


def test_shapes_of_queries(client: Client) -> None:
    _fill(client)
    assert client.rows("SELECT g, count(*) AS n FROM q GROUP BY g HAVING n > 1 ORDER BY n DESC") == [(1, 2)]
    assert client.rows("SELECT upper(s), count(*) FROM q GROUP BY upper(s) ORDER BY 1")[0] == (None, 1)
    assert client.rows("SELECT a.id, b.id FROM q a LEFT JOIN q b ON a.id = b.id + 1 ORDER BY a.id") == [
        (1, None), (2, 1), (3, 2),
    ]  # fmt: skip
    with_cte = "WITH c AS (SELECT id FROM q WHERE id > 1), e (x) AS (SELECT max(id) FROM c) SELECT x FROM e"
    assert client.value(with_cte) == 3
    assert client.rows("SELECT id FROM q WHERE EXISTS (SELECT 1 FROM q z WHERE z.id = q.id + 1) ORDER BY id") == [
        (1,),
        (2,),
    ]
    assert client.rows("SELECT 1 AS n UNION ALL SELECT 3000000000 ORDER BY n DESC LIMIT 1") == [(3000000000,)]
    numbered = (
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY g ORDER BY id DESC) AS rn FROM q) x WHERE rn = 1"
    )
    assert sorted(client.rows(numbered)) == [(2,), (3,)]
    assert client.rows("SELECT id FROM q ORDER BY s, id LIMIT 1 OFFSET 1") == [(1,)]
    assert client.rows("SELECT ID FROM q WHERE (SELECT max(id) FROM q) = Id") == [(3,)]
    assert client.rows("SELECT DISTINCT g FROM q ORDER BY g") == [(1,), (2,)]


def test_full_group_by_goes_away_with_the_mode(client: Client) -> None:
    """facts/starrocks_judged.md A1."""
    _fill(client)
    client.rows("SET sql_mode = 'ALLOW_THROW_EXCEPTION'")
    assert client.value("SELECT count(*) FROM q") == 3
    assert len(client.rows("SELECT id, count(*) FROM q")) == 1


def test_session_variables(client: Client) -> None:
    client.rows("SET time_zone = 'UTC', query_timeout = 77")
    assert client.rows("SELECT @@time_zone, @@query_timeout, database()") == [("UTC", 77, "db")]
    assert client.refused("SET nope = 1")[0] == 1193
    assert client.refused("SET sql_mode = 'NOPE'")[0] == 1231
    assert client.refused("SET time_zone = 'Mars/Base'")[0] == 1298
    assert client.rows("SHOW VARIABLES LIKE 'insert_max_filter_ratio'") == [("insert_max_filter_ratio", "0.0")]


def test_unnamed_columns_are_called_by_their_text(client: Client) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute("SELECT 1 + 1, count(*)  FROM information_schema.tables")
        assert [column[0] for column in cursor.description] == ["1 + 1", "count(*)"]
