"""Spark over JDBC to Iceberg, as most people write it, or the original's way. Usage: with_spark.py plain|original ROWS

The session is the product's own (same jars, catalog and UTC), so that only the way of copying differs.
"""

from __future__ import annotations

import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from result import mark, tell

from mssql_starrocks.engines import jars, session
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.settings import Settings

E = os.environ
URL = (
    f"jdbc:sqlserver://localhost:{E['MSSQL_PORT']};databaseName={E['MSSQL_DATABASE']};"
    "encrypt=false;trustServerCertificate=true"
)
LOGIN = {"user": E["MSSQL_USER"], "password": E["MSSQL_PASSWORD"]}


def main(way: str, rows: int) -> None:
    settings = Settings.load(dotenv=None)
    spark = start(settings)
    name = f"spark_{way}"
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.peers")
    mark("READY")
    if way == "plain":
        frame = spark.read.jdbc(URL, "bench.wide", "id", 1, rows, 8, properties=LOGIN)
        frame.writeTo(f"lake.peers.{name}").using("iceberg").createOrReplace()
    else:
        original(spark, "bench.wide", "created_at", f"lake.peers.{name}")
    mark("COPIED")
    tell(metadata=open_catalog(settings.lake).load_table(("peers", name)).metadata_location, version=spark.version)
    spark.stop()


def start(settings: Settings) -> SparkSession:
    files = jars.verify(jars.jars_folder(settings.spark))
    session.prepare_environment(settings.spark, settings.lake)
    conf = session.spark_conf(settings.spark, settings.lake, files) | {"spark.driver.memory": "4g"}
    builder = SparkSession.builder.appName("bench")
    for key, value in conf.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def original(spark: SparkSession, table: str, day: str | None, target: str) -> DataFrame:
    """Its rules (facts/peers.md 1.1): count, partitions from min to max of `id`, cache, three counts, files by day."""
    rows, low, high = _ask(spark, f"SELECT count(*) AS n, min(id) AS low, max(id) AS high FROM {table}")
    options = {"column": "id", "lowerBound": low, "upperBound": high, "numPartitions": partitions(rows)}
    frame = spark.read.jdbc(URL, table, properties={**LOGIN, "fetchsize": "50000"}, **options).cache()
    frame.count()
    frame = frame.withColumn("migrated_at", f.current_timestamp().cast("string"))
    frame = frame.withColumn("source_schema", f.lit(table.split(".", maxsplit=1)[0]))
    frame.count()
    writer = frame.writeTo(target).using("iceberg")
    if day and rows > 1_000:
        writer = writer.partitionedBy(f.days(day))
    writer.createOrReplace()
    frame.count()
    return frame


def partitions(rows: int) -> int:
    for below, count in ((10_000, 2), (100_000, 4), (500_000, 12), (1_000_000, 16), (10_000_000, 20)):
        if rows < below:
            return count
    return min(rows // 500_000, 100)


def _ask(spark: SparkSession, sql: str) -> tuple[int, int, int]:
    row = spark.read.format("jdbc").options(url=URL, query=sql, **LOGIN).load().first()
    return tuple(row)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
