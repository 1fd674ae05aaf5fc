from __future__ import annotations

import threading

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.conftest import Client

STRICT = "ONLY_FULL_GROUP_BY,ALLOW_THROW_EXCEPTION,ERROR_IF_OVERFLOW,FORBID_INVALID_DATE"
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_varchar_counts_utf8_bytes(client: Client, text: str) -> None:
    client.rows("DROP TABLE IF EXISTS v")
    client.rows("CREATE TABLE v (id int, s varchar(10))")
    sql = "INSERT INTO v VALUES (1, %s)"
    with client.connection.cursor() as cursor:
        if len(text.encode()) > 10:
            with pytest.raises(pymysql.err.MySQLError) as caught:
                cursor.execute(sql, (text,))
            assert caught.value.args[0] == 5610
            return
        cursor.execute(sql, (text,))
    assert client.rows("SELECT s, length(s), char_length(s) FROM v") == [(text, len(text.encode()), len(text))]


@FEW
@given(label=st.from_regex(r"\A[-\w]{1,20}\Z", fullmatch=True).filter(str.isascii), fails=st.booleans())
def test_a_label_works_once_and_is_free_after_an_abort(client: Client, label: str, fails: bool) -> None:
    client.rows("DROP DATABASE IF EXISTS labels FORCE")
    client.rows("CREATE DATABASE labels")
    client.rows("CREATE TABLE labels.t (id int NOT NULL)")
    if fails:
        client.refused(f"INSERT INTO labels.t WITH LABEL `{label}` VALUES (NULL)")
    client.rows(f"INSERT INTO labels.t WITH LABEL `{label}` VALUES (1)")
    code, text = client.refused(f"INSERT INTO labels.t WITH LABEL `{label}` VALUES (2)")
    assert (code, f"Label [{label}] has already been used." in text) == (1064, True)
    assert client.value("SELECT count(*) FROM labels.t") == 1


