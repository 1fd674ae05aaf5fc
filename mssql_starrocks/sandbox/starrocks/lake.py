"""External Iceberg catalogs through PyIceberg, seen the way StarRocks sees them (facts/starrocks_judged.md A2, A3)."""

from __future__ import annotations

import datetime as dt
import threading
import zoneinfo
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mssql_starrocks.sandbox.starrocks.compile.scope import OutputColumn
from mssql_starrocks.sandbox.starrocks.errors import SqlError, plain, unknown_database, unknown_table, unsupported
from mssql_starrocks.sandbox.starrocks.meta.model import Catalog
from mssql_starrocks.sandbox.starrocks.sql import types
from mssql_starrocks.sandbox.starrocks.sql.nodes import Version
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

# names as StarRocks' properties have them -> PyIceberg's
S3 = {
    "aws.s3.endpoint": "s3.endpoint", "aws.s3.region": "s3.region", "aws.s3.access_key": "s3.access-key-id",
    "aws.s3.secret_key": "s3.secret-access-key", "aws.s3.session_token": "s3.session-token",
    "aws.s3.iam_role_arn": "s3.role-arn",
}  # fmt: skip
GLUE = {
    "aws.glue.endpoint": "glue.endpoint", "aws.glue.region": "glue.region",
    "aws.glue.access_key": "glue.access-key-id", "aws.glue.secret_key": "glue.secret-access-key",
    "aws.glue.session_token": "glue.session-token", "aws.glue.catalog_id": "glue.id",
}  # fmt: skip
REST = {
    "iceberg.catalog.uri": "uri", "iceberg.catalog.warehouse": "warehouse", "iceberg.catalog.oauth2.token": "token",
    "iceberg.catalog.oauth2.credential": "credential", "iceberg.catalog.oauth2.scope": "scope",
    "iceberg.catalog.oauth2.server-uri": "oauth2-server-uri",
}  # fmt: skip
SIMPLE = {
    "boolean": types.BOOLEAN, "int": types.INT, "long": types.BIGINT, "float": types.FLOAT, "double": types.DOUBLE,
    "date": types.DATE, "time": types.TIME, "timestamp": types.DATETIME, "timestamptz": types.DATETIME,
    "string": SqlType("VARCHAR", 1073741824), "binary": types.VARBINARY,
}  # fmt: skip


def pyiceberg_properties(catalog: Catalog) -> dict[str, str]:
    given = catalog.properties
    kind = given.get("iceberg.catalog.type", "").lower()
    if kind == "glue":
        own, names = {"type": "glue"}, GLUE
    elif kind == "rest":
        own, names = {"type": "rest"}, REST
    elif kind == "jdbc":
        uri = given.get("iceberg.catalog.uri", "").removeprefix("jdbc:")
        if not uri.startswith("sqlite:"):
            raise unsupported(f"a jdbc Iceberg catalog at {uri.split(':')[0] or 'no uri'}; only sqlite")
        path = "/" + uri.removeprefix("sqlite:").lstrip("/")
        own, names = {"type": "sql", "uri": f"sqlite:///{path}"}, {"iceberg.catalog.warehouse": "warehouse"}
    else:
        raise unsupported(f"iceberg.catalog.type = {kind}; use glue, rest or jdbc")
    return own | {theirs: given[ours] for ours, theirs in {**names, **S3}.items() if given.get(ours)}


def starrocks_type(iceberg: object, version: tuple[int, int]) -> SqlType:
    text = str(iceberg)
    if text in SIMPLE:
        return SIMPLE[text]
    if text == "uuid":
        # VARCHAR(36) only after 4.1 (facts/starrocks_judged.md A5)
        return SqlType("VARCHAR", 36) if version >= (4, 2) else types.VARBINARY
    if text.startswith("decimal"):
        precision, scale = text[8:-1].split(",")
        return SqlType("DECIMAL", int(precision), int(scale))
    return SqlType("UNKNOWN_TYPE")


