"""The source changes between two loads, through real protocols: TDS, Glue and S3, MySQL."""

import datetime as dt
import itertools
from decimal import Decimal

import pytest

from mssql_starrocks.errors import NotCertifiedError, WarehouseError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks_tests.platform import Platform, decision, failed

_number = itertools.count()
COLUMNS = (
    "id int NOT NULL PRIMARY KEY, a int NULL, b varchar(10) NULL, c decimal(9,2) NULL, d datetime2(3) NULL, "
    "e int NOT NULL"
)
ROWS = "VALUES (1, 10, 'one', 1.25, '2026-01-02T03:04:05.678', 7), (2, NULL, 'two', NULL, NULL, 8)"


class Source(Platform):
    """A platform with one source table that changes; `{t}` in a statement is its name."""

    def __init__(self, box):
        super().__init__(box)
        self.table = f"dbo.changing_{next(_number):03}"
        self.run(f"CREATE TABLE {{t}} ({COLUMNS})", f"INSERT INTO {{t}} {ROWS}")

    def run(self, *statements):
        for statement in statements:
            self.box.sqlserver.execute(statement.format(t=self.table))

    def chain(self, **options):
        """As discovered now."""
        return self.chains(include=[self.table], tables={self.table: options})[self.table]

    def loads(self, **options):
        chain = self.chain(**options)
        assert not failed(self.copy(chain))
        return self.load(chain).how  # once more, for nothing

    def lake(self):
        return open_catalog(self.settings.lake).load_table(self.chain().names.lake)

    def field(self, name):
        found = self.lake().schema().find_field(name)
        return found.field_id, str(found.field_type)

    def rows(self, columns="id, a, b, c"):
        return self.warehouse(f"SELECT {columns} FROM {self.table} ORDER BY id")

    def first_load(self, *columns):
        """What the first load's snapshot says by its own schema."""
        table = self.lake()
        first = min((s for s in table.snapshots() if s.parent_snapshot_id), key=lambda s: s.sequence_number)
        found = table.scan(snapshot_id=first.snapshot_id, selected_fields=("id", *columns)).to_arrow().to_pylist()
        return [tuple(row[c] for c in columns) for row in sorted(found, key=lambda row: row["id"])]


@pytest.fixture(scope="module")
def changing_box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def source(changing_box):
    made = Source(changing_box)
    assert not failed(made.copy(made.chain()))
    return made


def test_a_new_column_is_not_seen_before_its_first_load_is_published(source):
    source.run("ALTER TABLE {t} ADD f nvarchar(5) NULL", "UPDATE {t} SET f = N'x'")
    chain = source.chain()
    source.snapshot(chain)
    assert not failed(source.prove_snapshot(chain))
    assert "f" not in source.lake().schema().column_names
    source.publish(chain)
    assert "f" in source.lake().schema().column_names
    assert source.load(chain).how == "alter and overwrite"
    assert not failed(source.prove_warehouse(chain) + source.prove_snapshot(chain))
    assert source.rows("id, f") == [(1, "x"), (2, "x")]
    assert source.first_load("a") == [(10,), (None,)]


SAFE = {
    "renamed": (["EXEC sp_rename '{t}.a', 'a2', 'COLUMN'"], "a", "a2", [(10,), (None,)], [(10,), (None,)]),
    "a companion renamed": (
        ["ALTER TABLE {t} ALTER COLUMN d datetime2(7)", "EXEC sp_rename '{t}.d', 'd2', 'COLUMN'"],
        "d",
        "d2",
        [(dt.datetime(2026, 1, 2, 3, 4, 5, 678000),), (None,)],
        [(dt.datetime(2026, 1, 2, 3, 4, 5, 678000),), (None,)],
    ),
    "widened": (
        ["ALTER TABLE {t} ALTER COLUMN a bigint", "UPDATE {t} SET a = 3000000000 WHERE id = 2"],
        "a",
        "a",
        [(10,), (None,)],
        [(10,), (3_000_000_000,)],
    ),
    "longer": (
        ["ALTER TABLE {t} ALTER COLUMN b nvarchar(40)", "UPDATE {t} SET b = N'a text of some length' WHERE id = 2"],
        "b",
        "b",
        [("one",), ("two",)],
        [("one",), ("a text of some length",)],
    ),
    "more digits": (
        ["ALTER TABLE {t} ALTER COLUMN c decimal(20,2)", "UPDATE {t} SET c = 123456789012.5 WHERE id = 2"],
        "c",
        "c",
        [(Decimal("1.25"),), (None,)],
        [(Decimal("1.25"),), (Decimal("123456789012.50"),)],
    ),
    "made nullable": (
        ["ALTER TABLE {t} ALTER COLUMN e int NULL", "UPDATE {t} SET e = NULL WHERE id = 2"],
        "e",
        "e",
        [(7,), (8,)],
        [(7,), (None,)],
    ),
}


