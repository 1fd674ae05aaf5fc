"""The whole chain with every check, several tables at a time, without Dagster. Usage: many_ours.py [AT_A_TIME]"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from result import mark, tell

from mssql_starrocks import stages
from mssql_starrocks.chain import Chain, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover


def quiet(_: str) -> None:
    pass


def copy(chain: Chain, settings: Settings, spark: LazySpark) -> list[str]:
    """Snapshot, proof, publish, load, proof; what failed."""
    report = stages.snapshot(chain, settings.mssql, settings.lake, spark, quiet)
    reports = stages.prove_snapshot(chain, settings.lake, report.load_id, settings.mssql)
    stages.publish(chain, settings.lake, quiet, report.load_id)
    stages.load(chain, settings.lake, settings.starrocks, quiet)
    reports += stages.prove_warehouse(chain, settings.lake, settings.starrocks)
    return [f"{chain.table.id}: {r.summary}" for r in reports if not r.passed]


def main(at_a_time: int) -> None:
    settings = Settings.load(dotenv=None)
    spark = LazySpark(settings.spark)
    mark("READY")
    chains, refused = plan_chains(discover(settings.mssql), Config(engine="arrow", include=("bench.t*",)))
    failed = [str(r) for r in refused]
    with ThreadPoolExecutor(at_a_time) as pool:
        for found in pool.map(lambda chain: copy(chain, settings, spark), chains):
            failed += found
    mark("COPIED")
    tell(tables=len(chains), failed=failed)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
