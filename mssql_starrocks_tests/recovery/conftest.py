import itertools
import os
import secrets
from pathlib import Path

import pytest

from mssql_starrocks import stages
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.settings import LakeSettings, Settings
from mssql_starrocks_tests.conftest import lake_of
from mssql_starrocks_tests.platform import Platform

_number = itertools.count()
ACCEPTANCE = "MSSQL_STARROCKS_ACCEPTANCE_LAKE"


@pytest.fixture(scope="module")
def recovery_box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def kept(recovery_box):
    return Kept(recovery_box)


OTHERS = [pytest.param(kind, marks=pytest.mark.long) for kind in ("sql", "rest")]


@pytest.fixture(params=["glue", *OTHERS, pytest.param("aws", marks=pytest.mark.acceptance)])
def any_lake(request, tmp_path):
    """Every catalog kind, and with `make acceptance` the real Glue and S3 of a file of settings."""
    if request.param != "aws":
        return lake_of(request, tmp_path)
    file = os.environ.get(ACCEPTANCE)
    if not file:
        pytest.skip(f"{ACCEPTANCE} names no file with settings of a real AWS account (make acceptance)")
    assert Path(file).exists(), f"{ACCEPTANCE}: {file} is not there"
    found = Settings.load({}, dotenv=Path(file)).lake
    assert (found.catalog, found.endpoint) == ("glue", None), f"{file} names no real AWS"
    return found


@pytest.fixture
def shared(recovery_box, any_lake):
    """One table in any lake; on Glue nothing of it is left afterwards."""
    found = Kept(recovery_box, any_lake)
    yield found
    if any_lake.catalog == "glue":
        remove(any_lake, found.prefix + found.schema)


def remove(lake: LakeSettings, namespace: str) -> None:
    """Drop what a test made in Glue and S3."""
    import boto3

    catalog = open_catalog(lake)
    for name in catalog.list_tables(namespace):
        catalog.drop_table(name)
    catalog.drop_namespace(namespace)
    keys = {"aws_access_key_id": lake.access_key_id, "region_name": lake.region, "endpoint_url": lake.endpoint}
    secret = {n: s.get_secret_value() for n, s in (("aws_secret_access_key", lake.secret_access_key),
                                                   ("aws_session_token", lake.session_token)) if s}  # fmt: skip
    bucket = boto3.resource("s3", **keys, **secret).Bucket(lake.bucket)
    bucket.objects.filter(Prefix=f"{lake.warehouse_path.strip('/')}/{namespace}/").delete()


class Kept(Platform):
    """A platform with one source table `<schema>.t (id, v)`, copied as often as a test wants."""

    def __init__(self, box, lake: LakeSettings | None = None):
        super().__init__(box)
        self.lake = lake
        self.prefix = f"mssr_test_{secrets.token_hex(4)}_" if lake else ""
        self.schema = f"kept{next(_number)}"
        self.name = f"{self.schema}.t"
        self.source(f"CREATE SCHEMA {self.schema}")
        self.source(f"CREATE TABLE {self.name} (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)")
        self.fill("one")

    @property
    def settings(self) -> Settings:
        found = super().settings
        return found.model_copy(update={"lake": self.lake}) if self.lake else found

    def source(self, sql):
        return self.box.sqlserver.execute(sql)

    def fill(self, *values):
        """Replace the source's rows: ids from 1 on."""
        self.source(f"DELETE FROM {self.name}")
        rows = ", ".join(f"({i}, N'{value}')" for i, value in enumerate(values, 1))
        self.source(f"INSERT INTO {self.name} (id, v) VALUES {rows}")

    def chain(self, **config):
        return self.chains(include=[f"{self.schema}.*"], lake_prefix=self.prefix, **config)[self.name]

    def copied(self, *values, chain=None):
        """Copy these values to StarRocks; the load id."""
        self.fill(*values)
        chain = chain or self.chain()
        self.snapshot(chain)
        load_id = self.publish(chain).load_id
        self.load(chain)
        return load_id

    def loads(self, chain):
        return stages.loads(chain, self.settings.lake, self.settings.starrocks)

    def rollback(self, chain, to=None):
        settings = self.settings
        return stages.rollback(chain, settings.lake, settings.starrocks, print, to, self.spark)

    def lake_table(self, chain):
        return open_catalog(self.settings.lake).load_table(chain.names.lake)

    def lake_values(self, chain):
        rows = self.lake_table(chain).scan().to_arrow().to_pylist()
        return [row["v"] for row in sorted(rows, key=lambda row: row["id"])]

    def values(self):
        return [v for (v,) in self.warehouse(f"SELECT v FROM {self.name} ORDER BY id")]

    def shadows(self):
        return [t for (t,) in self.warehouse(f"SHOW TABLES FROM {self.schema}") if "__mssr_" in t]
