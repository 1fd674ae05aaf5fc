"""A SQL Server protocol server for the sandbox: TDS 7.4 and 8.0 over DuckDB, for a closed set of T-SQL."""

from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.faults import Faults
from mssql_starrocks.sandbox.sqlserver.server import SqlServer

__all__ = ["Faults", "SqlError", "SqlServer"]
