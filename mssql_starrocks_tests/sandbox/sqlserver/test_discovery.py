"""The catalog as the product reads it (facts/sqlserver.md 5), the arrow path of sample data, fingerprints."""

import datetime
import hashlib
from typing import Any

import pyarrow as pa
import pytest

from mssql_starrocks.sandbox.sqlserver import SqlServer

TABLES = """
SELECT s.name AS sch, t.name AS tab, t.temporal_type, t.is_memory_optimized, t.modify_date, ct.min_valid_version,
       p.rows, a.pages, CAST(ep.value AS nvarchar(3750)) AS descr
FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
OUTER APPLY (SELECT SUM(rows) rows FROM sys.partitions WHERE object_id = t.object_id AND index_id IN (0,1)) p
OUTER APPLY (SELECT SUM(au.total_pages) pages FROM sys.partitions q JOIN sys.allocation_units au
             ON au.container_id = q.partition_id WHERE q.object_id = t.object_id AND q.index_id IN (0,1)) a
LEFT JOIN sys.change_tracking_tables ct ON ct.object_id = t.object_id
LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = t.object_id AND ep.minor_id = 0
     AND ep.name = N'MS_Description'
WHERE t.is_ms_shipped = 0 AND t.name = N'Orders'
"""
COLUMNS = """
SELECT c.name, ut.name AS user_type, bt.name AS base_type, c.max_length, c.precision, c.scale, c.is_nullable,
       c.is_identity,
       c.is_computed, cc.definition, dc.definition AS dflt, CAST(ep.value AS nvarchar(3750)) AS descr
FROM sys.columns c JOIN sys.types ut ON ut.user_type_id = c.user_type_id
LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id AND bt.system_type_id = c.system_type_id
LEFT JOIN sys.computed_columns cc ON cc.object_id = c.object_id AND cc.column_id = c.column_id
LEFT JOIN sys.default_constraints dc ON dc.object_id = c.default_object_id
LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = c.object_id AND ep.minor_id = c.column_id
     AND ep.name = N'MS_Description'
WHERE c.object_id = OBJECT_ID(N'[sales].[Orders]') ORDER BY c.column_id
"""


@pytest.fixture(scope="module")
def orders(server: SqlServer) -> SqlServer:
    server.execute("CREATE SCHEMA sales")
    server.execute(
        "CREATE TABLE sales.Orders (id int IDENTITY(10,5) NOT NULL CONSTRAINT pk_orders PRIMARY KEY, "
        "name nvarchar(50) NULL, note varchar(max) NULL, amount decimal(12,4) NOT NULL DEFAULT 0, "
        "at datetime2(3) NULL, twice AS (amount * 2), kind sysname NOT NULL DEFAULT N'x')"
    )
    where = "@level0type=N'SCHEMA', @level0name=N'sales', @level1type=N'TABLE', @level1name=N'Orders'"
    server.execute(f"EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'All orders', {where}")
    server.execute(
        f"EXEC sp_addextendedproperty @name=N'MS_Description', @value=N'The name', {where}, "
        "@level2type=N'COLUMN', @level2name=N'name'"
    )
    server.execute("INSERT INTO sales.Orders (name, amount) VALUES (N'a', 1.5), (N'b', 2)")
    return server


def test_tables(orders: SqlServer, connect: Any) -> None:
    cursor = connect().cursor(as_dict=True)
    cursor.execute(TABLES)
    [row] = cursor.fetchall()
    assert (row["sch"], row["tab"], row["rows"], row["descr"]) == ("sales", "Orders", 2, "All orders")
    assert row["pages"] > 0
    assert isinstance(row["modify_date"], datetime.datetime)
    assert row["min_valid_version"] is None


