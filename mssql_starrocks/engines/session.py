"""How a Spark session must be set up, and the proof that it is. Base: facts/lake_measured.md 2.1, 4, 6."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mssql_starrocks.engines.java import find_java
from mssql_starrocks.errors import ConfigError, EngineError
from mssql_starrocks.lake.catalog import CATALOG_NAME
from mssql_starrocks.settings import LakeSettings, SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PREFIX = f"spark.sql.catalog.{CATALOG_NAME}"
_CATALOG_CLASS = "org.apache.iceberg.spark.SparkCatalog"
_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
_TRIES = 3  # of one task, which reads one chunk or a few
_UTC_OPTION = "-Duser.timezone=UTC"
_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Z"})
_JVM_ZONE = "java_method('java.time.ZoneId', 'systemDefault')"


def lake_conf(lake: LakeSettings) -> dict[str, str]:
    """The catalog for Spark; lake/catalog.py renders the same settings for PyIceberg. Holds no credentials.

    Raises:
        ConfigError: a setting of the catalog is missing, or Spark cannot reach such a catalog.

    """
    options: dict[str, str | None] = {
        "type": {"glue": "glue", "sql": "jdbc", "rest": "rest"}[lake.catalog],
        "warehouse": lake.warehouse,
        "uri": _catalog_uri(lake),
        # The Java default V0 has no iceberg_type column (lake_measured.md 4).
        "jdbc.schema-version": "V1" if lake.catalog == "sql" else None,
        # A cached table hides what PyIceberg commits; the other default makes every written column nullable.
        "cache-enabled": "false",
        "use-nullable-query-schema": "false",
        **(_aws_conf(lake) if lake.catalog == "glue" or lake.bucket else {}),
    }
    return {_PREFIX: _CATALOG_CLASS, **{f"{_PREFIX}.{key}": value for key, value in options.items() if value}}


def spark_conf(
    spark: SparkSettings, lake: LakeSettings, jars: Sequence[Path], driver_options: str = ""
) -> dict[str, str]:
    """Everything for the session's builder.

    No credentials are in it: the configuration shows in the UI, in the event log and in the process list. Keys of AWS
    reach the driver through its environment (`prepare_environment`); executors of a cluster have a role or an
    environment of their own. What else a cluster needs (an image, a queue) is Spark's own affair: spark-defaults.conf.
    `jars` may be empty on a runtime that brings Iceberg itself; `driver_options` are more options of its JVM.
    """
    return {
        "spark.app.name": "mssql_starrocks",
        "spark.master": _master(spark),
        "spark.driver.memory": spark.driver_memory,
        "spark.driver.extraJavaOptions": f"{_UTC_OPTION} {driver_options}".strip(),
        "spark.executor.extraJavaOptions": _UTC_OPTION,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",  # else a cast that fails is a silent NULL
        "spark.sql.shuffle.partitions": str(spark.shuffle_partitions),
        "spark.sql.extensions": _EXTENSIONS,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.redaction.regex": "(?i)secret|password|pwd|token|credential|access[.-]?key",
        "spark.ui.showConsoleProgress": "false",
        "spark.task.maxFailures": str(_TRIES),
        **(_local_conf(spark, jars) if is_local(spark) else _cluster_conf(spark, jars)),
        **lake_conf(lake),
    }


def prepare_environment(spark: SparkSettings, lake: LakeSettings) -> dict[str, str]:
    """Set what the JVM reads from its environment, before it starts; returns what was set (secrets included).

    AWS keys go this way because the Glue client of Iceberg takes static keys only from the environment or from JVM
    options, and options are visible in the process list (lake_measured.md 6).

    Raises:
        EngineError: there is no Java 17.

    """
    values = {"JAVA_HOME": str(find_java())}
    if is_local(spark):
        values |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    if lake.access_key_id and lake.secret_access_key:
        values["AWS_ACCESS_KEY_ID"] = lake.access_key_id
        values["AWS_SECRET_ACCESS_KEY"] = lake.secret_access_key.get_secret_value()
        os.environ.pop("AWS_SESSION_TOKEN", None)  # a token of other keys would spoil these
        if lake.session_token:
            values["AWS_SESSION_TOKEN"] = lake.session_token.get_secret_value()
    if lake.endpoint:
        values["AWS_EC2_METADATA_DISABLED"] = "true"  # not AWS: nobody answers there, only time passes
    os.environ.update(values)
    return values


def check_session(session: SparkSession) -> None:
    """Refuse a session that would shift times, hide failed casts or miss the catalog (facts/sqlserver.md 1.2).

    Raises:
        EngineError: says which of them, and the setting that is wrong.

    """
    for where, zone in _zones(session):
        if zone not in _UTC:
            raise EngineError(
                f"Spark's {where} runs in time zone {zone}; times would be shifted. Set spark.sql.session.timeZone=UTC "
                f"and {_UTC_OPTION} in spark.driver.extraJavaOptions and spark.executor.extraJavaOptions."
            )
    if session.conf.get("spark.sql.ansi.enabled") != "true":
        raise EngineError("spark.sql.ansi.enabled must be true: without it a cast that fails gives NULL silently.")
    _check_catalog(session)


def ui_url(session: SparkSession) -> str | None:
    """Spark's own UI, which lives as long as the session; None when it is switched off."""
    url: str | None = session.sparkContext.uiWebUrl
    return url


