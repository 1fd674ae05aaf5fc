"""What the proof costs beside the copy: the 300,000 rows of the sample table, every level.

Prints seconds of the three fingerprints and of the copy itself by each engine (extraction to the lake, load into
StarRocks without its proofs), all against the sandbox in this run. Usage: python benchmarks/proof.py [rows]
"""

import os
import platform
import secrets
import sys
import time
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from mssql_starrocks import stages
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint as lake_fingerprint
from mssql_starrocks.model import Level
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.sandbox.stack import Sandbox
from mssql_starrocks.settings import Settings, SparkSettings
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks.source.discover import discover
from mssql_starrocks.source.fingerprint import fingerprint as source_fingerprint
from mssql_starrocks.warehouse import replace
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.fingerprint import fingerprint as warehouse_fingerprint
from mssql_starrocks.warehouse.loaders import CatalogInsert, LoadOrder

TABLE = "sales.events"


@contextmanager
def timed(into: dict[str, float], what: str):
    started = time.perf_counter()
    yield
    into[what] = time.perf_counter() - started


def main(rows: int) -> None:
    with Sandbox(events=rows, apart=True) as box:
        settings = Settings.load(box.environment(), dotenv=None)
        spark = LazySpark(SparkSettings(driver_memory="1g"))
        spark.session(settings.lake)  # its start is no part of a copy
        copy = {}
        for engine in ("spark", "arrow"):
            chains, _ = plan_chains(discover(settings.mssql), Config(engine=engine))
            chain = next(c for c in chains if str(c.table.id) == TABLE)
            report = stages.snapshot(chain, settings.mssql, settings.lake, spark, lambda _: None)
            copy[f"extraction by {engine}"] = report.copied.seconds
        spark.stop()
        stages.publish(chain, settings.lake, lambda _: None)
        stages.load(chain, settings.lake, settings.starrocks, lambda _: None)
        with warehouse_session(settings.starrocks) as session:
            shadow = replace.make_shadow(session, chain, settings.starrocks, replace.shadow_name(chain))
            order = LoadOrder(chain, report.copied.snapshot_id, shadow, f"bench_{secrets.token_hex(4)}")
            with timed(copy, "load into StarRocks"):
                CatalogInsert(settings.starrocks, settings.lake).load(session, order)
        show(rows, copy, {level: fingerprints(chain, settings, report, level) for level in Level})


def fingerprints(chain, settings, report, level: Level) -> dict[str, float]:
    took: dict[str, float] = {}
    with reader_session(settings.mssql) as session, timed(took, "SQL Server"):
        source_fingerprint(session, chain.table.id, chain.columns, level)
    with timed(took, "lake"):
        table = open_catalog(settings.lake).load_table(chain.names.lake)
        lake_fingerprint(table, report.copied.snapshot_id, chain.columns, level)
    with warehouse_session(settings.starrocks) as session, timed(took, "StarRocks"):
        warehouse_fingerprint(session, chain.names.warehouse, chain.columns, level)
    return took


def show(rows: int, copy: dict[str, float], levels: dict[Level, dict[str, float]]) -> None:
    load = copy["load into StarRocks"]
    console = Console(width=110)
    console.print(f"{rows:,} rows of {TABLE}, {os.cpu_count()} CPUs, Python {platform.python_version()}, sandbox")
    console.print("copy: " + ", ".join(f"{what} {seconds:.2f} s" for what, seconds in copy.items()))
    table = Table("level", *next(iter(levels.values())), "together", "of a copy by arrow", "by spark")
    for level, took in levels.items():
        spent = sum(took.values())
        shares = [f"{spent / (copy[f'extraction by {engine}'] + load):.0%}" for engine in ("arrow", "spark")]
        table.add_row(level.value, *(f"{s:.2f} s" for s in took.values()), f"{spent:.2f} s", *shares)
    console.print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
