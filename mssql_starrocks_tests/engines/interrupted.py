"""A platform whose copies are checkpointed after every few chunks, and can be ended in the middle of one."""

import itertools

from mssql_starrocks import stages
from mssql_starrocks.lake import checkpoints
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.fingerprint import fingerprint
from mssql_starrocks.model import Level
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.chunking import plan_chunks
from mssql_starrocks.source.connect import reader_session
from mssql_starrocks_tests.engines.faulty import ROWS
from mssql_starrocks_tests.platform import Platform

CHUNKS = 6
BROKEN = 4  # the chunk that is not finished; Spark commits the four before it at once
NEVER = 10**9  # rows after which a fault would strike: it only counts statements
_number = itertools.count()


class Interrupted(Platform):
    """A source table of 6,000 rows in six chunks, which the arrow engine reads through one connection."""

    def __init__(self, box, spark, engine):
        super().__init__(box, spark)
        self.engine, self.number = engine, next(_number)
        self.name = f"dbo.r{self.number}"
        self.more = {"MSSQL_MAX_CONNECTIONS": "1"}
        self.source(f"CREATE TABLE {self.name} (id int NOT NULL PRIMARY KEY, v nvarchar(60) NULL)")
        self.source(f"INSERT INTO {self.name} SELECT id, v FROM dbo.t")

    @property
    def settings(self) -> Settings:
        return Settings.load({**self.box.environment(), **self.more}, dotenv=None)

    def source(self, sql):
        return self.box.sqlserver.execute(sql)

    def options(self, **config):
        prefix = f"resume{self.number}_"
        fixed = {"include": [self.name], "lake_prefix": prefix, "partitioning": CHUNKS, "engine": self.engine}
        return {**fixed, **config}

    def chain(self, **config):
        return self.chains(**self.options(**config))[self.name]

    def predicates(self, chain):
        with reader_session(self.settings.mssql) as session:
            return [c.predicate for c in plan_chunks(session, chain.table, chain.sizing).chunks]

    def run(self, chain):
        """A snapshot and what it logged; only its error, if it fails."""
        lines = []
        settings = self.settings
        try:
            return stages.snapshot(chain, settings.mssql, settings.lake, self.spark, lines.append), lines
        except Exception as error:
            return error, lines

    def broken(self, chain):
        """The error of a run that ends in the middle of a chunk."""
        self.box.sqlserver.faults.cut(self.predicates(chain)[BROKEN], after_bytes=2_000, times=3)  # Spark tries thrice
        error, lines = self.run(chain)
        self.box.sqlserver.faults.clear()
        assert isinstance(error, Exception)
        return error, lines

    def reads(self, predicates, chain):
        """How often a run asks for these chunks, and the run."""
        faults = self.box.sqlserver.faults
        faults.clear()
        for predicate in predicates:
            faults.deadlock(predicate, after_rows=NEVER, times=100)
        before = faults.struck()
        report, lines = self.run(chain)
        faults.clear()
        return faults.struck() - before, report, lines

    def lake(self, chain):
        return open_catalog(self.settings.lake).load_table(chain.names.lake)

    def left(self, chain):
        """The checkpoint of the load that did not end."""
        found = checkpoints.checkpoints(self.lake(chain))
        return found[0] if found else None

    def audit_branches(self, chain):
        return [name for name in self.lake(chain).refs() if name.startswith(in_lake.AUDIT)]

    def content(self, chain, report):
        return fingerprint(self.lake(chain), report.copied.snapshot_id, chain.columns, Level.ROWS)

    def ids(self, chain, report):
        found = self.lake(chain).scan(snapshot_id=report.copied.snapshot_id).to_arrow()
        return sorted(found["id"].to_pylist())

    def whole(self, chain, report):
        return self.ids(chain, report) == list(range(ROWS))
