"""The loader of a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.lake.rows import snapshot_batches
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.stages.snapshotting import SparkSource
from mssql_starrocks.warehouse.loaders import CatalogInsert, Loader, StreamLoad

if TYPE_CHECKING:
    from pyiceberg.table import Table


def loader_of(
    chain: Chain, lake: LakeSettings, starrocks: StarRocksSettings, table: Table, spark: SparkSource | None
) -> Loader:
    """What `loader` of the configuration says.

    Raises:
        WarehouseError: it needs Spark, and there is none.
        EngineError: Spark cannot run here.
    """
    if chain.loader == "stream_load":
        return StreamLoad(starrocks, lambda snapshot_id, names: snapshot_batches(table, snapshot_id, names))
    if chain.loader == "spark_jdbc":
        from mssql_starrocks.engines.spark_jdbc import SparkJdbc

        if spark is None:
            raise WarehouseError(f"{chain.table.id}: loader spark_jdbc needs Spark, which this caller does not give.")
        return SparkJdbc(spark.session(lake), starrocks)
    return CatalogInsert(starrocks, lake)
