"""Jobs of ALTER TABLE, and who may see grants: what a loader asks before it replaces a table."""

from mssql_starrocks_tests.sandbox.starrocks.conftest import Client

TABLE = "CREATE TABLE t (id INT NOT NULL, v INT) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)"
JOBS = "SHOW ALTER TABLE COLUMN FROM db WHERE TableName = 't'"


def states(client):
    return [(row[9], row[10]) for row in client.rows(JOBS)]


def test_a_job_runs_until_it_is_asked_for_and_changes_nothing_before(server, client):
    client.rows(TABLE)
    server.faults.run_alter("t", polls=1)
    client.rows("ALTER TABLE t ADD COLUMN w INT")
    assert len(client.rows("DESC t")) == 2
    assert "not supported by the sandbox" in client.refused("ALTER TABLE t ADD COLUMN x INT")[1]
    assert states(client) == [("RUNNING", "")]
    assert states(client) == [("FINISHED", "")]
    assert len(client.rows("DESC t")) == 3


def test_a_job_that_is_cancelled_says_why_and_changes_nothing(server, client):
    client.rows(TABLE)
    server.faults.cancel_alter("t", "no replica")
    client.rows("ALTER TABLE t ADD COLUMN w INT")
    assert states(client)[-1] == ("CANCELLED", "no replica")
    assert len(client.rows("DESC t")) == 2


def test_grants_are_listed_at_each_table_and_only_to_who_may_see_them(server, client):
    client.rows(TABLE)
    client.rows(TABLE.replace(" t ", " u "))
    for user in ("one", "all_tables", "looker"):
        client.rows(f"DROP USER IF EXISTS {user}")
        client.rows(f"CREATE USER {user}")
    client.rows("GRANT SELECT, UPDATE ON TABLE db.t TO USER one")
    client.rows("GRANT SELECT ON ALL TABLES IN DATABASE db TO USER all_tables")
    client.rows("GRANT SELECT ON TABLE sys.grants_to_users TO USER looker")
    looker = Client(server, "looker", "")
    seen = looker.rows(
        "SELECT GRANTEE, OBJECT_NAME, PRIVILEGE_TYPE, IS_GRANTABLE FROM sys.grants_to_users "
        "WHERE OBJECT_DATABASE = 'db' AND OBJECT_TYPE = 'TABLE' ORDER BY GRANTEE, OBJECT_NAME"
    )
    assert seen == [
        ("'all_tables'@'%'", "t", "SELECT", "NO"),
        ("'all_tables'@'%'", "u", "SELECT", "NO"),
        ("'one'@'%'", "t", "SELECT, UPDATE", "NO"),
    ]
    assert looker.refused("SELECT * FROM sys.grants_to_roles")[0] == 5203
    assert client.rows("SELECT * FROM information_schema.table_privileges") == []
