"""First row to certified, one table of 1,000 rows in a warm process: the stages alone, and through Dagster."""

from __future__ import annotations

import time
from statistics import median

import dagster as dg
from many_ours import copy
from result import mark, tell

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover

TIMES = 7
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def main() -> None:
    settings = Settings.load(dotenv=None)
    config = Config(engine="arrow", include=("bench.t000",))
    manifest = discover(settings.mssql)
    chains, _ = plan_chains(manifest, config)
    spark = LazySpark(settings.spark)
    defs = build_definitions(manifest, config)
    mark("READY")
    failed: list[str] = []
    with dg.DagsterInstance.ephemeral() as instance:
        alone = [_timed(lambda: failed.extend(copy(chains[0], settings, spark))) for _ in range(TIMES + 1)]
        dagster = [_timed(lambda: failed.extend(through_dagster(defs, instance))) for _ in range(TIMES + 1)]
    mark("COPIED")
    tell(
        failed=failed, alone=alone, dagster=dagster, median_alone=median(alone[1:]), median_dagster=median(dagster[1:])
    )


def through_dagster(defs: dg.Definitions, instance: dg.DagsterInstance) -> list[str]:
    result = dg.materialize(
        [*defs.assets, *defs.asset_checks], resources=defs.resources, instance=instance, run_config=SILENT
    )
    checks = result.get_asset_check_evaluations()
    failed = [f"{c.asset_key.path[0]}.{c.check_name}: {c.description}" for c in checks if not c.passed]
    return failed if len(checks) == 6 else [*failed, f"{len(checks)} checks instead of 6"]


def _timed(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
