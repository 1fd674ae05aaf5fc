"""The benchmark's table: 15 columns of mixed types, about 200 bytes a row on the wire, made by DuckDB from row numbers.

The same expressions are the truth that every copy is compared with, so a copy is right or wrong without asking the
server that was copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

SCHEMA, NAME = "bench", "wide"


@dataclass(frozen=True)
class Column:
    """One column: its SQL Server type, how row number i makes it, and the DuckDB type its copies are compared as."""

    name: str
    declared: str
    made: str
    compared: str


COLUMNS = (
    Column("id", "int IDENTITY NOT NULL PRIMARY KEY", "i::INTEGER", "BIGINT"),
    Column("account_id", "bigint NOT NULL", "(hash(i) % 9000000000000)::BIGINT", "BIGINT"),
    Column("name", "nvarchar(60) NULL", "CASE WHEN i % 50 = 0 THEN NULL ELSE "
           "'Müller & Söhne ' || left(md5(i::VARCHAR), (10 + i % 20)::INT) END", "VARCHAR"),
    Column("city", "nvarchar(40) NOT NULL", "['Berlin', 'São Paulo', 'New York', '東京', 'Łódź', 'Chennai']"
           "[1 + (hash(i + 1) % 6)::INT]", "VARCHAR"),
    Column("code", "varchar(24) NOT NULL", "'SKU-' || upper(left(md5((i + 7)::VARCHAR), 16))", "VARCHAR"),
    Column("amount", "decimal(18,4) NOT NULL", "((hash(i + 2) % 2000000000000)::BIGINT - 1000000000000)::DECIMAL(18,0)"
           "::DECIMAL(22,4)::DECIMAL(22,4) / 10000", "DECIMAL(18,4)"),
    Column("fee", "money NULL", "CASE WHEN i % 20 = 0 THEN NULL ELSE (hash(i + 3) % 90000000)::BIGINT / 10000.0 END",
           "DECIMAL(19,4)"),
    Column("created_at", "datetime2(3) NOT NULL", "TIMESTAMP '2015-01-01' + to_milliseconds((i * 61003)::BIGINT)",
           "TIMESTAMP"),
    Column("changed_at", "datetime2(6) NULL", "CASE WHEN i % 10 = 0 THEN NULL ELSE TIMESTAMP '2020-02-29' "
           "+ to_microseconds((hash(i + 4) % 100000000000000)::BIGINT) END", "TIMESTAMP"),
    Column("score", "float NOT NULL", "(hash(i + 5) % 1000000)::DOUBLE / 7", "DOUBLE"),
    Column("born", "date NULL", "CASE WHEN i % 30 = 0 THEN NULL "
           "ELSE DATE '1930-01-01' + (hash(i + 6) % 30000)::INT END", "DATE"),
    Column("active", "bit NOT NULL", "i % 3 = 0", "BOOLEAN"),
    Column("level", "tinyint NOT NULL", "(i % 256)::UTINYINT", "BIGINT"),
    Column("rank", "smallint NOT NULL", "((hash(i + 8) % 60000)::INT - 30000)::SMALLINT", "BIGINT"),
    Column("token", "uniqueidentifier NOT NULL", "md5((i + 9)::VARCHAR)::UUID::VARCHAR", "UUID"),
)  # fmt: skip


def ddl(name: str = NAME) -> str:
    columns = ", ".join(f"[{c.name}] {c.declared}" for c in COLUMNS)
    return f"CREATE TABLE {SCHEMA}.{name} ({columns})"


def fill(server: Any, rows: int, name: str = NAME) -> None:
    """Make the table inside the stand-in's DuckDB; Python never holds a row."""
    server.execute(ddl(name))
    stored = ", ".join(_STORED.get(c.declared.split()[0], "{c}").format(c=f'"{c.name}"') for c in COLUMNS)
    server.fill(SCHEMA, name, f"SELECT {stored} FROM ({_rows(0, rows)}) q")


# How the stand-in stores a type: ticks of 100 ns since year 1, the bytes of a uniqueidentifier in SQL Server's order.
_TICKS = "epoch_us({c}) * 10 + 719162 * 864000000000"
_GUID = " || ".join(f"{{c}}[{at}:{at + n - 1}]" for at, n in (
    (25, 12), (20, 4), (17, 2), (15, 2), (12, 2), (10, 2), (7, 2), (5, 2), (3, 2), (1, 2)))  # fmt: skip
_STORED = {
    "datetime2(3)": _TICKS,
    "datetime2(6)": _TICKS,
    "uniqueidentifier": f"unhex({_GUID})",
}


def _rows(start: int, end: int) -> str:
    made = ", ".join(f'{c.made} AS "{c.name}"' for c in COLUMNS)
    return f"SELECT {made} FROM range({start + 1}, {end + 1}) r(i)"


Print = dict[str, tuple[int, int]]


def truth(rows: int) -> Print:
    """For each column its values that are not NULL and the sum of their hashes; `*` is the rows as a whole."""
    with duckdb.connect() as connection:
        return look(connection, f"({_rows(0, rows)})")


def look(connection: duckdb.DuckDBPyConnection, source: str) -> Print:
    """The same of any relation with these columns, cast to what they are compared as."""
    connection.execute("SET timezone = 'UTC'")
    values = {c.name: f'TRY_CAST("{c.name}" AS {c.compared})' for c in COLUMNS}
    items = [f"count({v}), coalesce(sum(hash({v})::HUGEINT), 0)" for v in values.values()]
    whole = f"count(*), coalesce(sum(hash({', '.join(values.values())})::HUGEINT), 0)"
    found = connection.execute(f"SELECT {', '.join([whole, *items])} FROM {source} q").fetchall()[0]
    return {n: (found[2 * k], found[2 * k + 1]) for k, n in enumerate(["*", *values])}


def differences(wanted: Print, found: Print) -> list[str]:
    """What is wrong with a copy, in words; empty when it is right."""
    if wanted["*"][0] != found["*"][0]:
        return [f"{found['*'][0]:,} rows instead of {wanted['*'][0]:,}"]
    bad = [n for n in wanted if n != "*" and wanted[n] != found[n]]
    if bad:
        return [f"values of {name} differ" for name in bad]
    return [] if wanted["*"] == found["*"] else ["rows are mixed up"]
