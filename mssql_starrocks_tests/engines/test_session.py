"""The session's configuration: side by side with PyIceberg's, without secrets, and refused where it is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pyarrow as pa
import pytest

from mssql_starrocks.engines.session import check_session, lake_conf, prepare_environment, spark_conf, ui_url
from mssql_starrocks.errors import ConfigError, EngineError
from mssql_starrocks.lake.catalog import open_catalog, pyiceberg_properties
from mssql_starrocks.orchestration.resources import LazySpark
from mssql_starrocks.settings import LakeSettings, SparkSettings

P = "spark.sql.catalog.lake."
KEYS = {"access_key_id": "canary-id", "secret_access_key": "canary-secret", "session_token": "canary-token"}
LAKES = {
    "glue": LakeSettings(bucket="b", region="eu-west-1", **KEYS),
    "glue at an endpoint": LakeSettings(bucket="b", endpoint="http://127.0.0.1:5000", **KEYS),
    "sql": LakeSettings(catalog="sql", uri="sqlite:////tmp/lake.db", warehouse_path="/tmp/wh"),
    "rest": LakeSettings(catalog="rest", uri="http://127.0.0.1:8181", bucket="b", endpoint="http://127.0.0.1:5000"),
    "rest with local files": LakeSettings(catalog="rest", uri="http://127.0.0.1:8181", warehouse_path="/tmp/wh"),
}


CLUSTERS = ("local-cluster[2,1,1024]", "spark://cluster:7077", "yarn", "k8s://https://cluster:6443")


@pytest.fixture
def environment():
    before = dict(os.environ)
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("lake", LAKES.values(), ids=LAKES)
def test_spark_and_pyiceberg_get_the_same_catalog(lake):
    spark, python = lake_conf(lake), pyiceberg_properties(lake)
    assert spark["spark.sql.catalog.lake"] == "org.apache.iceberg.spark.SparkCatalog"
    assert spark[P + "type"] == {"sql": "jdbc"}.get(python["type"], python["type"])
    assert spark.get(P + "uri") == (python["uri"].replace("sqlite:///", "jdbc:sqlite:") if "uri" in python else None)
    for key in ("warehouse", "glue.endpoint", "s3.endpoint"):
        assert spark.get(P + key) == python.get(key), key
    if lake.bucket:
        assert spark[P + "client.region"] == python["client.region"] == lake.region
        assert spark[P + "io-impl"].endswith("S3FileIO")
    assert (P + "s3.path-style-access" in spark) == bool(lake.endpoint)


@pytest.mark.parametrize("lake", LAKES.values(), ids=LAKES)
@pytest.mark.parametrize("master", ["local[2]", *CLUSTERS])
def test_no_credentials_in_the_configuration(lake, master):
    conf = spark_conf(SparkSettings(master=master), lake, (Path("/jars/a.jar"), Path("/jars/b.jar")))
    assert "canary" not in str(conf)
    assert conf["spark.sql.session.timeZone"] == "UTC"
    for side in ("driver", "executor"):
        assert "-Duser.timezone=UTC" in conf[f"spark.{side}.extraJavaOptions"]


def test_a_local_session_stays_on_this_machine():
    conf = spark_conf(SparkSettings(), LAKES["glue"], (Path("/jars/a.jar"), Path("/jars/b.jar")))
    assert conf["spark.driver.bindAddress"] == conf["spark.driver.host"] == "127.0.0.1"
    assert conf["spark.ui.enabled"] == "false"
    assert spark_conf(SparkSettings(ui=True), LAKES["glue"], ())["spark.ui.enabled"] == "true"
    assert conf["spark.driver.extraClassPath"] == "/jars/a.jar:/jars/b.jar"


@pytest.mark.parametrize("master", CLUSTERS)
def test_a_cluster_gets_the_jars_and_the_executors_size_and_keeps_its_own_addresses(master):
    settings = SparkSettings(master=master, executor_cores=3, executor_memory="7g")
    conf = spark_conf(settings, LAKES["glue"], (Path("/jars/a.jar"), Path("/jars/b.jar")))
    assert (conf["spark.master"], conf["spark.jars"]) == (master, "/jars/a.jar,/jars/b.jar")
    assert (conf["spark.executor.cores"], conf["spark.executor.memory"]) == ("3", "7g")
    assert not conf.keys() & {"spark.ui.enabled", "spark.driver.host", "spark.driver.bindAddress"}
    assert "spark.driver.extraClassPath" not in conf, "a folder of this machine"
    assert "spark.jars" not in spark_conf(settings, LAKES["glue"], ())


@pytest.mark.parametrize(
    ("lake", "message"),
    [
        (LakeSettings(), "S3_BUCKET"),
        (LakeSettings(catalog="rest"), "ICEBERG_CATALOG_URI"),
        (LakeSettings(catalog="sql", uri="postgresql://u:canary@h/d"), "SQLite only.* not postgresql;"),
    ],
)
def test_what_spark_cannot_reach_is_refused(lake, message):
    with pytest.raises(ConfigError, match=message) as refused:
        lake_conf(lake)
    assert "canary" not in str(refused.value)


def test_environment_of_the_jvm(environment, spark_settings):
    environment["AWS_SESSION_TOKEN"] = "of other keys"
    lake = LAKES["glue at an endpoint"].model_copy(update={"session_token": None})
    values = prepare_environment(spark_settings, lake)
    assert values.items() <= dict(environment).items()
    assert (values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"]) == ("canary-id", "canary-secret")
    assert "AWS_SESSION_TOKEN" not in environment
    assert values["PYSPARK_PYTHON"] == sys.executable
    assert (Path(values["JAVA_HOME"]) / "bin" / "java").exists()


def test_addresses_of_this_machine_are_not_given_to_a_cluster(environment):
    values = prepare_environment(SparkSettings(master="yarn"), LAKES["glue"])
    assert not values.keys() & {"SPARK_LOCAL_IP", "PYSPARK_PYTHON"}


def test_without_keys_the_environment_keeps_its_own(environment, spark_settings):
    environment["AWS_SESSION_TOKEN"] = "mine"
    prepare_environment(spark_settings, LakeSettings(bucket="b"))
    assert environment["AWS_SESSION_TOKEN"] == "mine"


def test_importing_starts_nothing():
    code = "import sys, mssql_starrocks.engines.spark, mssql_starrocks.engines.session; "
    code += "sys.exit(any(m in sys.modules for m in ('pyspark', 'py4j', 'pyiceberg', 'boto3')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.spark
def test_a_good_session_passes(spark):
    check_session(spark)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("spark.sql.session.timeZone", "America/New_York", "session runs in time zone America/New_York"),
        ("spark.sql.ansi.enabled", "false", "gives NULL silently"),
        ("spark.sql.catalog.lake", "no.such.Catalog", "'lake' is no.such.Catalog"),
        ("spark.sql.catalog.lake.type", "nonsense", "no Iceberg catalog 'lake': .*nonsense"),
    ],
)
def test_a_wrong_session_is_refused(spark, key, value, message):
    other = spark.newSession()
    other.conf.set(key, value)
    with pytest.raises(EngineError, match=message):
        check_session(other)


@pytest.mark.spark
def test_a_jvm_in_another_zone_is_refused(spark):
    zone = spark.sparkContext._jvm.java.util.TimeZone
    zone.setDefault(zone.getTimeZone("America/New_York"))
    try:
        with pytest.raises(EngineError, match="driver JVM runs in time zone America/New_York"):
            check_session(spark)
    finally:
        zone.setDefault(zone.getTimeZone("UTC"))


@pytest.mark.spark
def test_a_process_has_one_session_and_who_started_it_ends_it(spark, spark_settings, glue_lake, environment):
    first, second = LazySpark(spark_settings), LazySpark(spark_settings)
    session = first.session(glue_lake)
    assert first.session(glue_lake) is session
    assert second.session(glue_lake).sparkContext is spark.sparkContext
    first.stop()
    second.stop()
    assert spark.sql("SELECT 1").first()[0] == 1


@pytest.mark.spark
def test_no_credentials_in_the_running_session(spark, glue_lake):
    everything = str(spark.sparkContext.getConf().getAll()) + str(spark.sql("SET -v").collect())
    assert glue_lake.access_key_id not in everything
    assert glue_lake.secret_access_key.get_secret_value() not in everything


@pytest.mark.spark
def test_the_ui_of_a_local_session_is_on_loopback_and_shows_no_secret(spark, glue_lake):
    url = ui_url(spark)
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{url}/environment/", timeout=30) as answer:
        page = answer.read().decode()
    assert "spark.sql.session.timeZone" in page
    assert glue_lake.secret_access_key.get_secret_value() not in page


@pytest.mark.spark
def test_spark_and_pyiceberg_share_a_sqlite_catalog(spark_source, tmp_path):
    lake = LakeSettings(catalog="sql", uri=f"sqlite:///{tmp_path}/lake.db", warehouse_path=str(tmp_path / "wh"))
    session = spark_source.session(lake)
    catalog = open_catalog(lake)
    catalog.create_namespace("d")
    table = catalog.create_table("d.t", pa.schema([("id", pa.int64()), ("s", pa.string())]))
    table.append(pa.table({"id": [1], "s": ["from python"]}))
    session.sql("INSERT INTO lake.d.t VALUES (2, 'from spark')")
    assert sorted(table.refresh().scan().to_arrow()["s"].to_pylist()) == ["from python", "from spark"]
    assert session.table("lake.d.t").count() == 2
