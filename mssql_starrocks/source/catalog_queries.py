"""The catalog queries of discovery, in one place: facts/sqlserver.md 5, with the casts of sqlserver_judged.md 1.1.

A login with SELECT on the tables sees all of it; nothing here counts rows. `{only}` takes a filter on one table.
"""

SERVER = """
SELECT CAST(SERVERPROPERTY('EngineEdition') AS int) AS edition,
       CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version
"""

DATABASE = """
SELECT name, collation_name, snapshot_isolation_state, is_read_committed_snapshot_on
FROM sys.databases WHERE database_id = DB_ID()
"""

TABLE_NAMES = """
SELECT s.name AS schema_name, t.name AS table_name
FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
WHERE t.is_ms_shipped = 0 ORDER BY s.name, t.name
"""

TABLES = """
SELECT s.name AS schema_name, t.name AS table_name, t.object_id, t.temporal_type, t.is_memory_optimized, t.is_external,
       p.rows, a.pages, ct.object_id AS tracked, CAST(ep.value AS nvarchar(3750)) AS description
FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
OUTER APPLY (SELECT SUM(q.rows) AS rows FROM sys.partitions q
             WHERE q.object_id = t.object_id AND q.index_id IN (0, 1)) p
OUTER APPLY (SELECT SUM(au.total_pages) AS pages FROM sys.partitions q
             JOIN sys.allocation_units au ON au.container_id = q.partition_id
             WHERE q.object_id = t.object_id AND q.index_id IN (0, 1)) a
LEFT JOIN sys.change_tracking_tables ct ON ct.object_id = t.object_id
LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = t.object_id AND ep.minor_id = 0
      AND ep.name = N'MS_Description'
WHERE t.is_ms_shipped = 0 ORDER BY s.name, t.name
"""

COLUMNS = """
SELECT c.object_id, c.column_id, c.name, ut.name AS user_type, bt.name AS base_type, c.max_length, c.precision, c.scale,
       c.collation_name, c.is_nullable, c.is_identity, c.is_column_set, c.is_hidden, c.is_masked, c.encryption_type,
       cc.definition AS computed, dc.definition AS default_value, CAST(ep.value AS nvarchar(3750)) AS description
FROM sys.columns c JOIN sys.tables t ON t.object_id = c.object_id
JOIN sys.types ut ON ut.user_type_id = c.user_type_id
LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id AND bt.system_type_id = c.system_type_id
LEFT JOIN sys.computed_columns cc ON cc.object_id = c.object_id AND cc.column_id = c.column_id
LEFT JOIN sys.default_constraints dc ON dc.object_id = c.default_object_id
LEFT JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = c.object_id AND ep.minor_id = c.column_id
      AND ep.name = N'MS_Description'
WHERE t.is_ms_shipped = 0{only} ORDER BY c.object_id, c.column_id
"""

KEYS = """
SELECT i.object_id, i.index_id, i.name, i.is_primary_key, c.name AS column_name, c.is_nullable
FROM sys.indexes i JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
JOIN sys.tables t ON t.object_id = i.object_id
WHERE t.is_ms_shipped = 0 AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0
      AND ic.is_included_column = 0{only}
ORDER BY i.object_id, i.index_id, ic.key_ordinal
"""

# A login sees only the policies that it may see the definition of (VIEW DEFINITION).
ROW_FILTERS = """
SELECT DISTINCT p.target_object_id FROM sys.security_predicates p
JOIN sys.security_policies s ON s.object_id = p.object_id
WHERE s.is_enabled = 1 AND p.predicate_type_desc = N'FILTER'
"""

# create_date is the server's local time.
ISOLATION = """
SELECT d.snapshot_isolation_state, d.is_read_committed_snapshot_on, s.name AS source_name,
       CONVERT(varchar(23), DATEADD(minute, DATEDIFF(minute, GETDATE(), GETUTCDATE()),
                                    CAST(d.create_date AS datetime2(3))), 121) AS created
FROM sys.databases d LEFT JOIN sys.databases s ON s.database_id = d.source_database_id
WHERE d.database_id = DB_ID()
"""
