"""One JVM with Spark for all tests of the engines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from mssql_starrocks.engines.archive import archive_options, make_archive
from mssql_starrocks.engines.jars import jars_folder, verify
from mssql_starrocks.engines.java import find_java
from mssql_starrocks.engines.session import check_session, lake_conf, prepare_environment, spark_conf
from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import LakeSettings, SparkSettings
from mssql_starrocks_tests.platform import glue_settings


@pytest.fixture(scope="session")
def spark_settings() -> SparkSettings:
    return SparkSettings(master="local[2]", driver_memory="1g", shuffle_partitions=2, ui=True)


@pytest.fixture(scope="session")
def glue_lake(aws) -> LakeSettings:
    """The sandbox's Glue, whose keys the JVM keeps in its environment for every lake of these tests."""
    return glue_settings(aws)


@pytest.fixture(scope="session")
def spark(glue_lake, spark_settings) -> Iterator:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("no Java")
    try:
        folder = jars_folder(spark_settings)
        jars = verify(folder)
    except EngineError as error:
        pytest.skip(str(error))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("engines")
    for key, value in spark_conf(spark_settings, glue_lake, jars).items():
        builder = builder.config(key, value)
    before = dict(os.environ)
    prepare_environment(spark_settings, glue_lake)
    make_archive(find_java(), jars, folder)
    options = f"-Duser.timezone=UTC -XX:TieredStopAtLevel=1 {archive_options(find_java(), jars, folder)}"
    try:
        session = builder.config("spark.driver.extraJavaOptions", options).getOrCreate()
    finally:  # the JVM has its copy; other tests keep theirs
        os.environ.clear()
        os.environ.update(before)
    session.sparkContext.setLogLevel("OFF")
    check_session(session)
    yield session
    session.stop()


class SharedSpark:
    """A stages.SparkSource whose sessions, one for each lake, share the JVM of the tests."""

    def __init__(self, settings: SparkSettings, start: Callable) -> None:
        self.settings = settings
        self._start = start
        self._sessions = {}

    def missing(self):
        return None

    def session(self, lake: LakeSettings):
        key = lake.model_dump_json()
        if key not in self._sessions:
            self._sessions[key] = session_on(self._start(), lake)
            check_session(self._sessions[key])
        return self._sessions[key]


def session_on(spark, lake: LakeSettings):
    """A session of the same JVM whose catalog is `lake`."""
    session = spark.newSession()
    for key, _ in spark.sparkContext.getConf().getAll():
        if key.startswith("spark.sql.catalog.lake"):
            session.conf.unset(key)
    for key, value in lake_conf(lake).items():
        session.conf.set(key, value)
    return session


@pytest.fixture(scope="session")
def spark_source(request, spark_settings) -> SharedSpark:
    """Starts Spark only when it is asked for a session."""
    return SharedSpark(spark_settings, lambda: request.getfixturevalue("spark"))
