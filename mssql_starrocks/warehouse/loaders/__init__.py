"""Loaders: put exactly one Iceberg snapshot into one empty StarRocks table. `spark_jdbc` needs a JVM: see engines/."""

from mssql_starrocks.warehouse.loaders.catalog_insert import CatalogInsert
from mssql_starrocks.warehouse.loaders.order import Loader, LoadOrder
from mssql_starrocks.warehouse.loaders.stream_load import StreamLoad

__all__ = ["CatalogInsert", "LoadOrder", "Loader", "StreamLoad"]
