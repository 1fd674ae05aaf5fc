"""Connections: read from the environment or `.env` under the names of `.env.example`. Secrets are never printed."""

from __future__ import annotations

import difflib
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from mssql_starrocks.addresses import address, has_host, secrets_of, web_address
from mssql_starrocks.errors import ConfigError

_SHORTEST = 4  # what is shorter is in every other word
_secrets: set[str] = set()  # of all settings of this process
_PASSWORD_OF_URL = re.compile(r"(://[^/@\s:]*:)[^/\s]+@")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def model_post_init(self, _: Any) -> None:
        found = [v.get_secret_value() for v in self.__dict__.values() if isinstance(v, SecretStr)]
        _secrets.update(secret for secret in (*found, *self._more_secrets()) if len(secret) >= _SHORTEST)

    def _more_secrets(self) -> Iterable[str]:
        """Those that are a part of a value."""
        return ()


def redacted(text: str) -> str:
    """The text without any secret of this process's settings, for what a driver or a server says."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _PASSWORD_OF_URL.sub(r"\1***@", text)


def _existing(file: str | None) -> str | None:
    if file and not Path(file).is_file():
        raise ValueError(f"file {file} does not exist")
    if file and not file.isprintable():  # it is a line of FreeTDS' configuration
        raise ValueError("a file name with control characters")
    return file


def _listed(value: Any) -> Any:
    """`a, b` of an environment variable."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Hosts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
AuthorityFile = Annotated[str | None, AfterValidator(_existing)]
# A host is a part of connection strings and URLs: nothing that ends it there, or begins another property.
Host = Annotated[str, Field(pattern=r"^[^\s;,={}()'\"`\\/?&@#\[\]]{1,255}$")]


class MssqlSettings(_Section):
    """SQL Server. Encryption is on and the certificate is verified unless `trust_server_certificate`.

    `authentication` is a keyword of Microsoft's ODBC driver for Entra, such as ActiveDirectoryServicePrincipal; user
    and password are then the client's id and secret, and mssql-python takes pymssql's place everywhere.
    """

    host: Host = Field(description="host name or address")
    port: int = Field(1433, ge=1, le=65535, description="of TDS")
    user: str = Field(description="login that may read the tables (docs/permissions.md); with Entra the client's id")
    password: SecretStr = Field(description="of the login; with Entra the client's secret")
    database: str = Field(description="whose tables are copied")
    encrypt: bool = Field(True, description="TLS; without it everything can be read on the way")
    trust_server_certificate: bool = Field(False, description="take any certificate")
    ca_file: AuthorityFile = Field(None, description="PEM file of the certificate's authority")
    authentication: str | None = Field(
        None, pattern="^ActiveDirectory[A-Za-z]+$", description="Entra, such as ActiveDirectoryServicePrincipal"
    )
    login_timeout: int = Field(15, description="seconds for a connection to be made")
    max_connections: int = Field(4, ge=1, description="that read rows at the same time, over all tables of a process")
    stall_timeout: int = Field(300, ge=1, description="seconds in which nothing comes before a connection is given up")
    chunk_pause: float = Field(0, ge=0, description="seconds of rest after each chunk of a connection")
    snapshot_database: str | None = Field(None, description="database snapshot to read instead: one instant for all")
    read_only_intent: bool = Field(False, description="ask for a readable secondary (ApplicationIntent=ReadOnly)")

    @property
    def verified(self) -> bool:
        """Whether the server has to show a certificate of its name by a known authority."""
        return self.encrypt and not self.trust_server_certificate

    def at_point(self) -> MssqlSettings:
        """Where rows are read: the database snapshot, if there is one."""
        return self.model_copy(update={"database": self.snapshot_database or self.database})


