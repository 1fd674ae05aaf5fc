"""A small Iceberg lake behind moto's Glue and S3: the tables that the verdicts of topic `iceberg` talk about."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
from moto.server import ThreadedMotoServer
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import (
    BinaryType,
    DecimalType,
    FixedType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

NAMESPACE, BUCKET, REGION = "truth_lake", "truthlake", "us-east-1"
WHEN = dt.datetime(2020, 1, 1, 12)


@dataclass
class Lake:
    endpoint: str
    catalog: GlueCatalog
    snapshots: dict[str, int] = field(default_factory=dict)

    def create_catalog_sql(self, name: str, cache: bool = False) -> str:
        properties = {"type": "iceberg", "iceberg.catalog.type": "glue"}
        for service in ("glue", "s3"):
            properties |= {
                f"aws.{service}.access_key": "testing",
                f"aws.{service}.secret_key": "testing",
                f"aws.{service}.region": REGION,
                f"aws.{service}.endpoint": self.endpoint,
            }
        properties["enable_iceberg_metadata_cache"] = str(cache).lower()
        listed = ", ".join(f'"{key}"="{value}"' for key, value in properties.items())
        return f"CREATE EXTERNAL CATALOG {name} PROPERTIES ({listed})"


@contextmanager
def running_lake() -> Iterator[Lake]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        lake = _connect(f"http://{host}:{port}")
        _fill(lake)
        yield lake
    finally:
        server.stop()


def _connect(endpoint: str) -> Lake:
    key = {"access-key-id": "testing", "secret-access-key": "testing", "region": REGION, "endpoint": endpoint}
    boto3.client(
        "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    ).create_bucket(Bucket=BUCKET)
    properties = {f"{service}.{name}": value for service in ("glue", "s3") for name, value in key.items()}
    catalog = GlueCatalog("lake", warehouse=f"s3://{BUCKET}/wh", **properties)
    catalog.create_namespace(NAMESPACE)
    return Lake(endpoint, catalog)


def append(table: Table, rows: list[dict[str, Any]]) -> int:
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


def create(lake: Lake, name: str, *fields: NestedField) -> Table:
    return lake.catalog.create_table(f"{NAMESPACE}.{name}", Schema(*fields), properties={"format-version": "2"})


def _fill(lake: Lake) -> None:
    _orders(lake)
    _evolved(lake)
    odd = create(
        lake,
        "odd",
        NestedField(1, "id", LongType()),
        NestedField(2, "u", UUIDType()),
        NestedField(3, "fx", FixedType(4)),
        NestedField(4, "tm", TimeType()),
    )
    append(odd, [{"id": 1, "u": uuid.UUID(int=1).bytes, "fx": b"abcd", "tm": dt.time(1, 2, 3)}])


def _orders(lake: Lake) -> None:
    orders = create(
        lake,
        "orders",
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "s", StringType()),
        NestedField(3, "d", DecimalType(10, 2)),
        NestedField(4, "ts", TimestampType()),
        NestedField(5, "tz", TimestamptzType()),
        NestedField(6, "op", StringType()),
        NestedField(7, "b", BinaryType()),
    )
    zoned = WHEN.replace(tzinfo=dt.timezone.utc)
    row = {"id": 1, "s": "a", "d": decimal.Decimal("1.50"), "ts": WHEN, "tz": zoned, "op": "U", "b": b"a"}
    first = append(orders, [row, row | {"id": 2, "s": "é", "d": None, "op": "D"}])
    orders.manage_snapshots().create_tag(first, "certified").create_branch(first, "wip").commit()
    lake.snapshots |= {"snap1": first, "snap2": append(orders, [row | {"id": 3}])}


def _evolved(lake: Lake) -> None:
    evolved = create(
        lake,
        "evolved",
        NestedField(1, "id", LongType()),
        NestedField(2, "old", StringType()),
        NestedField(3, "gone", LongType()),
    )
    lake.snapshots["esnap1"] = append(evolved, [{"id": 1, "old": "x", "gone": 1}])
    with evolved.update_schema(allow_incompatible_changes=True) as update:
        update.rename_column("old", "fresh")
        update.delete_column("gone")
        update.add_column("extra", LongType())
    lake.snapshots["esnap2"] = append(evolved, [{"id": 2, "fresh": "y", "extra": 2}])
