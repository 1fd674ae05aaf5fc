from __future__ import annotations

import pytest

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.conftest import PASSWORD, Client

FULL = (
    'CREATE TABLE `full` (`id` bigint(20) NOT NULL COMMENT "key", `v` varchar(20) NULL DEFAULT "x" COMMENT "it\'s", '
    '`d` decimal(18, 4) NULL COMMENT "", `li` largeint(40) NULL COMMENT "", `ts` datetime NULL COMMENT "", '
    '`vb` varbinary(16) NULL COMMENT "", `j` json NULL COMMENT "") ENGINE=OLAP PRIMARY KEY(`id`) COMMENT "all" '
    'DISTRIBUTED BY HASH(`id`) BUCKETS 3 PROPERTIES ("replication_num" = "1", "compression" = "ZSTD");'
)


def test_show_create_table_can_be_run_again(client: Client) -> None:
    client.rows(FULL)
    ((_, text),) = client.rows("SHOW CREATE TABLE `full`")
    client.rows("DROP TABLE `full`")
    client.rows(text)
    assert client.rows("SHOW CREATE TABLE `full`") == [("full", text)]
    assert client.rows("DESC `full`")[:2] == [
        ("id", "bigint", "NO", "true", None, ""),
        ("v", "varchar(20)", "YES", "false", "x", ""),
    ]


@pytest.mark.parametrize(
    ("columns", "phrase"),
    [
        ("(a char(3) NOT NULL) PRIMARY KEY (a)", "primary key column[a] type not supported: char(3)"),
        ("(a int NULL) PRIMARY KEY (a)", "primary key column[a] cannot be nullable"),
        ("(v int, a int NOT NULL) PRIMARY KEY (a)", "Key columns must be the first few columns"),
        ("(a int, t time)", "Type:TIME of column:t does not support"),
        ("(a int, v varchar(1048577))", "Varchar size must be <= 1048576"),
        ("(a nvarchar(10))", "Getting syntax error"),
        ("(a int) PROPERTIES ('replication_num' = '2')", "replication num should be less than"),
        ("(a int) PROPERTIES ('nope' = '2')", "Unknown properties: {nope=2}"),
        ("(a int, A int)", "Duplicate column name 'A'"),
        ("(a decimal(39, 0))", "DECIMAL's precision should range from 1 to 38"),
        ("(a int NOT NULL) PRIMARY KEY (a) DISTRIBUTED BY RANDOM", "PRIMARY KEY must use hash distribution"),
        ("(a int) DISTRIBUTED BY HASH(a) DUPLICATE KEY (a)", "Getting syntax error"),
        ("(`a*b` int)", "Incorrect column name 'a*b'"),
    ],
)
def test_refused_tables(client: Client, columns: str, phrase: str) -> None:
    assert phrase in client.refused(f"CREATE TABLE bad {columns}")[1]


def test_replication_follows_the_backends() -> None:
    with StarRocks(users={"root": PASSWORD}, backends=3) as server:
        client = Client(server)
        client.rows("CREATE DATABASE r")
        client.rows("CREATE TABLE r.t (a int) PROPERTIES ('replication_num' = '3')")
        assert len(client.rows("SHOW BACKENDS")) == 3


def test_swap_moves_names_only(client: Client) -> None:
    client.rows("CREATE TABLE a (id int)")
    client.rows("CREATE TABLE b (id int, extra int)")
    client.rows("INSERT INTO a VALUES (1)")
    client.rows("CREATE USER IF NOT EXISTS reader")
    client.rows("GRANT SELECT ON TABLE db.a TO USER reader")
    client.rows("CREATE MATERIALIZED VIEW mv REFRESH MANUAL AS SELECT id, count(*) AS n FROM a GROUP BY id")
    client.rows("ALTER TABLE a SWAP WITH b")
    assert client.rows("SELECT * FROM b") == [(1,)]
    assert client.rows("SELECT count(*), count(extra) FROM a") == [(0, 0)]
    assert "db.b" in client.rows("SHOW GRANTS FOR reader")[0][2]
    views = "SELECT is_active, inactive_reason FROM information_schema.materialized_views WHERE table_schema = 'db'"
    assert client.rows(views) == [("false", "base-table swapped: a")]
    client.rows("DROP TABLE b FORCE")
    assert client.rows("SHOW GRANTS FOR reader") == []


def test_rename_comment_and_columns(client: Client) -> None:
    client.rows("CREATE TABLE t (id int NOT NULL, v varchar(5), d decimal(10, 2), n int) PRIMARY KEY (id)")
    client.rows("INSERT INTO t VALUES (1, '7', 1.25, 3)")
    client.rows("ALTER TABLE t RENAME u")
    client.rows("ALTER TABLE u COMMENT = 'new'")
    client.rows("ALTER TABLE u ADD COLUMN x int DEFAULT '5' COMMENT 'added' AFTER v, ADD COLUMN y varchar(3)")
    client.rows("ALTER TABLE u MODIFY COLUMN v varchar(50), MODIFY COLUMN d decimal(20, 4)")
    client.rows("ALTER TABLE u MODIFY COLUMN n varchar(20)")
    client.rows("ALTER TABLE u DROP COLUMN y")
    client.rows("ALTER TABLE u RENAME COLUMN n TO `new name`")
    assert [row[:2] for row in client.rows("DESC u")] == [
        ("id", "int"),
        ("v", "varchar(50)"),
        ("x", "int"),
        ("d", "decimal(20,4)"),
        ("new name", "varchar(20)"),
    ]
    assert [str(value) for value in client.rows("SELECT * FROM u")[0]] == ["1", "7", "5", "1.2500", "3"]
    jobs = client.rows("SHOW ALTER TABLE COLUMN FROM db")
    assert {job[9] for job in jobs if job[1] == "u"} == {"FINISHED"}
    comments = "SELECT table_comment FROM information_schema.tables WHERE table_schema = 'db' AND table_name = 'u'"
    assert client.value(comments) == "new"


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ("MODIFY COLUMN b int", "Can not change BIGINT to INT"),
        ("MODIFY COLUMN v varchar(4)", "Cannot shorten string length"),
        ("MODIFY COLUMN id bigint", "Can not modify key column: id"),
        ("MODIFY COLUMN b bigint NOT NULL", "Can not change from nullable to non-nullable"),
        ("ADD COLUMN z int NOT NULL", "doesn't have a default value"),
        ("DROP COLUMN id", "Can not drop key column"),
        ("RENAME COLUMN v TO b", "Duplicate column name 'b'"),
        ("SWAP WITH t", "New name conflicts"),
        ("RENAME t", "Same table name t"),
    ],
)
def test_refused_changes(client: Client, change: str, phrase: str) -> None:
    client.rows("CREATE TABLE t (id int NOT NULL, b bigint, v varchar(5)) PRIMARY KEY (id)")
    assert phrase in client.refused(f"ALTER TABLE t {change}")[1]


