"""mssql_starrocks: snapshot to an audit branch, its proof, and the publish. Usage: ours.py ENGINE [warm] [disk]

With `disk` the lake is a local folder: the store's stand-in takes the client's CPUs and is no part of the engine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import duckdb  # noqa: F401 - what the copy would import by itself
import pyarrow.parquet  # noqa: F401
from result import mark, tell

from mssql_starrocks import stages
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import LakeSettings, Settings
from mssql_starrocks.source.discover import discover

WIDE, TINY = "bench.wide", "bench.tiny"


def main(engine: str, *, warm: bool, disk: bool) -> None:
    settings = Settings.load(dotenv=None)
    if disk:
        settings = settings.model_copy(update={"lake": _on_disk(tempfile.mkdtemp(dir=os.environ["BENCH_FOLDER"]))})
    config = Config(engine=engine, include=("bench.*",))
    chains = {str(c.table.id): c for c in plan_chains(discover(settings.mssql), config)[0]}
    spark = LazySpark(settings.spark)
    if engine == "spark":
        spark.session(settings.lake)
    open_catalog(settings.lake)  # imports are counted for nobody
    opened = _count_connections()
    if warm:  # everything imported and allocated once: what comes on top is the table's
        stages.snapshot(chains[TINY], settings.mssql, settings.lake, spark, print)
    chain, before = chains[WIDE], len(opened)
    mark("READY")
    report = stages.snapshot(chain, settings.mssql, settings.lake, spark, print)
    mark("COPIED")
    failed = [r.summary for r in stages.prove_snapshot(chain, settings.lake) if not r.passed]
    mark("PROVED")
    if not failed:
        stages.publish(chain, settings.lake, print)
    mark("PUBLISHED")
    table = open_catalog(settings.lake).load_table(chain.names.lake)
    tell(
        metadata=table.metadata_location,
        failed=failed,
        copy_seconds=report.copied.seconds,
        connections=len(opened) - before,
        grade=report.evidence.grade.value,
        level=chain.level.value,
    )
    spark.stop()


def _on_disk(folder: str) -> LakeSettings:
    return LakeSettings(catalog="sql", uri=f"sqlite:///{folder}/lake.db", bucket="", warehouse_path=f"{folder}/lake")


def _count_connections() -> list[Any]:
    """Every connection that reads rows is opened through this function."""
    import mssql_python

    opened: list[Any] = []
    connect = mssql_python.connect

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(None)
        return connect(*arguments, **options)

    mssql_python.connect = counted
    return opened


if __name__ == "__main__":
    main(sys.argv[1], warm="warm" in sys.argv, disk="disk" in sys.argv)
