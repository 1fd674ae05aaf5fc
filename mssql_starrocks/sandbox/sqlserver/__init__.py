"""A SQL Server protocol server for the sandbox: TDS 7.4 and 8.0 over DuckDB, for a closed set of T-SQL."""

from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.faults import Faults
from mssql_starrocks.sandbox.sqlserver.process import SqlServer
from mssql_starrocks.sandbox.sqlserver.server import LocalServer

__all__ = ["Faults", "LocalServer", "SqlError", "SqlServer"]