class LakeSettings(_Section):
    """Iceberg catalog and object store. `endpoint` is for stores that are not AWS itself, such as the sandbox."""

    catalog: Literal["glue", "sql", "rest"] = Field("glue", description="kind of Iceberg catalog")
    region: str = Field("us-east-1", pattern="^[a-z0-9-]{1,40}$", description="of Glue and S3")
    access_key_id: str | None = Field(None, description="without it AWS' own chain of credentials applies")
    secret_access_key: SecretStr | None = Field(None, description="of the access key")
    session_token: SecretStr | None = Field(None, description="of temporary keys; StarRocks takes none")
    bucket: str = Field("", pattern="^[A-Za-z0-9._-]{0,255}$", description="where tables lie")
    warehouse_path: str = Field("warehouse", description="folder in the bucket; of a sql catalog without one, here")
    endpoint: str | None = Field(None, description="of a store that is not AWS itself")
    uri: str | None = Field(
        None, repr=False, description="of a sql or rest catalog; user and password in it percent-encoded"
    )

    @field_validator("endpoint")
    @classmethod
    def _no_keys(cls, url: str | None) -> str | None:
        if url and "@" in web_address(url).netloc:
            raise ValueError("no user and password belong there: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        return url

    @field_validator("uri")
    @classmethod
    def _readable(cls, url: str | None, others: ValidationInfo) -> str | None:
        if url and has_host(url):
            (web_address if others.data.get("catalog") == "rest" else address)(url)
        return url

    def _more_secrets(self) -> Iterable[str]:
        return secrets_of(self.uri) if self.uri and has_host(self.uri) else ()

    @property
    def warehouse(self) -> str:
        """Where tables lie: a URL, or a local folder with a `sql` catalog without a bucket."""
        return (
            f"s3://{self.bucket}/{self.warehouse_path}"
            if self.bucket
            else f"file://{Path(self.warehouse_path).absolute()}"
        )


class StarRocksSettings(_Section):
    """StarRocks front end. `database` is the target of schemas that `targets` does not name; else the schema's name."""

    host: Host = Field(description="of a front end")
    port: int = Field(9030, ge=1, le=65535, description="of the MySQL protocol")
    user: str = Field(description="with the rights of docs/permissions.md")
    password: SecretStr = Field(SecretStr(""), description="of the user")
    database: str | None = Field(None, description="of schemas that `targets` does not name; else the schema's name")
    tls: Literal["auto", "required", "off"] = Field(
        "auto", description="auto: verified TLS where the server offers it, and always with `ca_file`"
    )
    trust_server_certificate: bool = Field(False, description="take any certificate")
    ca_file: AuthorityFile = Field(None, description="PEM file of the certificate's authority")
    catalog: str = Field(
        "mssr_lake", pattern="^[A-Za-z][A-Za-z0-9_]{0,63}$", description="external catalog that reads the lake"
    )
    lake_role: str | None = Field(
        None,
        pattern=r"^(instance_profile|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512})$",
        description="how StarRocks reads the lake: instance_profile, or the ARN of a role; else with the loader's keys",
    )
    replication_num: int | None = Field(None, description="replicas of each table; else StarRocks' default")
    http_host: str | None = Field(None, description="of the front end's HTTP port, for stream_load; else host")
    http_port: int = Field(8030, description="of the front end, for stream_load")
    https: bool = Field(False, description="the HTTP port speaks TLS (StarRocks 4.0)")
    streams: int = Field(2, ge=1, le=16, description="transactions of stream_load that send at the same time")
    http_hosts: Hosts = Field((), description="back ends that may get the password, beside the front end's own host")


class SparkSettings(_Section):
    """Spark, for big tables."""

    master: str = Field("local[*]", description="or a cluster's: docs/spark.md")
    driver_memory: str = Field("2g", description="of the driver; all of a local Spark")
    executor_memory: str = Field("2g", description="of each executor of a cluster")
    executor_cores: int = Field(2, description="of each executor of a cluster")
    shuffle_partitions: int = Field(8, description="spark.sql.shuffle.partitions")
    fetch_size: int = Field(10000, description="rows a JDBC connection fetches at once, at most")
    ui: bool = Field(False, description="Spark's own UI on loopback while a local session runs; clusters have theirs")
    jars: str = Field("jars", description="folder that `mssql-starrocks jars` fills")


class Settings(_Section):
    """All connections of one deployment."""

    mssql: MssqlSettings
    lake: LakeSettings
    starrocks: StarRocksSettings
    spark: SparkSettings

    @staticmethod
    def load(environment: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> Settings:
        """Read every section; the environment wins over `.env`.

        Raises:
            ConfigError: lists each missing or wrong name.

        """
        return _load(Settings, environment, dotenv)

    @staticmethod
    def spark_from_environment() -> SparkSettings:
        """Spark's section alone, for commands that need no connection.

        Raises:
            ConfigError: a value is wrong.
        """
        values = {**_dotenv(Path(".env")), **os.environ}
        try:
            return SparkSettings.model_validate(_section("spark", values))
        except ValidationError as error:
            raise ConfigError("\n".join(_explain(e, values) for e in error.errors())) from None


class TargetSettings(_Section):
    """Lake and warehouse alone, for what needs no SQL Server."""

    lake: LakeSettings
    starrocks: StarRocksSettings

    @staticmethod
    def load(environment: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> TargetSettings:
        """As `Settings.load`."""
        return _load(TargetSettings, environment, dotenv)


_Loaded = TypeVar("_Loaded", bound=_Section)


def _load(model: type[_Loaded], environment: Mapping[str, str] | None, dotenv: Path | None) -> _Loaded:
    values = {**_dotenv(dotenv), **(os.environ if environment is None else environment)}
    warn_of_retired(values)
    try:
        return model.model_validate({section: _section(section, values) for section in model.model_fields})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(e, values) for e in error.errors())) from None


# Environment name -> (section, field). The original's names, facts/peers.md 1.1, and ours.
NAMES: dict[str, tuple[str, str]] = {
    "MSSQL_HOST": ("mssql", "host"),
    "MSSQL_PORT": ("mssql", "port"),
    "MSSQL_USER": ("mssql", "user"),
    "MSSQL_PASSWORD": ("mssql", "password"),
    "MSSQL_DATABASE": ("mssql", "database"),
    "MSSQL_ENCRYPT": ("mssql", "encrypt"),
    "MSSQL_TRUST_SERVER_CERTIFICATE": ("mssql", "trust_server_certificate"),
    "MSSQL_CA_FILE": ("mssql", "ca_file"),
    "MSSQL_AUTHENTICATION": ("mssql", "authentication"),
    "MSSQL_LOGIN_TIMEOUT": ("mssql", "login_timeout"),
    "MSSQL_MAX_CONNECTIONS": ("mssql", "max_connections"),
    "MSSQL_STALL_TIMEOUT": ("mssql", "stall_timeout"),
    "MSSQL_CHUNK_PAUSE": ("mssql", "chunk_pause"),
    "MSSQL_SNAPSHOT_DATABASE": ("mssql", "snapshot_database"),
    "MSSQL_READ_ONLY_INTENT": ("mssql", "read_only_intent"),
    "ICEBERG_CATALOG_TYPE": ("lake", "catalog"),
    "ICEBERG_CATALOG_URI": ("lake", "uri"),
    "AWS_REGION": ("lake", "region"),
    "AWS_ACCESS_KEY_ID": ("lake", "access_key_id"),
    "AWS_SECRET_ACCESS_KEY": ("lake", "secret_access_key"),
    "AWS_SESSION_TOKEN": ("lake", "session_token"),
    "AWS_ENDPOINT_URL": ("lake", "endpoint"),
    "S3_BUCKET": ("lake", "bucket"),
    "S3_WAREHOUSE_PATH": ("lake", "warehouse_path"),
    "STARROCKS_HOST": ("starrocks", "host"),
    "STARROCKS_PORT": ("starrocks", "port"),
    "STARROCKS_USER": ("starrocks", "user"),
    "STARROCKS_PASSWORD": ("starrocks", "password"),
    "STARROCKS_DATABASE": ("starrocks", "database"),
    "STARROCKS_TLS": ("starrocks", "tls"),
    "STARROCKS_TRUST_SERVER_CERTIFICATE": ("starrocks", "trust_server_certificate"),
    "STARROCKS_CA_FILE": ("starrocks", "ca_file"),
    "STARROCKS_CATALOG": ("starrocks", "catalog"),
    "STARROCKS_LAKE_ROLE": ("starrocks", "lake_role"),
    "STARROCKS_REPLICATION_NUM": ("starrocks", "replication_num"),
    "STARROCKS_HTTP_HOST": ("starrocks", "http_host"),
    "STARROCKS_HTTP_PORT": ("starrocks", "http_port"),
    "STARROCKS_HTTPS": ("starrocks", "https"),
    "STARROCKS_STREAMS": ("starrocks", "streams"),
    "STARROCKS_HTTP_HOSTS": ("starrocks", "http_hosts"),
    "SPARK_MASTER": ("spark", "master"),
    "SPARK_DRIVER_MEMORY": ("spark", "driver_memory"),
    "SPARK_EXECUTOR_MEMORY": ("spark", "executor_memory"),
    "SPARK_EXECUTOR_CORES": ("spark", "executor_cores"),
    "SPARK_SQL_SHUFFLE_PARTITIONS": ("spark", "shuffle_partitions"),
    "SPARK_UI": ("spark", "ui"),
    "SPARK_JARS_FOLDER": ("spark", "jars"),
    "JDBC_FETCH_SIZE": ("spark", "fetch_size"),
}
_OUR_PREFIXES = ("MSSQL_", "STARROCKS_", "ICEBERG_", "SPARK_", "JDBC_", "S3_")
_OTHERS = frozenset({"MSSQL_STARROCKS_CONFIG", "MSSQL_STARROCKS_API_TOKEN", "ALERT_WEBHOOK_URL"})  # read elsewhere

# Names of the original that no longer mean anything, and what replaced them.
RETIRED: dict[str, str] = {
    "MSSQL_SCHEMA": "include: in mssql_starrocks.yaml",
    "TARGET_SCHEMA_SUFFIX": "targets: in mssql_starrocks.yaml",
    "SPARK_APP_NAME": "nothing; the application is called after its load",
    "JDBC_PARTITION_COLUMN": "the key of the table; chunks are planned from its values",
    "JDBC_NUM_PARTITIONS": "chunk_mb: or partitioning: in mssql_starrocks.yaml",
    "JDBC_LOWER_BOUND": "the chunk planner",
    "JDBC_UPPER_BOUND": "the chunk planner",
    "BATCH_SIZE": "nothing; StarRocks reads the Iceberg snapshot itself",
    "MAX_RETRY_ATTEMPTS": "retries: in mssql_starrocks.yaml",
    "RETRY_DELAY_SECONDS": "a pause that doubles, with jitter (retries.py)",
    "PROCESS_TIMEOUT_SECONDS": "run_monitoring in dagster.yaml",
}


def warn_of_retired(values: Mapping[str, str]) -> None:
    """One warning for each retired name that is set."""
    for name in RETIRED.keys() & values.keys():
        warnings.warn(f"{name} is no longer used; replaced by {RETIRED[name]}", stacklevel=3)


def load_dotenv(file: Path = Path(".env")) -> None:
    """Put the settings of `.env` into the environment, which wins; the same checks as `Settings.load`.

    Raises:
        ConfigError: the file has a name that we do not know.
    """
    values = _dotenv(file)
    warn_of_retired({**values, **os.environ})
    for name, value in values.items():
        os.environ.setdefault(name, value)


def _dotenv(file: Path | None) -> dict[str, str]:
    if file is None or not file.exists():
        return {}
    values = {k: v for k, v in dotenv_values(file).items() if v is not None}
    refuse_unknown(values, file)
    return values


def refuse_unknown(names: Iterable[str], where: object) -> None:
    """Refuse names that look like ours and are not.

    Raises:
        ConfigError: names the closest one.
    """
    for name in set(names) - NAMES.keys() - RETIRED.keys() - _OTHERS:
        near = difflib.get_close_matches(name, NAMES, 1, 0.85 if name.startswith("AWS_") else 0.6)
        if name.startswith(_OUR_PREFIXES) or (name.startswith("AWS_") and near):
            raise ConfigError(f"{where}: unknown setting {name}" + (f"; did you mean {near[0]}?" if near else ""))


def _section(section: str, values: Mapping[str, str]) -> dict[str, Any]:
    return {field: values[name] for name, (owner, field) in NAMES.items() if owner == section and values.get(name)}


def _explain(error: Any, values: Mapping[str, str]) -> str:
    section, field = str(error["loc"][0]), str(error["loc"][-1])
    name = next((n for n, where in NAMES.items() if where == (section, field)), f"{section}.{field}")
    if error["type"] == "missing":
        near = difflib.get_close_matches(name, [v for v in values if v not in NAMES], 1, 0.8)
        return f"{name} is not set: put it into .env or the environment" + (f" (found {near[0]})" if near else "")
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"