def test_columns(orders: SqlServer, connect: Any) -> None:
    cursor = connect().cursor()
    cursor.execute(COLUMNS)
    assert cursor.fetchall() == [
        ("id", "int", "int", 4, 10, 0, False, True, False, None, None, None),
        ("name", "nvarchar", "nvarchar", 100, 0, 0, True, False, False, None, None, "The name"),
        ("note", "varchar", "varchar", -1, 0, 0, True, False, False, None, None, None),
        ("amount", "decimal", "decimal", 9, 12, 4, False, False, False, None, "((0))", None),
        ("at", "datetime2", "datetime2", 7, 23, 3, True, False, False, None, None, None),
        ("twice", "decimal", "decimal", 9, 14, 4, True, False, True, "([amount]*(2))", None, None),
        ("kind", "sysname", "nvarchar", 256, 0, 0, False, False, False, None, "(N'x')", None),
    ]


def test_server_and_database(orders: SqlServer, connect: Any) -> None:
    cursor = connect().cursor()
    cursor.execute(
        "SELECT CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('Edition') AS "
        "nvarchar(128)), @@VERSION"
    )
    edition, name, version = cursor.fetchone()
    assert (edition, name) == (3, "Developer Edition (64-bit)")
    assert "sandbox" in version
    cursor.execute("SELECT name, snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()")
    assert cursor.fetchall() == [("Company", 1)]


def test_keys(orders: SqlServer) -> None:
    found = orders.execute(
        "SELECT i.name, i.type_desc, i.is_primary_key, ic.key_ordinal, ic.column_id FROM sys.indexes i "
        "JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id "
        "JOIN sys.tables t ON t.object_id = i.object_id WHERE t.name = N'orders'"
    )
    assert found == [("pk_orders", "CLUSTERED", True, 1, 1)]


def test_load_table_and_fingerprint(server: SqlServer, connect: Any) -> None:
    server.execute("CREATE TABLE loaded (id bigint NOT NULL PRIMARY KEY, name nvarchar(20) NULL, at datetime2(7) NULL)")
    names = [None if n % 7 == 0 else f"näme {n} 😀" for n in range(1000)]
    stamps = pa.array([n * 1_000_000 + 1 for n in range(1000)], pa.timestamp("us"))
    data = pa.table({"id": pa.array(range(1000), pa.int64()), "n": names, "at": stamps})
    server.load_table("dbo", "loaded", {"id": "id", "name": "n", "at": "at"}, data)
    cursor = connect().cursor()
    cursor.execute(
        "SELECT COUNT_BIG(name), SUM(CAST(CONVERT(BIGINT, SUBSTRING(HASHBYTES('MD5', name), 1, 7)) AS DECIMAL(38,0))), "
        "MAX(DATALENGTH(name)), CONVERT(varchar(27), MAX(at), 121) FROM loaded"
    )
    present = [name for name in names if name is not None]
    digests = [hashlib.md5(name.encode("utf-16-le")).digest()[:7] for name in present]
    total = sum(int.from_bytes(digest, "big") for digest in digests)
    assert cursor.fetchone() == (len(present), total, 22, "1970-01-01 00:16:39.0000010")


def test_chunks_are_disjoint_and_exhaustive(server: SqlServer, connect: Any) -> None:
    server.execute(
        "CREATE TABLE chunked (k nvarchar(10) NULL); INSERT INTO chunked SELECT LEFT(name, 10) FROM sys.all_columns"
    )
    server.execute("INSERT INTO chunked VALUES (NULL)")
    cursor = connect().cursor()
    counts = []
    for predicate in ("k <= N'h' OR k IS NULL", "k > N'h' AND k <= N'm'", "k > N'm'"):
        cursor.execute(f"SELECT COUNT(*) FROM [dbo].[chunked] WITH (TABLOCK, HOLDLOCK) WHERE {predicate}")
        counts.append(cursor.fetchone()[0])
    cursor.execute("SELECT COUNT(*) FROM chunked")
    assert sum(counts) == cursor.fetchone()[0]
    assert min(counts) > 0
