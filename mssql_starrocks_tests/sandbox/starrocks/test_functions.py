"""Functions the proofs send: values and types as StarRocks' documentation and back end have them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mssql_starrocks_tests.sandbox.starrocks.conftest import Client

MEGABYTE = 1_048_576
FLOAT_TYPE, DOUBLE_TYPE, INT_TYPE, BIGINT_TYPE, JSON_TYPE = 4, 5, 3, 8, 254


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("log2(8)", 3),
        ("log2(0.5)", -1),
        ("log2(-1)", None),
        ("log2(NULL)", None),
        ("floor(log2(abs(CAST(-10 AS DOUBLE))))", 3),
        ("pow(2, 10)", 1024),
        ("power(CAST(0.1 AS DOUBLE), 2)", 0.1 * 0.1),
        ("pow(3, -1)", 1 / 3),
        ("pow(0, -1)", None),
        ("pow(-1, 0.5)", None),
        ("pow(2, 1024)", None),
        ("pow(2, NULL)", None),
        ("CAST(0.1 AS DOUBLE) * CAST(3 AS DOUBLE)", 0.1 * 3),
        ("CAST(pow(2, 62) AS BIGINT)", 2**62),
        ("CAST(pow(2, 63) AS BIGINT)", None),
        ("sign(3.14159)", 1),
        ("sign(-2)", -1),
        ("sign(0)", 0),
        ("sign(NULL)", None),
        ("hex(to_binary('AbAb', 'hex'))", "ABAB"),
        ("hex(to_binary('abc'))", ""),
        ("hex(to_binary('zz', 'HEX'))", ""),
        ("hex(to_binary('é', 'utf8'))", "C3A9"),
        ("hex(to_binary('U1RBUlJPQ0tT', 'encode64'))", "53544152524F434B53"),
        ("to_binary(NULL, 'hex')", None),
        ('json_length(parse_json(\'{"a": [1, 2, 3], "b": 2}\'))', 2),
        ("json_length(parse_json('[]'))", 0),
        ("json_length(parse_json('1'))", 1),
        ("json_length(parse_json('{bad'))", None),
        ("upper(md5('abc'))", "900150983CD24FB0D6963F7D28E17F72"),
        ("sha2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("left('é日x', 2)", "é日"),
        ("if(length('abc') > 2, NULL, 'abc')", None),
        ("ifnull(NULL, 'x')", "x"),
        (f"concat({', '.join(repr(str(at)) for at in range(300))})", "".join(map(str, range(300)))),
    ],
)
def test_values(client: Client, expression: str, expected: Any) -> None:
    assert client.value(f"SELECT {expression}") == expected


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("log2(8)", DOUBLE_TYPE),
        ("pow(2, 3)", DOUBLE_TYPE),
        ("sign(2)", FLOAT_TYPE),
        ("floor(log2(8))", BIGINT_TYPE),
        ("json_length(parse_json('[]'))", INT_TYPE),
        ("parse_json('[]')", JSON_TYPE),
    ],
)
def test_types(client: Client, expression: str, number: int) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}")
        assert cursor.description[0][1] == number


@pytest.mark.parametrize(
    "expression", ["log2(0)", "to_binary('YQ', 'encode64')", "to_binary('YQ==', 'base64')", "bit_length('a')"]
)
def test_what_is_not_certain_is_refused(client: Client, expression: str) -> None:
    assert "not supported by the sandbox" in client.refused(f"SELECT {expression}")[1]


def test_every_power_of_two_is_exact(client: Client) -> None:
    client.rows("CREATE TABLE q (n int)")
    client.rows(f"INSERT INTO q VALUES {', '.join(f'({n})' for n in range(-1074, 1024))}")
    got = dict(client.rows("SELECT n, pow(2, n) FROM q"))
    assert got == {n: math.ldexp(1, n) for n in range(-1074, 1024)}


def test_log2_is_a_quotient_of_logarithms(client: Client) -> None:
    client.rows("CREATE TABLE q (id int, d double)")
    client.rows("INSERT INTO q VALUES (1, 536870912), (2, 0), (3, 1000)")
    rows = client.rows("SELECT d, CASE WHEN d = 0 THEN -1 ELSE floor(log2(abs(d))) END FROM q ORDER BY d")
    assert rows == [(0, -1), (1000, 9), (2.0**29, math.floor(math.log(2.0**29) / math.log(2)))]


def test_queries_in_queries(client: Client) -> None:
    client.rows("CREATE TABLE q (k varchar(10), v int)")
    client.rows("INSERT INTO q VALUES ('00a', 1), ('00b', 2), ('aba', 3), ('ff', 4)")
    assert client.rows(
        "SELECT substr(t.k, 1, 2) AS b, count(*) AS n FROM (SELECT s.k, s.v FROM (SELECT r.k, r.v + 1 AS v FROM "
        "(SELECT q.k, q.v FROM q) AS r) AS s WHERE s.v > 0) AS t WHERE substr(t.k, 1, 2) IN ('00', 'ab') "
        "GROUP BY substr(t.k, 1, 2) ORDER BY b LIMIT 1"
    ) == [("00", 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"b":[1,2.5,-3],"a":{"x":null,"y":true}}', '{"a": {"x": null, "y": true}, "b": [1, 2.5, -3]}'),
        ("[]", "[]"),
        ("{ }", "{}"),
        ('"quo\\"te\\u00e9"', '"quo\\"teé"'),
        ("1", '"1"'),
        ("null", '"null"'),
        ("{star: 1}", None),
        ("[1, ]", None),
        ("[NaN]", None),
        ('{"a": 1} x', None),
    ],
)
def test_json_column(client: Client, text: str, expected: str | None) -> None:
    client.rows("CREATE TABLE s (t varchar(100))")
    client.rows("CREATE TABLE j (id int, j json)")
    with client.connection.cursor() as cursor:
        cursor.execute("INSERT INTO s VALUES (%s)", (text,))
    client.rows("SET sql_mode = 'ONLY_FULL_GROUP_BY,ALLOW_THROW_EXCEPTION'")
    client.rows("INSERT INTO j SELECT 1, parse_json(t) FROM s")
    assert client.value("SELECT j FROM j") == expected


def test_json_cast_throws_when_told_to(client: Client) -> None:
    assert client.value("SELECT CAST('{bad' AS JSON)") is None
    client.rows("SET sql_mode = 'ALLOW_THROW_EXCEPTION'")
    assert "cast to JSON failed" in client.refused("SELECT CAST('{bad' AS JSON)")[1]
    assert client.value("SELECT CAST(NULL AS JSON)") is None


@pytest.mark.parametrize("text", ["[1.0]", "[1e300]", "[-0]", '{"a": 1, "a": 2}', '["\\\\u0001"]', "", "[" * 100_000])
def test_uncertain_json_is_refused(client: Client, text: str) -> None:
    assert "not supported by the sandbox: JSON with" in client.refused(f"SELECT parse_json('{text}')")[1]


@pytest.mark.parametrize(("kind", "value"), [("varchar(1048576)", "repeat('é', {n})"), ("varbinary", "x'{hex}'")])
def test_a_megabyte_fits_and_one_byte_more_does_not(client: Client, kind: str, value: str) -> None:
    client.rows(f"CREATE TABLE m (id int, v {kind})")
    full = value.format(n=MEGABYTE // 2, hex="ab" * MEGABYTE)
    client.rows(f"INSERT INTO m SELECT 1, {full}")
    assert client.rows("SELECT length(v) FROM m") == [(MEGABYTE,)]
    over = f"concat({full}, 'x')" if kind.startswith("varchar") else full[:-1] + "cd'"
    code, text = client.refused(f"INSERT INTO m SELECT 1, {over}")
    assert (code, text[:24]) == (5610, "Insert has filtered data")
    assert client.rows("SELECT count(*) FROM m") == [(1,)]
