"""The source changes between two loads, through real protocols: TDS, the catalogs, MySQL."""

import pytest

from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform, failed

TABLE = "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, a int NULL, b varchar(10) NULL, c decimal(9,2) NULL)"
ROWS = "INSERT INTO dbo.t (id, a, b, c) VALUES (1, 10, 'one', 1.25), (2, NULL, 'two', NULL)"


class Source:
    """One table that changes, and its chain as discovered after each change."""

    def __init__(self, box):
        self.box = box
        self.platform = Platform(box)
        self.run(TABLE, ROWS)

    def run(self, *statements):
        for statement in statements:
            self.box.sqlserver.execute(statement)

    def chain(self, **options):
        return self.platform.chains(tables={"dbo.t": options} if options else {})["dbo.t"]

    def copy(self, **options):
        reports = self.platform.copy(self.chain(**options))
        assert not failed(reports)

    def lake(self):
        return open_catalog(self.platform.settings.lake).load_table(self.chain().names.lake)

    def fields(self):
        return {f.name: (f.field_id, str(f.field_type)) for f in self.lake().schema().fields[:6]}

    def warehouse(self, columns="*"):
        return self.platform.warehouse(f"SELECT {columns} FROM dbo.t ORDER BY id")


@pytest.fixture
def source(own_box):
    made = Source(own_box)
    made.copy()
    return made


def before(source, columns):
    """What the first load's snapshot says, read by its own schema."""
    table = source.lake()
    first = next(s for s in reversed(table.snapshots()) if s.parent_snapshot_id and s.snapshot_id)
    first = sorted((s for s in table.snapshots() if s.parent_snapshot_id), key=lambda s: s.sequence_number)[0]
    rows = table.scan(snapshot_id=first.snapshot_id, selected_fields=columns).to_arrow().to_pylist()
    return [tuple(row.values()) for row in sorted(rows, key=lambda row: row["id"])]


def test_a_new_column_is_not_seen_before_its_first_load_is_published(source):
    source.run("ALTER TABLE dbo.t ADD d nvarchar(5) NULL", "UPDATE dbo.t SET d = N'x'")
    chain = source.chain()
    source.platform.snapshot(chain)
    assert "d" not in source.fields()
    assert not failed(source.platform.prove_snapshot(chain))
    assert "d" not in source.fields()
    source.platform.publish(chain)
    assert "d" in source.lake().schema().column_names
    assert not failed(source.platform.prove_snapshot(chain))
    source.copy()
    assert source.warehouse("id, d") == [(1, "x"), (2, "x")]
    assert before(source, ("id", "a")) == [(1, 10), (2, None)]