def test_create_table_like_and_as(client: Client) -> None:
    client.rows("CREATE TABLE t (id int NOT NULL, v varchar(5)) PRIMARY KEY (id)")
    client.rows("INSERT INTO t VALUES (1, 'a')")
    client.rows("CREATE TABLE l LIKE t")
    client.rows("CREATE TABLE c PRIMARY KEY (id) AS SELECT id, v FROM t")
    assert client.value("SELECT count(*) FROM l") == 0
    assert client.rows("SELECT * FROM c") == [(1, "a")]


def test_auto_increment_and_functions_as_default(client: Client) -> None:
    client.rows(
        "CREATE TABLE t (id bigint NOT NULL AUTO_INCREMENT, v int, u varchar(36) DEFAULT (uuid())) PRIMARY KEY (id)"
    )
    client.rows("INSERT INTO t (v) VALUES (10), (20)")
    client.rows("INSERT INTO t (v) SELECT v + 1 FROM t")
    client.rows("INSERT INTO t (id, v, u) VALUES (1000, 0, 'x')")
    assert client.value("SELECT count(DISTINCT id) FROM t") == 5
    assert client.value("SELECT count(DISTINCT u) FROM t WHERE length(u) = 36") == 4
    assert "AUTO_INCREMENT column: id" in client.refused("INSERT INTO t (id, v) VALUES (NULL, 1)")[1]


def test_columns_that_can_only_be_declared(client: Client) -> None:
    client.rows("CREATE TABLE t (id int, a array<int>, m map<int,string>, s struct<x int>, g bigint AS (id + 1))")
    assert client.rows("SELECT a, m, s, g FROM t") == []
    assert "not supported by the sandbox" in client.refused("INSERT INTO t (id) VALUES (1)")[1]
    client.rows("CREATE TABLE n (id int, a array<varchar(5)>)")
    client.rows("INSERT INTO n VALUES (1, NULL)")
    assert client.rows("SELECT * FROM n") == [(1, None)]
    assert "not supported by the sandbox" in client.refused("INSERT INTO n VALUES (1, 'x')")[1]
    assert [row[1] for row in client.rows("DESC n")] == ["int", "array<varchar(5)>"]


def test_what_is_only_looked_at(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE t (id int)")
    client.rows("CREATE USER IF NOT EXISTS guest IDENTIFIED BY ''")
    guest = Client(server, "guest", "")
    for sql in ("SHOW FRONTENDS", "CREATE ROLE r", "ANALYZE TABLE db.t", "CREATE VIEW db.w AS SELECT 1 AS one"):
        assert guest.refused(sql)[0] == 5203
        assert sql == "CREATE ROLE r" or "not supported" in client.refused(sql)[1]


def test_grants_are_enforced(server: StarRocks, client: Client) -> None:
    client.rows("CREATE TABLE t (id int NOT NULL, v int) PRIMARY KEY (id)")
    client.rows("CREATE USER IF NOT EXISTS worker IDENTIFIED BY 'pw'")
    client.rows("REVOKE ALL ON TABLE db.t FROM USER worker")
    worker = Client(server, "worker", "pw")
    for sql in ("SELECT * FROM db.t", "INSERT INTO db.t VALUES (1, 1)", "ALTER TABLE db.t COMMENT = 'x'", "USE db"):
        assert worker.refused(sql)[0] == 5203
    client.rows("GRANT SELECT, INSERT ON TABLE db.t TO USER worker")
    client.rows("GRANT CREATE TABLE ON DATABASE db TO USER worker")
    worker.rows("INSERT INTO db.t VALUES (1, 1)")
    assert worker.rows("SELECT * FROM db.t") == [(1, 1)]
    assert worker.refused("DELETE FROM db.t WHERE id = 1")[0] == 5203
    assert worker.refused("CREATE USER other")[0] == 5203
    worker.rows("CREATE TABLE db.own (id int)")
    assert worker.refused("DROP TABLE db.own")[0] == 5203
    assert client.rows("SELECT privilege_type FROM sys.grants_to_users WHERE object_name = 't'") == [
        ("SELECT, INSERT",)
    ]
    assert worker.refused("SELECT * FROM sys.grants_to_users")[0] == 5203


def test_version_switches_rules() -> None:
    with StarRocks(users={"root": PASSWORD}, version="4.1") as server:
        client = Client(server)
        client.rows("CREATE DATABASE v")
        client.rows("CREATE TABLE v.t (k varbinary(5), v int) DUPLICATE KEY (k)")
        assert client.value("SELECT current_version()").startswith("4.1")
        client.rows("SET enable_insert_partial_update = false")
