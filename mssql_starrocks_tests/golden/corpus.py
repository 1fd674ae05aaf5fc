"""Tables on which something once failed: configuration of dbo.found, and its SQL. test_any_table.py copies each."""

from typing import Any

CORPUS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a vector was taken for the varbinary that sys.types calls it": (
        {"columns": {"v": {"accept_loss": True}}},
        ("CREATE TABLE dbo.found (id int NOT NULL PRIMARY KEY, v vector(2) NULL)", "INSERT INTO dbo.found VALUES (1, '[1, -0.5]')"),
    ),
    "decimal(38,38) as text has 41 characters": (
        {},
        ("CREATE TABLE dbo.found (k decimal(38,38) NOT NULL PRIMARY KEY)", f"INSERT INTO dbo.found VALUES (-0.{'9' * 38})"),
    ),
    "a column has the name that the lake's reader gave to its own": (
        {},
        ("CREATE TABLE dbo.found (id int NOT NULL PRIMARY KEY, x varchar(5) NULL, __encoded_x varchar(5) NULL)",
         "INSERT INTO dbo.found VALUES (1, 'a', 'b')"),
    ),
    "a name full of brackets": (
        {"types": {"time_as": "ticks"}},
        ("CREATE TABLE dbo.found ([a]]0] time(7) NOT NULL, [a]]1] time(0) NULL, PRIMARY KEY ([a]]0]))",
         "INSERT INTO dbo.found VALUES ('23:59:59.9999999', NULL)"),
    ),
}  # fmt: skip
