"""One Spark writer that appends to main and compacts it, beside loads of ours."""

import pytest

from mssql_starrocks_tests.recovery.scenario import play
from mssql_starrocks_tests.recovery.writers import SparkWriters


@pytest.mark.spark
def test_no_commit_of_a_spark_writer_is_lost(shared, spark_source):
    session = spark_source.session(shared.settings.lake)
    play(shared, lambda kept, chain: SparkWriters(kept, chain, session))