@pytest.mark.parametrize("kind", SAFE)
def test_a_safe_change_is_certified_in_place_with_its_history(source, kind):
    statements, old, new, before, now = SAFE[kind]
    source.warehouse("CREATE USER IF NOT EXISTS analyst IDENTIFIED BY 'x'")
    source.warehouse(f"GRANT SELECT ON TABLE {source.table} TO USER analyst")
    field_id = source.field(old)[0]
    source.run(*statements)
    chain = source.chain()
    source.snapshot(chain)
    assert not failed(source.prove_snapshot(chain))
    source.publish(chain)
    assert source.load(chain).how == "alter and overwrite"
    assert not failed(source.prove_warehouse(chain))
    assert source.field(new)[0] == field_id
    assert source.first_load(old) == before
    assert source.rows(new) == now
    assert source.table in str(source.warehouse("SHOW GRANTS FOR analyst"))


DECISIONS = {
    "dropped": (["ALTER TABLE {t} DROP COLUMN c"], {}, "column c was dropped (decimal(9,2) -> absent)"),
    "left out": ([], {"exclude_columns": ["c"]}, "column c was dropped (decimal(9,2) -> absent)"),
    "narrowed": (["ALTER TABLE {t} ALTER COLUMN a smallint"], {}, "column a was narrowed (int -> smallint)"),
    "re-typed": (["ALTER TABLE {t} ALTER COLUMN a varchar(12)"], {}, "column a was re-typed (int -> varchar(12))"),
    "finer": (
        ["ALTER TABLE {t} ALTER COLUMN c decimal(12,4)"],
        {},
        "column c was widened (decimal(9,2) -> decimal(12,4))",
    ),
    "key": ([], {"key": "none"}, "the key was changed (id -> none)"),
    "made anew": (
        ["DROP TABLE {t}", f"CREATE TABLE {{t}} ({COLUMNS})", f"INSERT INTO {{t}} {ROWS}"],
        {},
        "the table was re-created",
    ),
    "another of its name": (
        ["ALTER TABLE {t} DROP COLUMN a", "ALTER TABLE {t} ADD a int NULL"],
        {},
        "column a was dropped (int -> absent)",
    ),
}


SECOND = ("left out", "finer", "another of its name")  # what others of DECISIONS show, too


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.long) if kind in SECOND else kind for kind in DECISIONS]
)
def test_a_change_that_needs_a_decision_waits_for_it(source, kind):
    statements, options, message = DECISIONS[kind]
    main, rows, schema = source.lake().current_snapshot(), source.rows(), source.lake().schema()
    source.run(*statements)
    chain = source.chain(**options)
    source.snapshot(chain)
    reports = source.prove_snapshot(chain)
    assert [r.name for r in reports if not r.passed] == ["schema"]
    assert message in reports[1].summary
    with pytest.raises(NotCertifiedError, match="accept_schema_change"):
        source.publish(chain)
    assert (source.lake().current_snapshot(), source.rows(), source.lake().schema()) == (main, rows, schema)
    decided = source.chain(**options, accept_schema_change=[decision(reports)])
    assert not failed(source.prove_snapshot(decided))  # the load that waits: nothing is copied again
    source.publish(decided)
    source.load(decided)
    assert not failed(source.prove_snapshot(chain) + source.prove_warehouse(chain))
    assert source.first_load("a", "c") == [(10, Decimal("1.25")), (None, None)]
    assert source.loads(**options) == "overwrite"  # decided once


