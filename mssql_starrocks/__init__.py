"""A certified copy of Microsoft SQL Server databases in StarRocks, through Apache Iceberg, as Dagster assets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mssql_starrocks.config import Config
    from mssql_starrocks.errors import MssqlStarrocksError
    from mssql_starrocks.migration import Migration, migrate_table, plan, validate
    from mssql_starrocks.model import Manifest, TablePlan
    from mssql_starrocks.orchestration.build import build_definitions
    from mssql_starrocks.orchestration.component import SqlServerToStarRocks
    from mssql_starrocks.orchestration.launch.results import MigrationResult, TableResult
    from mssql_starrocks.settings import Settings

__all__ = [
    "Config",
    "Manifest",
    "Migration",
    "MigrationResult",
    "MssqlStarrocksError",
    "Settings",
    "SqlServerToStarRocks",
    "TablePlan",
    "TableResult",
    "build_definitions",
    "migrate_table",
    "plan",
    "validate",
]

# Looked up when asked for: importing the package costs nothing, and the sandbox in it stays a house next door.
_HOMES = {
    "Config": "config",
    "Manifest": "model",
    "Migration": "migration",
    "MigrationResult": "orchestration.launch.results",
    "MssqlStarrocksError": "errors",
    "Settings": "settings",
    "SqlServerToStarRocks": "orchestration.component",
    "TablePlan": "model",
    "TableResult": "orchestration.launch.results",
    "build_definitions": "orchestration.build",
    "migrate_table": "migration",
    "plan": "migration",
    "validate": "migration",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
