"""Make Spark's class-data archive: `python -m mssql_starrocks.engines.train JARS_FOLDER`, run by archive.py.

A session like those of the product does a little of what they do, in a lake of its own, so that its JVM has loaded what
they load; the JVM writes the archive when it ends.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mssql_starrocks.engines import session
from mssql_starrocks.engines.archive import archive_file, making_options
from mssql_starrocks.engines.jars import verify
from mssql_starrocks.settings import LakeSettings, SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def main(folder: Path) -> None:
    os.nice(19)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="mssql_starrocks_", dir=_without_blanks()) as scratch:
        lake = LakeSettings(
            catalog="sql", uri=f"sqlite:///{scratch}/lake.db", bucket="", warehouse_path=f"{scratch}/warehouse"
        )
        spark = SparkSettings(master="local[2]", driver_memory="1g", shuffle_partitions=2)
        jars = verify(folder)
        java = Path(session.prepare_environment(spark, lake)["JAVA_HOME"])
        file, made = archive_file(java, jars, folder), Path(scratch) / "made.jsa"
        _run(session.spark_conf(spark, lake, jars, making_options(made)))
        _keep(made, file)


def _run(conf: dict[str, str]) -> None:
    """One session from its start to the end of its JVM."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("train")
    for key, value in conf.items():
        builder = builder.config(key, value)
    started = builder.getOrCreate()
    process = started.sparkContext._gateway.proc
    _work(started)
    started.stop()
    process.stdin.close()  # Spark's JVM ends with its parent's end of this pipe
    process.wait(120)


def _work(spark: SparkSession) -> None:
    from pyspark.sql.functions import lit

    spark.sql("CREATE NAMESPACE lake.train")
    spark.sql("CREATE TABLE lake.train.t (id bigint, name string, at timestamp_ntz, d decimal(18,4)) USING iceberg")
    rows = spark.sql("SELECT id, CAST(id AS string) AS name, timestamp_ntz'2024-01-01' AS at, "
                     "CAST(id AS decimal(18,4)) AS d FROM range(0, 10, 1, 2)")  # fmt: skip
    spark.sql("ALTER TABLE lake.train.t CREATE BRANCH audit_train")
    rows.coalesce(1).writeTo("lake.train.t.branch_audit_train").overwrite(lit(True))
    spark.sql("SELECT count(*), max(at) FROM lake.train.t VERSION AS OF 'audit_train'").collect()
    spark.table("lake.train.t.snapshots").collect()


def _keep(made: Path, file: Path) -> None:
    """Put it beside the jars, whole or not at all, in the place of those of other jars."""
    partial = file.with_suffix(f".jsa.{os.getpid()}")
    partial.write_bytes(made.read_bytes())
    for old in file.parent.glob("spark-*.jsa"):
        old.unlink(missing_ok=True)
    partial.rename(file)


def _without_blanks() -> str | None:
    """JVM options are split at blanks."""
    return "/tmp" if " " in tempfile.gettempdir() else None  # noqa: S108


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)  # Spark's JVM follows


if __name__ == "__main__":
    main(Path(sys.argv[1]))