def is_local(spark: SparkSettings) -> bool:
    return spark.master.split("[")[0] == "local"


def _master(spark: SparkSettings) -> str:
    """A local master with the retries that a cluster has: without them a deadlock's victim would end the whole copy."""
    if not is_local(spark) or "," in spark.master:
        return spark.master
    threads = spark.master.removeprefix("local").strip("[]") or "1"
    return f"local[{threads},{_TRIES}]"


def _catalog_uri(lake: LakeSettings) -> str | None:
    if lake.catalog == "glue":
        if not lake.bucket:
            raise ConfigError("A Glue catalog needs S3_BUCKET.")
        return None
    if not lake.uri:
        raise ConfigError(f"A {lake.catalog} catalog needs ICEBERG_CATALOG_URI.")
    if lake.catalog == "rest":
        return lake.uri
    if not lake.uri.startswith("sqlite:///"):
        raise ConfigError(
            "Spark reads a sql catalog in SQLite only: set ICEBERG_CATALOG_URI to sqlite:///FILE, not "
            f"{lake.uri.split(':')[0]}; or set engine: arrow, or use a glue or rest catalog."
        )
    return "jdbc:sqlite:" + lake.uri.removeprefix("sqlite:///")


def _aws_conf(lake: LakeSettings) -> dict[str, str | None]:
    return {
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "client.region": lake.region,
        "glue.endpoint": lake.endpoint if lake.catalog == "glue" else None,
        "s3.endpoint": lake.endpoint,
        "s3.path-style-access": "true" if lake.endpoint else None,
    }


def _local_conf(spark: SparkSettings, jars: Sequence[Path]) -> dict[str, str]:
    conf = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": str(spark.ui).lower(),
    }
    # The application class loader: JDBC drivers register there. spark.jars would use a child of it.
    return conf | ({"spark.driver.extraClassPath": os.pathsep.join(map(str, jars))} if jars else {})


def _cluster_conf(spark: SparkSettings, jars: Sequence[Path]) -> dict[str, str]:
    conf = {
        "spark.executor.memory": spark.executor_memory,
        "spark.executor.cores": str(spark.executor_cores),
    }
    return conf | ({"spark.jars": ",".join(map(str, jars))} if jars else {})


def _zones(session: SparkSession) -> list[tuple[str, str]]:
    context = session.sparkContext
    zones = [
        ("session", session.conf.get("spark.sql.session.timeZone") or "unknown"),
        ("driver JVM", str(context._jvm.java.time.ZoneId.systemDefault().toString())),
    ]
    if context._jsc.isLocal():  # the driver's JVM does the work
        return zones
    tasks = max(2 * context.defaultParallelism, 2)  # Spark spreads them, so that each executor gets one
    rows = session.range(0, tasks, 1, tasks).selectExpr(f"{_JVM_ZONE} AS zone").collect()
    return [*zones, *(("executor", zone) for zone in sorted({str(row.zone) for row in rows}))]


def _check_catalog(session: SparkSession) -> None:
    advice = f"Check {_PREFIX} and the jars: mssql-starrocks jars"
    found = session.conf.get(_PREFIX, None)
    if found != _CATALOG_CLASS:
        raise EngineError(f"Spark's catalog '{CATALOG_NAME}' is {found or 'not set'}, not {_CATALOG_CLASS}. {advice}")
    if _EXTENSIONS not in (session.conf.get("spark.sql.extensions", None) or ""):
        raise EngineError(f"spark.sql.extensions lacks {_EXTENSIONS}. {advice}")
    # EXPLAIN loads the plug-in but asks it nothing, hence needs no rights in AWS; its errors are in its text.
    rows = session.sql(f"EXPLAIN SHOW NAMESPACES IN {CATALOG_NAME}").collect()
    text = " ".join(str(row[0]) for row in rows)
    if "ShowNamespaces" not in text:
        reason = " ".join(text.removeprefix("Error occurred during query planning:").split())[:300].rstrip(".")
        raise EngineError(f"Spark has no Iceberg catalog '{CATALOG_NAME}': {reason}. {advice}")