class Lake:
    """One external catalog. With the metadata cache on, the first metadata seen stays until REFRESH."""

    def __init__(self, catalog: Catalog, version: tuple[int, int]) -> None:
        from pyiceberg.catalog import load_catalog

        self.cached = catalog.properties.get("enable_iceberg_metadata_cache", "true").lower() == "true"
        self.version = version
        self.lock = threading.Lock()
        self.seen: dict[tuple[str, str], IcebergTable] = {}
        try:
            self.catalog = load_catalog(catalog.name, **pyiceberg_properties(catalog))
        except SqlError:
            raise
        except Exception as error:
            raise plain(f"Failed to init connector [type: iceberg, name: {catalog.name}]. msg: {error}") from None

    def databases(self) -> list[str]:
        return sorted(".".join(name) for name in self.catalog.list_namespaces())

    def tables(self, database: str) -> list[str]:
        from pyiceberg.exceptions import NoSuchNamespaceError

        try:
            return sorted(name[-1] for name in self.catalog.list_tables(database))
        except NoSuchNamespaceError:
            raise unknown_database(database) from None

    def table(self, database: str, name: str) -> IcebergTable:
        from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchNamespaceError, NoSuchTableError

        with self.lock:
            if self.cached and (database, name) in self.seen:
                return self.seen[database, name]
        if "$" in name:
            raise _metadata_table(database, name)
        try:
            found = self.catalog.load_table((database, name))
        except (NoSuchTableError, NoSuchNamespaceError, NoSuchIcebergTableError):
            if database not in self.databases():
                raise unknown_database(database) from None
            raise unknown_table(f"{database}.{name}") from None
        if found.metadata.format_version > 2:
            raise unsupported(f"Iceberg format version {found.metadata.format_version} ({database}.{name})")
        with self.lock:
            self.seen[database, name] = found
        return found

    def refresh(self, database: str, name: str) -> None:
        with self.lock:
            self.seen.pop((database, name), None)
        self.table(database, name)

    def columns(self, database: str, name: str) -> list[OutputColumn]:
        fields = self.table(database, name).schema().fields
        return [OutputColumn(field.name, starrocks_type(field.field_type, self.version)) for field in fields]

    def snapshot(self, database: str, name: str, version: Version | None, time_zone: str) -> int | None:
        """The snapshot id a time-travel clause means; None = the current one."""
        if version is None:
            return None
        if version.kind == "moment":
            return self._snapshot_at(database, name, version.value, time_zone)
        metadata = self.table(database, name).metadata
        if version.kind == "reference":
            reference = metadata.refs.get(version.value)
            if reference is None:
                raise plain(f"Cannot find snapshot with reference name: {version.value}")
            return reference.snapshot_id
        if not version.value.isdigit() or not 2**31 <= int(version.value) < 2**63:
            # only a BIGINT literal is taken (facts/starrocks_judged.md A3)
            raise plain(f"Unsupported type for table version: {version.value}")
        if metadata.snapshot_by_id(int(version.value)) is None:
            raise plain(f"Iceberg snapshot ID does not exists: {version.value}")
        return int(version.value)

    def _snapshot_at(self, database: str, name: str, moment: str, time_zone: str) -> int | None:
        """The newest snapshot of the table's history that is not after `moment` in the session's zone."""
        if not moment:
            return None
        try:
            zone = zoneinfo.ZoneInfo(time_zone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            raise unsupported(f"time travel by time in time zone {time_zone}") from None
        try:
            wanted = dt.datetime.fromisoformat(moment).replace(tzinfo=zone).timestamp() * 1000
        except ValueError:
            raise plain(f"Invalid temporal version [{moment}]") from None
        entries = [e for e in self.table(database, name).history() if e.timestamp_ms <= wanted]
        if not entries:
            raise plain(f"Invalid temporal version [{moment}]")
        return entries[-1].snapshot_id

    def read(self, database: str, name: str, snapshot: int | None, wanted: Sequence[str], time_zone: str) -> Any:
        """An Arrow table of the wanted columns: the snapshot's rows under the table's current schema (judged A2)."""
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan

        table = self.table(database, name)
        names = list(wanted) or [self._cheapest(table)]
        schema = table.schema().select(*names)
        scan = table.scan(snapshot_id=snapshot)
        rows = ArrowScan(table.metadata, table.io, schema, AlwaysTrue(), case_sensitive=True).to_table(
            scan.plan_files()
        )
        return _as_starrocks_shows(rows, time_zone)

    def _cheapest(self, table: IcebergTable) -> str:
        """A column to count rows by when a query names none."""
        readable = [
            f for f in table.schema().fields if starrocks_type(f.field_type, self.version) != SqlType("UNKNOWN_TYPE")
        ]
        order = ("boolean", "int", "date", "long", "timestamp", "double", "float")
        return min(readable, key=lambda f: order.index(str(f.field_type)) if str(f.field_type) in order else 99).name


def _metadata_table(database: str, name: str) -> SqlError:
    known = (
        "snapshots",
        "files",
        "partitions",
        "refs",
        "history",
        "manifests",
        "metadata_log_entries",
        "logical_iceberg_metadata",
    )
    if name.rsplit("$", 1)[1] in known:
        return unsupported(f"Iceberg metadata table {name}")
    return unknown_table(f"{database}.{name}")


def _as_starrocks_shows(rows: Any, time_zone: str) -> Any:
    """timestamptz becomes wall time of the session's zone; texts and bytes get plain Arrow types."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for at, field in enumerate(rows.schema):
        column = rows.column(at)
        if pa.types.is_timestamp(field.type) and field.type.tz:
            zoned = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", time_zone))
            rows = rows.set_column(at, field.name, pc.local_timestamp(zoned))
        elif isinstance(field.type, pa.BaseExtensionType):
            storage = pa.chunked_array([chunk.storage for chunk in column.chunks], field.type.storage_type)
            rows = rows.set_column(at, field.name, storage.cast(pa.binary()))
        elif pa.types.is_fixed_size_binary(field.type):
            rows = rows.set_column(at, field.name, column.cast(pa.binary()))
    return rows
