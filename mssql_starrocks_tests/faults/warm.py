"""Imported by the fork server: everything a chain imports. Nothing here may start a thread, which no fork inherits."""

import importlib

from mssql_starrocks.source.environment import choose_provider

_MODULES = (
    "mssql_starrocks_tests.faults.child",
    "mssql_starrocks_tests.platform",
    "mssql_starrocks.stages",
    "mssql_starrocks.engines.arrow",
    "mssql_starrocks.lake.store",
    "mssql_starrocks.warehouse.loaders.stream_load",
    "pyiceberg.avro.decoder_fast",
    "pyiceberg.catalog.glue",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "pyarrow.parquet",
    "botocore.session",
    "duckdb",
    "pymssql",
    "pymysql",
    "mssql_python",
    "dagster",
    "mssql_starrocks.orchestration.build",
)

choose_provider()  # which mssql_python reads when it is imported
for _module in _MODULES:
    importlib.import_module(_module)
