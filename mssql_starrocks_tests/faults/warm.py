"""Imported by the fork server: everything a chain imports. Nothing here may start a thread, which no fork inherits."""

import botocore.session
import duckdb
import pyarrow.parquet
import pyiceberg.avro.decoder_fast
import pyiceberg.catalog.glue
import pyiceberg.catalog.sql
import pyiceberg.io.pyarrow
import pymssql
import pymysql

import mssql_starrocks.engines.arrow
import mssql_starrocks.lake.store
import mssql_starrocks.stages
import mssql_starrocks.warehouse.loaders.stream_load
import mssql_starrocks_tests.faults.child
import mssql_starrocks_tests.platform
from mssql_starrocks.source.connect import _choose_provider

_choose_provider()
import mssql_python  # noqa: E402, F401 - it reads its choice of a driver when it is imported
