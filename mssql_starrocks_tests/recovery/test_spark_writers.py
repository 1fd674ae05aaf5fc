"""One Spark writer that appends to main and compacts it, beside loads of ours."""

import pytest

from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks_tests.recovery.scenario import play
from mssql_starrocks_tests.recovery.writers import SparkWriters


@pytest.fixture
def session(shared, request, spark_settings):
    lake = shared.settings.lake
    if lake.catalog != "glue" or lake.endpoint:
        yield request.getfixturevalue("spark_source").session(lake)
        return
    own = LazySpark(spark_settings)  # real AWS: its keys must be in the JVM's environment, so no other may run yet
    yield own.session(lake)
    own.stop()


LAKES = [
    "glue",
    pytest.param("sql", marks=pytest.mark.long),
    pytest.param("rest", marks=pytest.mark.long),
    pytest.param("aws", marks=pytest.mark.acceptance),
]


@pytest.mark.spark
@pytest.mark.parametrize("any_lake", LAKES, indirect=True)
def test_no_commit_of_a_spark_writer_is_lost(shared, session):
    play(shared, lambda kept, chain: SparkWriters(kept, chain, session))
