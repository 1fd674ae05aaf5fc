"""The connections as Dagster resources. A field that is not given is read from the environment when a run starts.

Nothing heavy is imported here: dagster_pyspark imports pyspark, and dagster_aws imports boto3 in its `__init__`, so
both are imported inside the methods that use them.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg
from dagster._config.field_utils import IntEnvVar
from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationError

from mssql_starrocks.errors import ConfigError, EngineError
from mssql_starrocks.settings import NAMES, LakeSettings, MssqlSettings, SparkSettings, StarRocksSettings

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource
    from pyspark.sql import SparkSession

Section = TypeVar("Section", bound=BaseModel)


def _settings(model: type[Section], section: str, given: Mapping[str, Any]) -> Section:
    """What the resource was given, completed from the environment; one line for each missing or wrong name."""
    names = {field: name for name, (owner, field) in NAMES.items() if owner == section}
    found = {field: os.environ[name] for field, name in names.items() if os.environ.get(name)}
    values = {field: _value(value) for field, value in given.items()}
    try:
        return model.model_validate(found | {field: value for field, value in values.items() if value is not None})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(e, section, names) for e in error.errors())) from None


def _value(given: Any) -> Any:
    """A field's value; Dagster resolves EnvVars only inside a run, and settings are also asked for outside."""
    if isinstance(given, dg.EnvVar):
        return given.get_value() or None
    return os.environ.get(given.name) or None if isinstance(given, IntEnvVar) else given


def _explain(error: Any, section: str, names: Mapping[str, str]) -> str:
    field = str(error["loc"][0])
    name = names.get(field, f"{section}.{field}")
    if error["type"] == "missing":
        return f"{name} is not set: put it into .env or the environment"
    return f"{name}: {error['msg']}"


class MssqlResource(dg.ConfigurableResource[Any]):
    """SQL Server."""

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = Field(None, repr=False)
    database: str | None = None
    encrypt: bool | None = None
    trust_server_certificate: bool | None = None
    ca_file: str | None = None
    authentication: str | None = Field(None, description="Entra, such as ActiveDirectoryServicePrincipal")
    login_timeout: int | None = Field(None, description="seconds")
    max_connections: int | None = Field(None, description="that read rows at the same time")
    stall_timeout: int | None = Field(None, description="seconds without a row before a connection is given up")
    chunk_pause: float | None = Field(None, description="seconds of rest after each chunk")
    snapshot_database: str | None = Field(None, description="database snapshot to read instead")
    read_only_intent: bool | None = Field(None, description="ask for a readable secondary")

    def settings(self) -> MssqlSettings:
        return _settings(MssqlSettings, "mssql", dict(self))


class StarRocksResource(dg.ConfigurableResource[Any]):
    """StarRocks front end."""

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = Field(None, repr=False)
    database: str | None = Field(None, description="target of schemas that `targets` does not name")
    tls: str | None = Field(None, description="auto, required or off")
    trust_server_certificate: bool | None = None
    ca_file: str | None = None
    catalog: str | None = Field(None, description="external catalog that reads the lake")
    lake_role: str | None = Field(None, description="how StarRocks reads the lake: instance_profile or a role's ARN")
    replication_num: int | None = None
    http_host: str | None = Field(None, description="of the front end's HTTP port, for stream_load; else host")
    http_port: int | None = None
    https: bool | None = None
    streams: int | None = Field(None, description="transactions of stream_load that send at the same time")
    http_hosts: str | None = Field(None, description="back ends that may get the password, separated by commas")

    def settings(self) -> StarRocksSettings:
        return _settings(StarRocksSettings, "starrocks", dict(self))

    def target_database(self) -> str | None:
        """The default target database, known when definitions load."""
        return _value(self.database) or os.environ.get("STARROCKS_DATABASE") or None


class GlueCatalogResource(dg.ConfigurableResource[Any]):
    """The Iceberg catalog and its object store: AWS Glue and S3, or a `sql` or `rest` catalog.

    Credentials and region have the fields of dagster-aws' resources, so that one block of YAML serves both.
    """

    region_name: str | None = None
    endpoint_url: str | None = Field(None, description="of a store that is not AWS itself, such as the sandbox")
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = Field(None, repr=False)
    aws_session_token: str | None = Field(None, repr=False)
    profile_name: str | None = Field(None, description="profile of ~/.aws that the credentials are taken from")
    catalog: str | None = Field(None, description="glue, sql or rest")
    uri: str | None = Field(None, repr=False, description="of a sql or rest catalog")
    bucket: str | None = None
    warehouse_path: str | None = None

    def settings(self) -> LakeSettings:
        return _settings(LakeSettings, "lake", self._given() | self._profile())

    def place(self) -> LakeSettings:
        """The same without a look at a profile of ~/.aws, for which boto3 would be imported."""
        return _settings(LakeSettings, "lake", self._given())

    def s3(self) -> "S3Resource":
        """dagster-aws' S3 resource with the same credentials, for assets of your own."""
        from dagster_aws.s3 import S3Resource

        lake = self.settings()
        return S3Resource(
            region_name=lake.region,
            endpoint_url=lake.endpoint,
            aws_access_key_id=lake.access_key_id,
            aws_secret_access_key=_plain(lake.secret_access_key),
            aws_session_token=_plain(lake.session_token),
        )

    def _given(self) -> dict[str, Any]:
        return {
            "region": self.region_name,
            "endpoint": self.endpoint_url,
            "access_key_id": self.aws_access_key_id,
            "secret_access_key": self.aws_secret_access_key,
            "session_token": self.aws_session_token,
            "catalog": self.catalog,
            "uri": self.uri,
            "bucket": self.bucket,
            "warehouse_path": self.warehouse_path,
        }

    def _profile(self) -> dict[str, str | None]:
        """The profile's credentials, which every engine can use; a profile's name only boto3 understands."""
        if not self.profile_name:
            return {}
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            found = boto3.Session(profile_name=_value(self.profile_name)).get_credentials()
        except BotoCoreError as error:
            raise ConfigError(f"profile_name: {error}") from None
        if found is None:
            raise ConfigError(f"profile_name: AWS profile {self.profile_name} holds no credentials")
        frozen = found.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "session_token": frozen.token,
        }


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