def test_a_column_made_anew_is_no_continuation_of_the_old_one(source):
    old = source.field("a")
    source.run("ALTER TABLE {t} ALTER COLUMN a varchar(12)")
    chain = source.chain()
    source.snapshot(chain)
    chain = source.chain(accept_schema_change=[decision(source.prove_snapshot(chain))])
    assert not failed(source.copy(chain))
    assert source.field("a")[0] > old[0]
    assert source.field("a")[1] == "string"
    assert source.rows("a") == [("10",), (None,)]


def test_a_load_that_failed_leaves_no_schemas_behind_with_every_try(source):
    source.run("ALTER TABLE {t} DROP COLUMN c", "ALTER TABLE {t} ADD f int NULL")
    for _ in range(3):
        source.snapshot(source.chain())
    assert len(source.lake().schemas()) == 2


def test_a_crash_between_alter_and_overwrite_is_mended_by_the_next_run(source):
    source.run("EXEC sp_rename '{t}.a', 'a2', 'COLUMN'", "ALTER TABLE {t} ADD f int NULL", "UPDATE {t} SET f = 1")
    chain = source.chain()
    source.snapshot(chain)
    source.publish(chain)
    source.box.starrocks.faults.drop_before("INSERT OVERWRITE")
    with pytest.raises(WarehouseError):
        source.load(chain)
    assert source.rows("a2, f") == [(10, None), (None, None)]  # the old load by its new names
    assert source.load(chain).how == "overwrite"
    assert not failed(source.prove_warehouse(chain))
    assert source.rows("a2, f") == [(10, 1), (None, 1)]


def test_a_job_of_starrocks_is_waited_for(source):
    source.run("ALTER TABLE {t} ALTER COLUMN a bigint")
    chain = source.chain()
    source.snapshot(chain)
    source.publish(chain)
    source.box.starrocks.faults.run_alter(source.table.partition(".")[2], polls=1)
    assert source.load(chain).how == "alter and overwrite"
    assert not failed(source.prove_warehouse(chain))


def test_a_job_that_starrocks_gives_up_is_told_and_changes_nothing(source):
    source.run("ALTER TABLE {t} ALTER COLUMN a bigint")
    chain = source.chain()
    source.snapshot(chain)
    source.publish(chain)
    source.box.starrocks.faults.cancel_alter(source.table.partition(".")[2], "no replica of tablet 1")
    with pytest.raises(WarehouseError, match=r"MODIFY COLUMN `a` BIGINT.* was cancelled .*no replica of tablet 1"):
        source.load(chain)
    assert source.rows("a") == [(10,), (None,)]
    assert source.load(chain).how == "alter and overwrite"


def test_views_stop_everything_but_new_columns(source):
    source.warehouse(f"CREATE MATERIALIZED VIEW dbo.mv REFRESH MANUAL AS SELECT a FROM {source.table}")
    source.run("ALTER TABLE {t} ADD f int NULL")
    assert not failed(source.copy(source.chain()))
    source.run("EXEC sp_rename '{t}.a', 'a2', 'COLUMN'")
    chain = source.chain()
    source.snapshot(chain)
    source.publish(chain)
    with pytest.raises(WarehouseError, match=r"would inactivate view dbo\.mv"):
        source.load(chain)
    assert source.rows("a") == [(10,), (None,)]


def test_grants_are_given_again_when_that_is_set(source):
    source.warehouse("CREATE USER IF NOT EXISTS analyst IDENTIFIED BY 'x'")
    source.warehouse("CREATE USER IF NOT EXISTS everybody IDENTIFIED BY 'x'")
    source.warehouse(f"GRANT SELECT, UPDATE ON TABLE {source.table} TO USER analyst")
    source.warehouse("GRANT SELECT ON ALL TABLES IN DATABASE dbo TO USER everybody")
    granted = [source.warehouse(f"SHOW GRANTS FOR {user}") for user in ("analyst", "everybody")]
    source.run("ALTER TABLE {t} ALTER COLUMN b varchar(10) NOT NULL")  # which no ALTER of StarRocks can do
    chain = source.chain()
    source.snapshot(chain)
    source.publish(chain)
    with pytest.raises(WarehouseError, match=r"lose grant SELECT of 'analyst'@'%', grant UPDATE .*on_swap: regrant"):
        source.load(chain)
    assert source.load(source.chain(on_swap="regrant")).how == "swap"
    assert [source.warehouse(f"SHOW GRANTS FOR {user}") for user in ("analyst", "everybody")] == granted
    assert not failed(source.prove_warehouse(chain))
