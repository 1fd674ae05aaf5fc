"""A StarRocks protocol server over DuckDB that refuses what StarRocks refuses (facts/starrocks_judged.md)."""

from mssql_starrocks.sandbox.starrocks.errors import SqlError
from mssql_starrocks.sandbox.starrocks.faults import Faults
from mssql_starrocks.sandbox.starrocks.server import StarRocks

__all__ = ["Faults", "SqlError", "StarRocks"]
