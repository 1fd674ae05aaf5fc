"""Unique keys compare what is stored: padded bytes, text without trailing blanks."""

import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer


@pytest.mark.parametrize(
    ("declared", "one", "same"),
    [
        ("binary(7)", "0x00", "0x"),
        ("binary(2)", "0x01", "0x0100"),
        ("nchar(3)", "N''", "N' '"),
        ("varchar(3)", "'a'", "'A '"),
    ],
)
def test_a_key_takes_no_value_twice(server: SqlServer, declared: str, one: str, same: str) -> None:
    server.execute(f"CREATE TABLE keyed (k {declared} NOT NULL PRIMARY KEY)")
    try:
        server.execute(f"INSERT INTO keyed VALUES ({one})")
        with pytest.raises(Exception, match="Violation of PRIMARY KEY"):
            server.execute(f"INSERT INTO keyed VALUES ({same})")
    finally:
        server.execute("DROP TABLE keyed")