class LazySpark:
    """A Spark session that is started when the first big table needs it (stages.SparkSource)."""

    def __init__(self, settings: SparkSettings) -> None:
        self.settings = settings
        self._session: SparkSession | None = None
        self._ours = False
        self._lock = threading.Lock()  # tables that are launched together share one session

    def session(self, lake: LakeSettings) -> "SparkSession":
        """The session; the first call takes as long as a JVM needs to start.

        Raises:
            EngineError: no Java 17, a jar is missing or altered, or the session does not run in UTC.

        """
        with self._lock:
            if self._session is None:
                self._session = self._start(lake)
            return self._session

    def missing(self) -> str | None:
        """Why Spark cannot run on this machine; None when it can."""
        from mssql_starrocks.engines import jars, java

        try:
            java.find_java()
            jars.verify(jars.jars_folder(self.settings))
        except EngineError as error:
            return str(error)
        return None

    def stop(self) -> None:
        """End the session, unless somebody else had started it."""
        if self._session is not None and self._ours:
            self._session.stop()
        self._session = None

    def _start(self, lake: LakeSettings) -> "SparkSession":
        from mssql_starrocks.engines import jars, session
        from mssql_starrocks.engines.archive import archive_options

        folder = jars.jars_folder(self.settings)
        files = jars.verify(folder)
        java = Path(session.prepare_environment(self.settings, lake)["JAVA_HOME"])
        archive = archive_options(java, files, folder) if session.is_local(self.settings) else ""
        from dagster_pyspark import LazyPySparkResource
        from pyspark.sql import SparkSession

        self._ours = SparkSession.getActiveSession() is None
        conf = session.spark_conf(self.settings, lake, files, archive)
        spark: SparkSession = LazyPySparkResource(spark_config=conf).spark_session
        try:
            session.check_session(spark)
        except Exception:
            if self._ours:
                spark.stop()
            raise
        return spark


class SparkResource(dg.ConfigurableResource[Any]):
    """Spark, for big tables. Its session is dagster-pyspark's lazy one and ends with the run."""

    master: str | None = None
    driver_memory: str | None = None
    executor_memory: str | None = None
    executor_cores: int | None = None
    shuffle_partitions: int | None = None
    fetch_size: int | None = None
    ui: bool | None = Field(None, description="Spark's own UI on loopback while a local session runs")
    jars: str | None = Field(None, description="folder that `mssql-starrocks jars` fills")
    _spark: LazySpark | None = PrivateAttr(default=None)

    def settings(self) -> SparkSettings:
        return _settings(SparkSettings, "spark", dict(self))

    def source(self) -> LazySpark:
        """The run's one session, not started yet."""
        if self._spark is None:
            self._spark = LazySpark(self.settings())
        return self._spark

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        if self._spark is not None:
            self._spark.stop()


def default_resources() -> dict[str, dg.ConfigurableResource[Any]]:
    """All connections from the environment.

    What is set now is shown in the UI as the variable's name (never its value); what is not set keeps its default or
    is named by the first run that needs it.
    """
    return {
        "mssql": MssqlResource(**_variables("mssql")),
        "lake": GlueCatalogResource(**{_LAKE_FIELDS.get(k, k): v for k, v in _variables("lake").items()}),
        "spark": SparkResource(**_variables("spark")),
        "starrocks": StarRocksResource(**_variables("starrocks")),
    }


_LAKE_FIELDS = {
    "region": "region_name",
    "endpoint": "endpoint_url",
    "access_key_id": "aws_access_key_id",
    "secret_access_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}
_SECTIONS: dict[str, type[BaseModel]] = {
    "mssql": MssqlSettings,
    "lake": LakeSettings,
    "spark": SparkSettings,
    "starrocks": StarRocksSettings,
}


def _variables(section: str) -> dict[str, Any]:
    """EnvVars of what is set. Booleans stay out: Dagster's own know only true and false, settings.py also 0 and no."""
    fields = _SECTIONS[section].model_fields
    found: dict[str, Any] = {}
    for name, (owner, field) in NAMES.items():
        if owner != section or not os.environ.get(name) or fields[field].annotation is bool:
            continue
        number = fields[field].annotation in (int, int | None)
        found[field] = dg.EnvVar.int(name) if number else dg.EnvVar(name)
    return found
