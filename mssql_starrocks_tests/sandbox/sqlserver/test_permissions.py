"""CREATE USER makes a login one that has nothing but what it was granted."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.certificate import Certificate
from mssql_starrocks.sandbox.sqlserver import SqlError, SqlServer


@pytest.fixture
def limited(certificate: Certificate) -> Any:
    users = {"sa": "Secret1!", "free": "Free1!", "tight": "Tight1!"}
    with SqlServer(users=users, certificate=certificate) as server:
        server.execute(
            "CREATE SCHEMA s; CREATE TABLE s.a (id int); CREATE TABLE s.b (id int); CREATE TABLE dbo.c (id int)"
        )
        server.execute("CREATE USER [tight] FOR LOGIN [tight]")
        yield server


def ask(server: SqlServer, user: str, sql: str) -> list[Any]:
    password = {"free": "Free1!", "tight": "Tight1!"}[user]
    link = pymssql.connect(
        server=server.host, port=str(server.port), user=user, password=password, database="Company", autocommit=True
    )
    try:
        cursor = link.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())
    finally:
        link.close()


TABLES = "SELECT name FROM sys.tables ORDER BY name"


def test_a_user_sees_and_reads_what_it_was_granted(limited: SqlServer) -> None:
    assert ask(limited, "tight", TABLES) == []
    assert ask(limited, "free", TABLES) == [("a",), ("b",), ("c",)]
    limited.execute("GRANT SELECT ON OBJECT::[s].[a] TO [tight]")
    assert ask(limited, "tight", TABLES) == [("a",)]
    assert ask(limited, "tight", "SELECT id FROM s.a") == []
    assert ask(limited, "tight", "SELECT OBJECT_ID(N'[s].[a]') - OBJECT_ID(N'[s].[a]'), OBJECT_ID(N's.b')") == [
        (0, None)
    ]
    with pytest.raises(pymssql.Error, match="SELECT permission was denied on the object 'b'"):
        ask(limited, "tight", "SELECT id FROM s.b")


def test_definitions_need_view_definition(limited: SqlServer) -> None:
    limited.execute("GRANT SELECT ON s.a TO tight")
    with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
        ask(limited, "tight", "SELECT name FROM sys.extended_properties")
    limited.execute("GRANT VIEW DEFINITION ON SCHEMA::[s] TO [tight]")
    assert ask(limited, "tight", "SELECT name FROM sys.extended_properties") == []
    assert ask(limited, "tight", TABLES) == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("CREATE USER tight FOR LOGIN tight", 15023),
        ("GRANT SELECT ON s.a TO nobody", 15151),
        ("GRANT SELECT ON SCHEMA::nowhere TO tight", 15151),
        ("GRANT SELECT ON s.nothing TO tight", 208),
        ("GRANT INSERT ON s.a TO tight", 50000),
        ("CREATE USER other FOR LOGIN tight", 50000),
    ],
)
def test_refused(limited: SqlServer, sql: str, number: int) -> None:
    with pytest.raises(SqlError) as failure:
        limited.execute(sql)
    assert failure.value.number == number


def test_only_the_administrator_grants(limited: SqlServer) -> None:
    with pytest.raises(pymssql.Error, match="does not have permission"):
        ask(limited, "tight", "GRANT SELECT ON s.a TO tight")


def test_has_perms_by_name_knows_what_was_granted(limited: SqlServer) -> None:
    """Docs "HAS_PERMS_BY_NAME": 1, 0, and NULL for what is not there."""
    asked = ("N's', 'SCHEMA', 'VIEW DEFINITION'", "N's.a', 'OBJECT', 'VIEW CHANGE TRACKING'",
             "N'[s].[a]', 'OBJECT', 'SELECT'", "N'nowhere', 'SCHEMA', 'VIEW DEFINITION'",
             "N's.nothing', 'OBJECT', 'VIEW CHANGE TRACKING'")  # fmt: skip
    sql = "SELECT " + ", ".join(f"HAS_PERMS_BY_NAME({one})" for one in asked)
    assert ask(limited, "tight", sql) == [(0, 0, 0, None, None)]
    limited.execute("GRANT VIEW DEFINITION ON SCHEMA::s TO tight")
    assert ask(limited, "tight", sql) == [(1, 0, 0, None, None)]
    limited.execute("GRANT VIEW CHANGE TRACKING ON OBJECT::s.a TO tight")
    limited.execute("GRANT SELECT ON OBJECT::s.a TO tight")
    assert ask(limited, "tight", sql) == [(1, 1, 1, None, None)]
    with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
        ask(limited, "tight", "SELECT HAS_PERMS_BY_NAME(N's.a', 'OBJECT', 'INSERT')")