def test_a_label_race_has_one_winner(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE race (id int)")
    outcomes: list[bool] = []

    def insert(number: int) -> None:
        racer = Client(server, database="db")
        try:
            racer.rows(f"INSERT INTO race WITH LABEL one_winner VALUES ({number})")
            outcomes.append(True)
        except pymysql.err.MySQLError:
            outcomes.append(False)

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 5 + [True]
    assert client.value("SELECT count(*) FROM race") == 1


def test_filtered_rows_fail_the_load_and_are_explained(client: Client) -> None:
    client.rows("CREATE TABLE n (id int NOT NULL, s varchar(3))")
    code, text = client.refused("INSERT INTO n VALUES (1, 'abc'), (2, '日本'), (NULL, 'x')")
    assert code == 5610
    tracking = text.split("tracking sql = ")[1]
    log = client.value(tracking)
    assert "too long" in log
    assert "NULL value in non-nullable column 'id'" in log
    assert client.value("SELECT count(*) FROM n") == 0
    client.rows("SET insert_max_filter_ratio = 0.7")
    client.rows("INSERT INTO n VALUES (1, 'abc'), (2, '日本'), (NULL, 'x')")
    assert client.rows("SELECT * FROM n") == [(1, "abc")]
    loads = (
        "SELECT filtered_rows, sink_rows FROM information_schema.loads WHERE state = 'FINISHED' AND table_name = 'n'"
    )
    assert client.rows(loads) == [(2, 1)]


def test_casts_give_null_by_default_and_errors_when_told(client: Client) -> None:
    client.rows("CREATE TABLE src (s varchar(20))")
    client.rows("CREATE TABLE dst (i int, d decimal(5, 2), t datetime)")
    client.rows("INSERT INTO src VALUES ('99999999999')")
    insert = "INSERT INTO dst SELECT CAST(s AS INT), CAST(s AS DECIMAL(5,2)), CAST(s AS DATETIME) FROM src"
    client.rows(insert)
    assert client.rows("SELECT * FROM dst") == [(None, None, None)]
    client.rows("SET sql_mode = 'ALLOW_THROW_EXCEPTION'")
    client.refused("INSERT INTO dst (i) SELECT CAST(s AS INT) FROM src")
    client.rows("INSERT INTO dst (d) SELECT CAST(s AS DECIMAL(5,2)) FROM src")
    client.rows(f"SET sql_mode = '{STRICT}'")
    client.refused("INSERT INTO dst (d) SELECT CAST(s AS DECIMAL(5,2)) FROM src")
    assert client.value("SELECT count(*) FROM dst") == 2


def test_primary_key_size_limit(client: Client) -> None:
    """facts/starrocks_judged.md B: inner strings cost two bytes more, the last one is raw."""
    client.rows("CREATE TABLE one (k varchar(500) NOT NULL) PRIMARY KEY (k)")
    client.rows(f"INSERT INTO one VALUES ('{'x' * 128}')")
    assert client.refused(f"INSERT INTO one VALUES ('{'x' * 129}')")[1] == "primary key size exceed the limit."
    client.rows(
        "CREATE TABLE two (a bigint NOT NULL, b varchar(500) NOT NULL, c varchar(500) NOT NULL) PRIMARY KEY (a, b, c)"
    )
    client.rows(f"INSERT INTO two VALUES (1, '{'x' * 100}', '{'y' * 18}')")
    assert "size exceed" in client.refused(f"INSERT INTO two VALUES (1, '{'x' * 101}', '{'y' * 18}')")[1]
    keys = [f"k{number}" for number in range(9)]
    columns = ", ".join(f"{key} largeint NOT NULL" for key in keys)
    client.rows(f"CREATE TABLE wide ({columns}) PRIMARY KEY ({', '.join(keys)})")
    client.refused("INSERT INTO wide VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9)")


def test_primary_key_table_upserts_and_duplicate_table_appends(client: Client) -> None:
    client.rows("CREATE TABLE p (id int NOT NULL, v varchar(9), w int) PRIMARY KEY (id)")
    client.rows("CREATE TABLE d (id int NOT NULL, v varchar(9)) DUPLICATE KEY (id)")
    for value in ("a", "b"):
        client.rows(f"INSERT INTO p VALUES (1, '{value}', 5)")
        client.rows(f"INSERT INTO d VALUES (1, '{value}')")
    assert client.rows("SELECT * FROM p") == [(1, "b", 5)]
    assert client.value("SELECT count(*) FROM d") == 2
    client.rows("INSERT INTO p (id, v) VALUES (1, 'c'), (2, 'd')")
    assert client.rows("SELECT * FROM p ORDER BY id") == [(1, "c", 5), (2, "d", None)]


def test_update_delete_overwrite(client: Client) -> None:
    client.rows("CREATE TABLE p (id int NOT NULL, v varchar(9)) PRIMARY KEY (id)")
    client.rows("CREATE TABLE c (id int, op varchar(1)) DUPLICATE KEY (id)")
    client.rows("INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    client.rows("INSERT INTO c VALUES (2, 'D'), (3, 'U')")
    client.rows("UPDATE p SET v = concat(v, c.op) FROM c WHERE p.id = c.id AND c.op = 'U'")
    client.rows("DELETE FROM p USING c WHERE p.id = c.id AND c.op = 'D'")
    assert client.affected == 1
    assert client.rows("SELECT * FROM p ORDER BY id") == [(1, "a"), (3, "cU")]
    assert "cannot be updated" in client.refused("UPDATE p SET id = 5 WHERE id = 1")[1]
    assert "where clause" in client.refused("DELETE FROM p")[1]
    assert "does not support update" in client.refused("UPDATE c SET op = 'x' WHERE id = 2")[1]
    client.rows("INSERT OVERWRITE p SELECT 9, 'z'")
    assert client.rows("SELECT * FROM p") == [(9, "z")]
    client.rows("TRUNCATE TABLE p")
    assert client.value("SELECT count(*) FROM p") == 0


def test_by_name_properties_and_hint(client: Client) -> None:
    client.rows("CREATE TABLE t (id int, v varchar(2))")
    client.rows("INSERT INTO t BY NAME SELECT 'x' AS v, 1 AS id")
    client.rows("INSERT INTO t PROPERTIES ('max_filter_ratio' = '1') SELECT 2, 'long'")
    assert client.rows("SELECT * FROM t") == [(1, "x")]
    assert client.value("SELECT /*+ SET_VAR(query_timeout = 7) */ @@query_timeout") == 7
    assert client.value("SELECT @@query_timeout") == 300


def test_binary_values_are_exact(client: Client) -> None:
    client.rows("CREATE TABLE b (id int, x varbinary(300), f boolean, g largeint)")
    every = bytes(range(256))
    client.rows(f"INSERT INTO b VALUES (1, x'{every.hex()}', true, 170141183460469231731687303715884105727)")
    assert client.rows("SELECT x, f, g, hex(x), length(x) FROM b") == [
        (every, 1, "170141183460469231731687303715884105727", every.hex().upper(), 256)
    ]


def test_text_with_nul_and_escapes(client: Client) -> None:
    client.rows("CREATE TABLE e (id int, s varchar(100))")
    for text in ("a\0b", "it's", "back\\slash", 'dq"', "new\nline", "100%", "semi;colon -- no comment"):
        with client.connection.cursor() as cursor:
            cursor.execute("INSERT INTO e VALUES (1, %s)", (text,))
            cursor.execute("SELECT s FROM e")
            assert cursor.fetchall() == ((text,),)
        client.rows("TRUNCATE TABLE e")
