"""Spark chosen by size gives way where it cannot run; Spark that was asked for does not."""

import pytest

from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import SparkSettings
from mssql_starrocks_tests.platform import Platform, failed


class Absent:
    settings = SparkSettings()

    def missing(self):
        return "Spark needs Java 17"

    def session(self, lake):
        raise EngineError("Spark needs Java 17")


def test_a_big_table_is_copied_by_arrow_where_spark_cannot_run(box):
    platform = Platform(box, Absent())
    chain = platform.chains(spark_above_mb=0, lake_prefix="choice_")["sales.orders"]
    assert chain.engine == "spark"
    assert platform.snapshot(chain).engine == "arrow"
    assert not failed(platform.prove_snapshot(chain))


def test_an_engine_that_was_asked_for_is_not_replaced(box):
    platform = Platform(box, Absent())
    with pytest.raises(EngineError, match="Java 17"):
        platform.snapshot(platform.chains(engine="spark", lake_prefix="choice_")["sales.orders"])
