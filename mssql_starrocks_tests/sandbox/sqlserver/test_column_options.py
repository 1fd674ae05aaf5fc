"""Sparse, masked and alias-typed columns, column sets: what reads give and what the catalog says."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

OPTIONS = """
CREATE TABLE opts.odd (
  id int NOT NULL PRIMARY KEY,
  phone opts.phone,
  fax opts.phone NULL,
  weight int SPARSE NULL,
  colour nvarchar(10) SPARSE,
  rest xml COLUMN_SET FOR ALL_SPARSE_COLUMNS,
  card varchar(20) MASKED WITH (FUNCTION = 'partial(2,"XX",1)') NULL,
  salary money MASKED WITH (FUNCTION = 'default()') NOT NULL
)
"""


@pytest.fixture(scope="module")
def odd(server: SqlServer) -> SqlServer:
    server.execute("CREATE SCHEMA opts")
    server.execute("CREATE TYPE opts.phone FROM varchar(20) NOT NULL")
    server.execute(OPTIONS)
    server.execute("INSERT INTO opts.odd (id, phone, weight, card, salary) VALUES (1, '+43', 7, '1234', 99.5)")
    return server


def test_catalog(connect: Any, odd: SqlServer) -> None:
    cursor = connect().cursor()
    cursor.execute(
        "SELECT c.name, ut.name, bt.name, c.max_length, c.is_nullable, c.is_sparse, c.is_column_set, c.is_masked "
        "FROM sys.columns c JOIN sys.types ut ON ut.user_type_id = c.user_type_id "
        "LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id AND bt.system_type_id = c.system_type_id "
        "WHERE c.object_id = OBJECT_ID('opts.odd') ORDER BY c.column_id"
    )
    assert cursor.fetchall() == [
        ("id", "int", "int", 4, False, False, False, False),
        ("phone", "phone", "varchar", 20, False, False, False, False),
        ("fax", "phone", "varchar", 20, True, False, False, False),
        ("weight", "int", "int", 4, True, True, False, False),
        ("colour", "nvarchar", "nvarchar", 20, True, True, False, False),
        ("rest", "xml", "xml", -1, True, False, True, False),
        ("card", "varchar", "varchar", 20, True, False, False, True),
        ("salary", "money", "money", 8, False, False, False, True),
    ]
    cursor.execute("SELECT name, masking_function FROM sys.masked_columns ORDER BY column_id")
    assert cursor.fetchall() == [("card", 'partial(2,"XX",1)'), ("salary", "default()")]
    cursor.execute("SELECT name, is_nullable, max_length FROM sys.types WHERE is_user_defined = 1 AND name = 'phone'")
    assert cursor.fetchall() == [("phone", False, 20)]


def test_values(connect: Any, odd: SqlServer) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT phone, fax, weight, colour, card, CAST(salary AS decimal(19,1)) FROM opts.odd")
    assert [str(value) for value in cursor.fetchone()] == ["+43", "None", "7", "None", "1234", "99.5"]
    for statement in ("SELECT rest FROM opts.odd", "SELECT * FROM opts.odd", "INSERT INTO opts.odd (rest) VALUES ('')"):
        with pytest.raises(pymssql.Error, match="column set"):
            cursor.execute(statement)
    with pytest.raises(pymssql.Error, match="515|NULL into column 'phone'"):
        cursor.execute("INSERT INTO opts.odd (id, salary) VALUES (2, 1)")


def test_masked_only_for_others(connect: Any, odd: SqlServer) -> None:
    cursor = connect(user="reader", password="Reader1!").cursor()
    with pytest.raises(pymssql.Error, match="masked column salary"):
        cursor.execute("SELECT salary FROM opts.odd")
    cursor.execute("SELECT phone FROM opts.odd")
    assert cursor.fetchall() == [("+43",)]


def test_definitions_that_are_wrong(odd: SqlServer) -> None:
    with pytest.raises(Exception, match="sparse column"):
        odd.execute("CREATE TABLE opts.never (id int SPARSE NOT NULL)")
    with pytest.raises(Exception, match="already exists"):
        odd.execute("CREATE TYPE opts.phone FROM int")
    with pytest.raises(Exception, match="being referenced"):
        odd.execute("DROP TYPE opts.phone")
    with pytest.raises(Exception, match="not supported by the sandbox"):
        odd.execute("CREATE TABLE opts.person (id int) AS NODE")
