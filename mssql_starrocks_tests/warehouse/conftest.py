"""A sandbox whose tables every loader loads; its snapshots are published once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mssql_starrocks import stages
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.stages.choosing import loader_of
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.loaders import LoadOrder
from mssql_starrocks.warehouse.replace import make_shadow
from mssql_starrocks_tests.golden.tables import CONFIG, TABLES
from mssql_starrocks_tests.platform import Platform, failed

LOADERS = ("catalog_insert", "stream_load", pytest.param("spark_jdbc", marks=[pytest.mark.spark, pytest.mark.long]))
NASTY = (
    "", "\\N", "NULL", "null", " ", "a\tb", "a\nb", "a\r\nb", 'a"b', "a'b", "a\\b", "\\", "\\\\N", "\\t", "a,b|c;d",
    "\x01", "\x02", "a\x01b\x02c", "😀", "漢字", "ä", '{"a": [1, null]}', "[", "]", "${x} %s {0}", "--", "\x7f", "`",
)  # fmt: skip
LONGEST = 1_048_576
_numbers = itertools.count(1)


@dataclass
class Loading(Platform):
    """The contract's tables and the means to load one of them."""

    ready: set[str] = field(default_factory=set)

    def chain(self, table: str, loader: str, **config):
        """A chain whose snapshot is published; each loader has a StarRocks database of its own."""
        made = self.chains(
            include=(table,), tables=CONFIG, loader=loader, engine="arrow", targets={"dbo": loader}, **config
        )
        key = ".".join(made[table].names.lake)
        if key not in self.ready:
            self.snapshot(made[table])
            assert not failed(self.prove_snapshot(made[table]))
            self.publish(made[table])
            self.ready.add(key)
        return made[table]

    def order(self, chain) -> LoadOrder:
        """An empty table of the chain's shape, and a label of its own."""
        name = f"into{next(_numbers)}"
        self.box.starrocks.execute(f"CREATE DATABASE IF NOT EXISTS {chain.names.warehouse_database}")
        with warehouse_session(self.settings.starrocks) as session:
            into = make_shadow(session, chain, self.settings.starrocks, name)
        return LoadOrder(chain, self.snapshot_id(chain), into, f"label_{name}")

    def lake_table(self, chain):
        return open_catalog(self.settings.lake).load_table(chain.names.lake)

    def snapshot_id(self, chain) -> int:
        return in_lake.published(self.lake_table(chain)).snapshot_id

    def loader(self, chain):
        return loader_of(chain, self.settings.lake, self.settings.starrocks, self.lake_table(chain), self.spark)

    def run(self, loader, order: LoadOrder) -> int:
        with warehouse_session(self.settings.starrocks) as session:
            return loader.load(session, order)

    def held(self, order: LoadOrder) -> int:
        return self.warehouse(f"SELECT count(*) FROM {'.'.join(order.into)}")[0][0]

    def certified(self, chain) -> None:
        """Load through the stage, which proves, and prove again."""
        stages.load(chain, self.settings.lake, self.settings.starrocks, lambda line: None, self.spark)
        assert not failed(self.prove_warehouse(chain))


@pytest.fixture(scope="module")
def loading(certificate, spark_source) -> Iterator[Loading]:
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        run = box.sqlserver.execute
        for table in TABLES:
            for statement in table.statements():
                run(statement)
        run("CREATE TABLE dbo.nasty (id int NOT NULL PRIMARY KEY, v nvarchar(40) NULL, b varbinary(20) NULL)")
        for number, text in enumerate(NASTY):
            quoted = text.replace("'", "''")
            run(f"INSERT INTO dbo.nasty VALUES ({number}, N'{quoted}', 0x{text.encode()[:20].hex() or ''})")
        run("INSERT INTO dbo.nasty VALUES (1000, NULL, NULL)")
        run("CREATE TABLE dbo.empty (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)")
        run("CREATE TABLE dbo.plain (n bigint NULL, d date NULL, b varbinary(4) NULL)")
        run("INSERT INTO dbo.plain VALUES (1, '2024-02-29', 0x), (NULL, NULL, NULL), (-9, '0001-01-01', 0x00ff)")
        run("CREATE TABLE dbo.many (id int NOT NULL PRIMARY KEY, v nvarchar(40) NULL)")
        for first in range(0, 20_000, 1000):
            run(f"INSERT INTO dbo.many VALUES {', '.join(f'({i}, {_value(i)})' for i in range(first, first + 1000))}")
        run("CREATE TABLE dbo.lengthy (id int NOT NULL PRIMARY KEY, v nvarchar(max) NULL, b varbinary(max) NULL)")
        for number, size in enumerate((LONGEST, LONGEST + 1)):
            text = f"REPLICATE(CAST('ab' AS varchar(max)), {size // 2}) + REPLICATE('c', {size % 2})"
            run(f"INSERT INTO dbo.lengthy VALUES ({number}, {text}, CAST({text} AS varbinary(max)))")
        yield Loading(box, spark_source)


@pytest.fixture
def faults(loading):
    yield loading.box.starrocks.faults
    loading.box.starrocks.faults.clear()


def _value(number: int) -> str:
    return "NULL" if number % 7 == 0 else f"N'{number % 13}é{'x' * (number % 30)}'"
