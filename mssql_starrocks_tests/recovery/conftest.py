import itertools

import pytest

from mssql_starrocks import stages
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform, failed

_number = itertools.count()


@pytest.fixture(scope="module")
def recovery_box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def kept(recovery_box):
    return Kept(recovery_box)


class Kept(Platform):
    """A platform with one source table `<schema>.t (id, v)`, copied as often as a test wants."""

    def __init__(self, box):
        super().__init__(box)
        self.schema = f"kept{next(_number)}"
        self.name = f"{self.schema}.t"
        self.source(f"CREATE SCHEMA {self.schema}")
        self.source(f"CREATE TABLE {self.name} (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)")
        self.fill("one")

    def source(self, sql):
        return self.box.sqlserver.execute(sql)

    def fill(self, *values):
        """Replace the source's rows: ids from 1 on."""
        self.source(f"DELETE FROM {self.name}")
        for i, value in enumerate(values, 1):
            self.source(f"INSERT INTO {self.name} (id, v) VALUES ({i}, N'{value}')")

    def chain(self, **config):
        return self.chains(include=[f"{self.schema}.*"], **config)[self.name]

    def copied(self, *values, chain=None):
        """Copy these values by the whole chain; the load id."""
        self.fill(*values)
        chain = chain or self.chain()
        assert not failed(self.copy(chain))
        return self.loads(chain)[0].load_id

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
