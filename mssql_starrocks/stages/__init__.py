"""The whole product without Dagster: snapshot, publish, load, and the proofs between them.

Each stage can be run alone, on any machine: what one needs of another is in the Iceberg snapshot summary and in
StarRocks' ledger of loads, never in this process. Stages hand each other references, never data.
"""

from mssql_starrocks.stages.cleaning import clean
from mssql_starrocks.stages.currency import Currency, is_current
from mssql_starrocks.stages.loading import load, prove_warehouse
from mssql_starrocks.stages.planning import plan
from mssql_starrocks.stages.publishing import prove_snapshot, publish
from mssql_starrocks.stages.rolling_back import loads, rollback
from mssql_starrocks.stages.snapshotting import Log, SparkSource, snapshot

__all__ = [
    "Currency",
    "Log",
    "SparkSource",
    "clean",
    "is_current",
    "load",
    "loads",
    "plan",
    "prove_snapshot",
    "prove_warehouse",
    "publish",
    "rollback",
    "snapshot",
]
