"""ALTER COLUMN and sp_rename: the column keeps its id; values are converted as by assignment, or all is refused."""

from typing import Any

import pymssql
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

SHAPE = (
    "SELECT c.name, c.column_id, t.name, c.max_length, c.is_nullable FROM sys.columns c "
    "JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('dbo.altered') "
    "ORDER BY c.column_id"
)


@pytest.fixture
def cursor(server: SqlServer, connect: Any) -> Any:
    server.execute("DROP TABLE IF EXISTS dbo.altered")
    server.execute("CREATE TABLE dbo.altered (id int NOT NULL PRIMARY KEY, a int NULL, b varchar(10) NULL)")
    server.execute("INSERT INTO dbo.altered VALUES (1, 5, 'short'), (2, NULL, '7')")
    return connect().cursor()


def shape(cursor: Any) -> list[tuple]:
    cursor.execute(SHAPE)
    return list(cursor.fetchall())


def values(cursor: Any, column: str) -> list[Any]:
    cursor.execute(f"SELECT {column} FROM dbo.altered ORDER BY id")
    return [value for (value,) in cursor.fetchall()]


def test_a_column_is_renamed_and_keeps_id_and_values(cursor: Any) -> None:
    cursor.execute("EXEC sp_rename 'dbo.altered.a', 'the [new] name', 'COLUMN'")
    assert shape(cursor)[1] == ("the [new] name", 2, "int", 4, True)
    assert values(cursor, "[the [new]] name]") == [5, None]


def test_a_column_gets_another_type_and_keeps_its_id(cursor: Any) -> None:
    cursor.execute("ALTER TABLE dbo.altered ALTER COLUMN a bigint")
    cursor.execute("ALTER TABLE dbo.altered ALTER COLUMN b nvarchar(40) NOT NULL")
    assert shape(cursor)[1:] == [("a", 2, "bigint", 8, True), ("b", 3, "nvarchar", 80, False)]
    assert (values(cursor, "a"), values(cursor, "b")) == ([5, None], ["short", "7"])
    cursor.execute("ALTER TABLE dbo.altered ALTER COLUMN a varchar(12)")
    assert values(cursor, "a") == ["5", None]
    cursor.execute("ALTER TABLE dbo.altered ALTER COLUMN a char(3)")
    assert values(cursor, "a") == ["5  ", None]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("ALTER TABLE dbo.altered ALTER COLUMN b varchar(4)", 2628),
        ("ALTER TABLE dbo.altered ALTER COLUMN a int NOT NULL", 515),
        ("ALTER TABLE dbo.altered ALTER COLUMN b int", 245),
        ("ALTER TABLE dbo.altered ALTER COLUMN nope int", 4924),
        ("EXEC sp_rename 'dbo.altered.nope', 'x', 'COLUMN'", 15248),
        ("EXEC sp_rename 'dbo.altered.a', 'B', 'COLUMN'", 15335),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(cursor: Any, statement: str, number: int) -> None:
    before = shape(cursor)
    with pytest.raises(pymssql.Error) as error:
        cursor.execute(statement)
    assert error.value.args[0] == number
    assert shape(cursor) == before
    assert values(cursor, "b") == ["short", "7"]


@pytest.mark.parametrize("what", ["ALTER COLUMN id bigint NOT NULL", "ALTER COLUMN a int SPARSE"])
def test_what_is_not_known_exactly_is_not_supported(cursor: Any, what: str) -> None:
    with pytest.raises(pymssql.Error, match="not supported by the sandbox"):
        cursor.execute(f"ALTER TABLE dbo.altered {what}")
