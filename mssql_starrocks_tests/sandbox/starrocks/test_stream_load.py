"""The stand-in's HTTP against what the documentation and the code of StarRocks say (facts/starrocks.md 4.2)."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.conftest import PASSWORD, Client

OK = {"label": "l", "db": "db", "table": "t"}


def ask(
    server: StarRocks, method: str, path: str, body: bytes = b"", password: str = PASSWORD, **headers: str
) -> tuple[int, dict[str, Any]]:
    """As a careful client does it: the 307 followed by hand, the password sent again."""
    port = server.http_port
    while True:
        connection = http.client.HTTPConnection(server.host, port, timeout=20)
        token = base64.b64encode(f"root:{password}".encode()).decode()
        connection.request(method, path, body, {"Authorization": f"Basic {token}", **headers})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if response.status != 307:
            return response.status, json.loads(text) if text.startswith("{") else {"text": text}
        target = urlsplit(response.headers["Location"])
        port, path = target.port or 0, target.path


def put(server: StarRocks, body: bytes, table: str = "t", **headers: str) -> dict[str, Any]:
    headers = {name.replace("__", "-"): value for name, value in headers.items()}
    return ask(server, "PUT", f"/api/db/{table}/_stream_load", body, **{"Expect": "100-continue"}, **headers)[1]


def step(server: StarRocks, name: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    method = "PUT" if name == "load" else "POST"
    return ask(server, method, f"/api/transaction/{name}", body, **{**OK, **headers})[1]


@pytest.fixture
def table(client: Client) -> Client:
    client.rows("CREATE TABLE t (id INT NULL, v VARCHAR(6) NULL)")
    return client


def test_the_front_end_redirects_and_the_back_end_asks_for_the_password_again(server: StarRocks, table: Client) -> None:
    assert ask(server, "PUT", "/api/db/t/_stream_load", b"", password="no", Expect="100-continue")[0] == 401
    answer = put(server, b"1\tx\n")
    assert (answer["Status"], answer["NumberLoadedRows"]) == ("Success", 1)
    assert table.rows("SELECT * FROM t") == [(1, "x")]


def test_without_expect_nothing_is_loaded(server: StarRocks, table: Client) -> None:
    status, answer = ask(server, "PUT", "/api/db/t/_stream_load", b"1\tx\n")
    assert (status, answer["Status"]) == (200, "FAILED")
    assert answer["Message"].endswith("There is no 100-continue header")


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"1\ta\n2\tb", {}, [(1, "a"), (2, "b")]),
        (b"1\t\\N\n\\N\t\n", {}, [(1, None), (None, "")]),
        (b"\n1\ta\n\n", {}, [(1, "a")]),
        (b"1\x01a\tb\n\x02", {"column_separator": "\\x01", "row_delimiter": "\\x02"}, [(1, "a\tb\n")]),
        (b"h\n1,a\n", {"column_separator": ",", "skip_header": "1"}, [(1, "a")]),
        (b"x,1,y\n", {"column_separator": ",", "columns": "v, id, other"}, [(1, "x")]),
        (b"a,1\n", {"column_separator": ",", "columns": "w, id, v=upper(w)", "timezone": "UTC"}, [(1, "A")]),
        (b"1,6162\n", {"column_separator": ",", "columns": "id, `h`, `v`=concat(h, '!')", "timezone": "UTC"},
         [(1, "6162!")]),
        (b'{"id": 1, "v": "a\\tb"} {"v": null, "id": 2}\n{"x": 1}', {"format": "json"},
         [(1, "a\tb"), (2, None), (None, None)]),
        (b'[{"id": 1, "v": "\\\\N"}, {"id": "2", "v": 7}]', {"format": "json", "strip_outer_array": "true"},
         [(1, "\\N"), (2, "7")]),
        (b'{"a": 5, "b": true}', {"format": "json", "jsonpaths": '["$.a", "$.b"]'}, [(5, "1")]),
    ],
)  # fmt: skip
def test_rows_are_read(
    server: StarRocks, table: Client, body: bytes, headers: dict[str, str], expected: list[tuple[Any, ...]]
) -> None:
    assert put(server, body, **headers)["Message"] == "OK"
    assert sorted(table.rows("SELECT * FROM t"), key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1,'a,b'\n", "a,b"),
        (b"'1','a\nb'\n", "a\nb"),
        (b"1,'a''b'", "a'b"),
        (b"1,a\\,b\n\n", "a,b"),
        (b"1,'\\'\\\\'\n", "'\\"),
        (b"1,''\n", ""),
        (b"1,'NULL'\n", "NULL"),
    ],
)
def test_signs_around_a_value_are_no_part_of_it(
    server: StarRocks, table: Client, body: bytes, expected: str | None
) -> None:
    assert put(server, body, enclose="'", escape="\\", column_separator=",")["Message"] == "OK"
    assert table.rows("SELECT * FROM t") == [(1, expected)]


def test_null_is_null_also_between_signs(server: StarRocks, table: Client) -> None:
    """be/src/formats/csv/nullable_converter.cpp compares after the signs are gone."""
    assert put(server, b"1,'\\N'\n", enclose="'", column_separator=",")["Message"] == "OK"
    assert table.rows("SELECT * FROM t") == [(1, None)]


@pytest.mark.parametrize("row", [b"abc\tx", b"3000000000\tx", b"1\ttoo long", b"1", b"1\ta\tb", b"1\t\xff"])
def test_a_row_that_does_not_fit_is_filtered(server: StarRocks, table: Client, row: bytes) -> None:
    """docs.starrocks.io strict_mode; VARCHAR counts bytes."""
    answer = put(server, b"1\ta\n" + row + b"\n", strict_mode="true")
    assert (answer["Status"], answer["Message"], answer["NumberFilteredRows"]) == ("Fail", "too many filtered rows", 1)
    assert table.rows("SELECT * FROM t") == []
    url = urlsplit(answer["ErrorURL"])
    connection = http.client.HTTPConnection(server.host, url.port or 0)
    token = base64.b64encode(f"root:{PASSWORD}".encode()).decode()
    connection.request("GET", f"{url.path}?{url.query}", headers={"Authorization": f"Basic {token}"})
    assert connection.getresponse().read().startswith(b"Error: ")
    connection.close()
    assert put(server, b"1\ta\n" + row + b"\n", strict_mode="true", max_filter_ratio="0.5")["NumberLoadedRows"] == 1


def test_what_is_not_strict_is_null(server: StarRocks, table: Client) -> None:
    assert put(server, b"abc\tx\n")["Status"] == "Success"
    assert table.rows("SELECT * FROM t") == [(None, "x")]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"1.5\tx\n", {}),
        (b" 1\tx\n", {}),
        (b"1\tx\n", {"where": "id > 0"}),
        (b"1\tx\n", {"partial_update": "true"}),
        (b"1\tx\t0\n", {"columns": "id, v, __op"}),
        (b"1\tx'y\n", {"enclose": "'"}),
        (b"1\t'''x'\n", {"enclose": "'"}),
        (b"1\t'x'y\n", {"enclose": "'"}),
        (b"1\t'x\n", {"enclose": "'"}),
        (b"1\tx\\y\n", {"escape": "\\"}),
        (b"1\t\\N\n", {"escape": "\\"}),
        (b"1\tx\n", {"columns": "id, w, v=concat(id, w)"}),
        (b"1\tx\n", {"columns": "id, w, v=upper(w)"}),  # the default time zone is Asia/Shanghai
        (b'{"id": [1]}', {"format": "json"}),
    ],
)
def test_what_cannot_be_done_exactly_is_refused(
    server: StarRocks, table: Client, body: bytes, headers: dict[str, str]
) -> None:
    answer = put(server, body, **headers)
    assert answer["Status"] == "Fail"
    assert "not supported by the sandbox" in answer["Message"]
    assert table.rows("SELECT * FROM t") == []


def test_bytes_go_through_a_function(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE b (id INT NULL, b VARBINARY(4) NULL, j JSON NULL)")
    sent = {"columns": "id, h, k, b=to_binary(h, 'hex'), j=parse_json(k)", "strict_mode": "true", "timezone": "UTC"}
    body = b'1\t00FF\t{"b": 1, "a": "x"}\n2\t\t\\N\n3\t\\N\t[1]\n'
    assert put(server, body, "b", **sent)["Message"] == "OK"
    rows = client.rows("SELECT id, hex(b), j FROM b ORDER BY id")
    assert rows == [(1, "00FF", '{"a": "x", "b": 1}'), (2, "", None), (3, None, "[1]")]
    assert "not supported by the sandbox" in put(server, b"1\t00FF\t\\N\n", "b")["Message"]


def test_a_row_may_delete(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE k (id INT NOT NULL, v VARCHAR(6) NULL) PRIMARY KEY (id)")
    assert put(server, b"1\ta\n2\tb\n3\tc\n", "k")["Message"] == "OK"
    assert put(server, b"1\tx\t0\n2\t\\N\t1\n9\t\\N\t1\n", "k", columns="id, v, __op")["Message"] == "OK"
    assert client.rows("SELECT * FROM k ORDER BY id") == [(1, "x"), (3, "c")]
    assert put(server, b"3\t\\N\n", "k", columns="id, v, __op='1'")["Message"] == "OK"
    assert client.rows("SELECT * FROM k ORDER BY id") == [(1, "x")]


@pytest.mark.parametrize(("text", "loads"), [("1.5e-10", True), ("0.1", False)])
def test_a_float_in_csv_needs_an_exponent(server: StarRocks, client: Client, text: str, loads: bool) -> None:
    client.rows("CREATE TABLE f (id INT NULL, d DOUBLE NULL)")
    assert (put(server, f"1\t{text}\n".encode(), "f")["Status"] == "Success") is loads
    assert put(server, f'{{"id": 1, "d": {text}}}'.encode(), "f", format="json")["Status"] == "Success"
    assert client.value("SELECT max(d) FROM f") == float(text)


def test_a_label_works_once(server: StarRocks, table: Client) -> None:
    assert put(server, b"abc\tx\n", label="once", strict_mode="true")["Status"] == "Fail"
    assert put(server, b"1\tx\n", label="once")["Status"] == "Success"
    answer = put(server, b"2\tx\n", label="once")
    assert (answer["Status"], answer["ExistingJobStatus"]) == ("Label Already Exists", "FINISHED")
    assert table.value("SELECT count(*) FROM t") == 1
    assert ask(server, "GET", "/api/db/get_load_state?label=once")[1]["state"] == "VISIBLE"
    assert ask(server, "GET", "/api/db/get_load_state?label=never")[1]["state"] == "UNKNOWN"


def test_a_transaction_is_seen_at_its_commit(server: StarRocks, table: Client) -> None:
    assert step(server, "begin")["Status"] == "OK"
    assert step(server, "begin")["Status"] == "LABEL_ALREADY_EXISTS"
    for body in (b"1\ta\n2\t", b"b\n"):  # CSV is one stream over all loads
        assert step(server, "load", body)["Status"] == "OK"
    found = step(server, "prepare")
    assert (found["Status"], found["NumberLoadedRows"], table.value("SELECT count(*) FROM t")) == ("OK", 2, 0)
    assert step(server, "commit")["Status"] == "OK"
    assert table.rows("SELECT * FROM t ORDER BY id") == [(1, "a"), (2, "b")]
    assert step(server, "commit")["Message"] == "Transaction already commited"
    assert step(server, "load", b"3\tc\n")["Status"] == "FAILED"


def test_a_transaction_ends_with_what_fails_in_it(server: StarRocks, table: Client) -> None:
    step(server, "begin")
    step(server, "load", b"abc\tx\n", strict_mode="true")
    assert step(server, "prepare")["Message"] == "too many filtered rows"
    assert step(server, "commit")["Status"] == "TXN_NOT_EXISTS"
    step(server, "begin")
    step(server, "load", b"1\tx\n")
    assert step(server, "load", b"2\tx\n", strict_mode="true")["Message"] == "load request not equal last."
    assert ask(server, "GET", "/api/db/get_load_state?label=l")[1]["state"] == "ABORTED"
    step(server, "begin")
    step(server, "load", b"1\tx\n")
    assert step(server, "rollback")["Status"] == "OK"
    assert table.rows("SELECT * FROM t") == []


def test_a_delayed_commit_is_not_seen_before(server: StarRocks, table: Client) -> None:
    server.faults.publish_timeout("late", polls=2)
    assert put(server, b"1\tx\n", label="late")["Status"] == "Publish Timeout"
    states = []
    for _ in range(2):
        states.append(table.value("SELECT count(*) FROM t"))
        states.append(ask(server, "GET", "/api/db/get_load_state?label=late")[1]["state"])
    assert [*states, table.value("SELECT count(*) FROM t")] == [0, "COMMITTED", 0, "VISIBLE", 1]


@pytest.mark.parametrize(
    ("headers", "said"),
    [({"db": "", "label": "l"}, "No database selected"), ({"db": "db", "label": ""}, "Empty label")],
)
def test_a_transaction_needs_its_names(server: StarRocks, headers: dict[str, str], said: str) -> None:
    assert said in step(server, "begin", **headers)["Message"]


def test_a_user_needs_insert(server: StarRocks, table: Client) -> None:
    table.rows("DROP USER IF EXISTS reader")
    table.rows(f"CREATE USER reader IDENTIFIED BY '{PASSWORD}'")
    token = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()
    connection = http.client.HTTPConnection(server.host, server.backend_port)
    connection.request("PUT", "/api/db/t/_stream_load", b"1\tx\n", {"Authorization": f"Basic {token}"})
    assert "INSERT privilege" in json.loads(connection.getresponse().read())["Message"]
    connection.close()
