"""One moto and one Spark session for all tests of the engines."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator

import pytest

from mssql_starrocks.engines.jars import jars_folder, verify
from mssql_starrocks.engines.session import check_session, prepare_environment, spark_conf
from mssql_starrocks.errors import EngineError
from mssql_starrocks.settings import LakeSettings, SparkSettings

CANARY_KEY = "canary-aws-secret"


@pytest.fixture(scope="session")
def spark_settings() -> SparkSettings:
    return SparkSettings(master="local[2]", driver_memory="1g", shuffle_partitions=2)


@pytest.fixture(scope="session")
def glue_lake() -> Iterator[LakeSettings]:
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, bucket, key = f"http://{host}:{port}", "engines-lake", "canary-aws-id"
    boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=CANARY_KEY
    ).create_bucket(Bucket=bucket)
    yield LakeSettings(access_key_id=key, secret_access_key=CANARY_KEY, bucket=bucket, endpoint=endpoint)
    server.stop()


@pytest.fixture(scope="session")
def spark(glue_lake, spark_settings) -> Iterator:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("no Java")
    try:
        jars = verify(jars_folder(spark_settings))
    except EngineError as error:
        pytest.skip(str(error))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("engines")
    for key, value in spark_conf(spark_settings, glue_lake, jars).items():
        builder = builder.config(key, value)
    before = dict(os.environ)
    prepare_environment(spark_settings, glue_lake)
    try:
        session = builder.config(
            "spark.driver.extraJavaOptions", "-Duser.timezone=UTC -XX:TieredStopAtLevel=1"
        ).getOrCreate()
    finally:  # the JVM has its copy; other tests keep theirs
        os.environ.clear()
        os.environ.update(before)
    session.sparkContext.setLogLevel("OFF")
    check_session(session)
    yield session
    session.stop()
