"""The original's way per table: Spark JDBC, cache, three counts, Iceberg, then JDBC INSERT into StarRocks.

Its rules are those of facts/peers.md 1.1; where they are silent the choice is the faster one (rewritten batches).
Usage: many_original.py TABLES
"""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession
from result import mark, tell
from with_spark import original, start

from mssql_starrocks.settings import Settings

E = os.environ
URL = (
    f"jdbc:mysql://127.0.0.1:{E['STARROCKS_PORT']}/bench?rewriteBatchedStatements=true&sslMode=REQUIRED"
    "&connectionTimeZone=UTC&characterSetResults=UTF-8"  # the stand-in refuses SET character_set_results = NULL
)
LOGIN = {"user": E["STARROCKS_USER"], "password": E["STARROCKS_PASSWORD"], "driver": "com.mysql.cj.jdbc.Driver"}
BATCH, WRITERS = "5000", "20"


def main(tables: int) -> None:
    spark = start(Settings.load(dotenv=None))
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.original")
    mark("READY")
    failed = [text for n in range(tables) if (text := copy(spark, f"t{n:03d}"))]
    mark("COPIED")
    tell(tables=tables, failed=failed)
    spark.stop()


def copy(spark: SparkSession, name: str) -> str:
    target = f"lake.original.{name}"
    frame = original(spark, f"bench.{name}", "created_at", target)
    options = {"batchsize": BATCH, "numPartitions": WRITERS}
    try:
        spark.table(target).write.jdbc(URL, f"{name}_o", mode="append", properties=LOGIN | options)
    except Exception as error:
        causes = [line.strip(": ") for line in str(error).splitlines() if "Caused by" in line or "Exception:" in line]
        return f"{name}: {' '.join(causes[:2])[:300]}"
    finally:
        frame.unpersist()
    return ""


if __name__ == "__main__":
    main(int(sys.argv[1]))
