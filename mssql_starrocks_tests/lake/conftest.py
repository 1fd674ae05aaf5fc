"""One table's loads in every catalog, driven by hand."""

import datetime as dt
import itertools
from decimal import Decimal

import pyarrow as pa
import pytest

from mssql_starrocks.lake import branch as branches
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake import publishing
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.lake.files import RollingWriter, file_schema
from mssql_starrocks.lake.tables import ensure_table
from mssql_starrocks_tests.tables import chain, evidence, things

_number = itertools.count()


@pytest.fixture
def copy(lake):
    return _Copy(lake)


class _Copy:
    """One table's loads, driven by hand."""

    def __init__(self, lake):
        self.lake = lake
        self.chain = chain(things(name=f"branch_{next(_number)}"))
        self.catalog = open_catalog(lake)
        ensure_table(self.chain, lake)

    @property
    def table(self):
        return self.catalog.load_table(self.chain.names.lake)

    def files(self, batch, prefix):
        with RollingWriter(self.table, prefix) as writer:
            writer.write(batch)
            return writer.finish()

    def write(self, load_id: str, ids: list[int]) -> branches.AuditBranch:
        branch = branches.audit_branch(self.chain.names.lake, evidence(self.chain, load_id))
        branches.fork(self.table, branch)
        self.commit(branch, ids)
        return branch

    def commit(self, branch: branches.AuditBranch, ids: list[int], after: int | None = None) -> int:
        return branches.commit(self.catalog, branch, self.rows(branch, ids), after)

    def rows(self, branch: branches.AuditBranch, ids: list[int]):
        """Files with these rows."""
        schema = file_schema(self.table)
        columns = {
            "id": ids,
            "name": [f"n{i}" for i in ids],
            "price": [Decimal(i) for i in ids],
            "migrated_at": [dt.datetime(2026, 1, 1)] * len(ids),
            "source_schema": ["sales"] * len(ids),
            "load_id": ["x"] * len(ids),
        }
        batch = pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in schema], schema=schema)
        return self.files(batch, f"{branch.name}-{next(_number)}")

    def publish(self) -> str:
        load = in_lake.newest_audit(self.table)
        publishing.certify(self.table, load)
        return publishing.publish(self.table, in_lake.newest_audit(self.table))

    def ids(self) -> list[int]:
        return sorted(self.table.scan().to_arrow()["id"].to_pylist())
