"""What goes wrong between and inside the stages: nothing wrong becomes visible, and a re-run finishes the job."""

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from mssql_starrocks import stages
from mssql_starrocks.engines.arrow import ArrowEngine
from mssql_starrocks.errors import LakeError, NotCertifiedError, SourceError, WarehouseError
from mssql_starrocks.lake import branch
from mssql_starrocks.lake import loads as in_lake
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.stages import loading, snapshotting
from mssql_starrocks_tests.platform import Platform, decision, failed

_number = itertools.count()


@pytest.fixture(scope="module")
def box_of_faults(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def made(box_of_faults):
    return _Made(box_of_faults)


class _Made(Platform):
    """A platform with one source table `<schema>.t (id, v)` of three rows."""

    def __init__(self, box):
        super().__init__(box)
        self.schema = f"fault{next(_number)}"
        self.source(f"CREATE SCHEMA {self.schema}")
        self.source(f"CREATE TABLE {self.schema}.t (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)")
        self.source(f"INSERT INTO {self.schema}.t VALUES (1, N'a'), (2, N'b'), (3, NULL)")

    def source(self, sql):
        return self.box.sqlserver.execute(sql)

    def chain(self, **config):
        return self.chains(include=[f"{self.schema}.*"], **config)[f"{self.schema}.t"]

    def lake_table(self, chain):
        return open_catalog(self.settings.lake).load_table(chain.names.lake)

    def ids(self):
        return [row[0] for row in self.warehouse(f"SELECT id FROM {self.schema}.t ORDER BY id")]


@pytest.mark.parametrize(
    "fault", ["cut", pytest.param("kill", marks=pytest.mark.long), pytest.param("deadlock", marks=pytest.mark.long)]
)
def test_a_connection_that_dies_in_the_middle_may_be_tried_again(made, fault):
    for first in range(10, 30_010, 1000):
        rows = ", ".join(f"({i}, N'{'x' * 20}')" for i in range(first, first + 1000))
        made.source(f"INSERT INTO {made.schema}.t VALUES {rows}")
    chain = made.chain()
    text = f"SELECT [id] AS [id], [v] AS [v] FROM [{made.schema}].[t]"
    {
        "cut": lambda: made.box.sqlserver.faults.cut(text, after_bytes=200_000),
        "kill": lambda: made.box.sqlserver.faults.kill(text, after_bytes=200_000),
        "deadlock": lambda: made.box.sqlserver.faults.deadlock(text, after_rows=5_000),
    }[fault]()
    with pytest.raises(SourceError) as raised:
        made.snapshot(chain)
    assert raised.value.transient, raised.value
    assert not [name for name in made.lake_table(chain).refs() if name.startswith("audit_")]
    assert not failed(made.copy(chain))
    assert len(made.ids()) == 30_003


def test_a_copy_that_dies_neither_hides_nor_discards_a_certified_load(made, monkeypatch):
    chain = made.chain()
    made.copy(chain)
    made.source(f"INSERT INTO {made.schema}.t VALUES (4, N'd')")
    made.snapshot(chain)
    made.prove_snapshot(chain)
    monkeypatch.setattr(ArrowEngine, "copy", lambda *_: 1 / 0)
    monkeypatch.setattr(branch, "abandon", lambda *_: None)  # the process is gone before it can tidy up
    with pytest.raises(LakeError, match="ZeroDivisionError"):
        made.snapshot(chain)
    monkeypatch.undo()
    assert made.publish(chain).rows == 4
    made.load(chain)
    assert made.ids() == [1, 2, 3, 4]


def test_a_run_proves_and_publishes_its_own_load(made, monkeypatch):
    """Two runs at once: each judges what it copied itself."""
    from mssql_starrocks.engines import arrow

    chain = made.chain()
    settings = made.settings
    good = made.snapshot(chain).load_id
    monkeypatch.setattr(arrow.RollingWriter, "finish", lambda _: [])
    bad = made.snapshot(chain).load_id
    monkeypatch.undo()
    assert not failed(stages.prove_snapshot(chain, settings.lake, good))
    assert failed(stages.prove_snapshot(chain, settings.lake, bad))
    with pytest.raises(NotCertifiedError, match=bad):
        stages.publish(chain, settings.lake, print, bad)
    assert stages.publish(chain, settings.lake, print, good).load_id == good
    assert stages.publish(chain, settings.lake, print, good).load_id == good
    with pytest.raises(LakeError, match="neither waiting nor published"):
        stages.publish(chain, settings.lake, print, "20000101t000000000000_abcdef")


def test_a_worker_whose_clock_is_behind_still_publishes_its_load(made, monkeypatch):
    chain = made.chain()
    made.copy(chain)
    made.source(f"INSERT INTO {made.schema}.t VALUES (4, N'd')")
    monkeypatch.setattr(snapshotting, "new_load_id", lambda: "20000101t000000000000_abcdef")
    assert not failed(made.copy(chain))
    assert made.ids() == [1, 2, 3, 4]


def test_a_table_in_starrocks_that_is_not_ours_is_left_alone(made):
    made.warehouse(f"CREATE DATABASE {made.schema}")
    made.warehouse(f"CREATE TABLE {made.schema}.t (precious INT) DUPLICATE KEY (precious)")
    made.warehouse(f"INSERT INTO {made.schema}.t VALUES (42)")
    chain = made.chain()
    made.snapshot(chain)
    made.publish(chain)
    with pytest.raises(WarehouseError, match="exists and was not made by mssql_starrocks"):
        made.load(chain)
    assert made.warehouse(f"SELECT precious FROM {made.schema}.t") == [(42,)]


def test_another_database_of_the_same_names_is_refused(made):
    chain = made.chain()
    made.copy(chain)
    other = replace(chain, database="Staging")
    with pytest.raises(LakeError, match="holds Company.*not Staging.*lake_prefix"):
        made.snapshot(other)
    with pytest.raises(LakeError, match="holds Company.*not Staging.*lake_prefix"):
        made.load(other)
    assert not failed(made.prove_warehouse(chain))


def test_of_two_loads_the_one_that_began_last_wins(made, monkeypatch):
    chain = made.chain()
    made.copy(chain)
    real, nested = loading._refuse_overtaken, []

    def meanwhile(*arguments):
        if not nested:
            nested.append(True)
            made.load(chain)
        return real(*arguments)

    monkeypatch.setattr(loading, "_refuse_overtaken", meanwhile)
    with pytest.raises(WarehouseError, match="a newer load began meanwhile|not in StarRocks|Unknown table"):
        made.load(chain)
    monkeypatch.undo()
    assert not failed(made.prove_warehouse(chain))
    assert made.ids() == [1, 2, 3]
    assert [t for (t,) in made.warehouse(f"SHOW TABLES FROM {made.schema}") if "__mssr_" in t] == []


def test_a_key_that_disappears_keeps_every_row(made):
    chain = made.chain()
    made.copy(chain)
    keyless = made.chain(tables={"*.t": {"key": "none"}})
    made.source(f"ALTER TABLE {made.schema}.t ADD w int NULL")
    made.source(f"ALTER TABLE {made.schema}.t DROP COLUMN w")
    made.snapshot(keyless)
    accepted = [decision(made.prove_snapshot(keyless))]
    keyless = made.chain(tables={"*.t": {"key": "none", "accept_schema_change": accepted}})
    assert not failed(made.copy(keyless))
    made.warehouse(f"INSERT INTO {made.schema}.t (id) VALUES (1)")
    assert made.ids() == [1, 1, 2, 3]


def test_a_swap_that_would_lose_grants_or_views_is_refused_by_name(made):
    chain = made.chain()
    made.copy(chain)
    made.warehouse("CREATE USER IF NOT EXISTS analyst IDENTIFIED BY 'x'")
    made.warehouse(f"GRANT SELECT ON TABLE {made.schema}.t TO USER analyst")
    made.source(f"ALTER TABLE {made.schema}.t ADD w int NOT NULL DEFAULT 7")  # which ALTER cannot do to rows there are
    wider = made.chain()
    made.snapshot(wider)
    made.publish(wider)
    with pytest.raises(WarehouseError, match=r"its columns changed.*would lose grant SELECT.*analyst"):
        made.load(wider)
    assert made.ids() == [1, 2, 3]
    made.warehouse(f"REVOKE SELECT ON TABLE {made.schema}.t FROM USER analyst")
    made.warehouse(f"CREATE MATERIALIZED VIEW {made.schema}.mv REFRESH MANUAL AS SELECT id FROM {made.schema}.t")
    with pytest.raises(WarehouseError, match=r"view fault\d+\.mv"):
        made.load(wider)


def test_what_somebody_else_put_on_main_is_not_loaded(made, monkeypatch):
    from mssql_starrocks.engines import arrow

    chain = made.chain()
    made.copy(chain)
    monkeypatch.setattr(arrow.RollingWriter, "finish", lambda _: [])
    made.snapshot(chain)
    monkeypatch.undo()
    table = made.lake_table(chain)
    empty = in_lake.newest_audit(table)
    table.manage_snapshots().set_current_snapshot(snapshot_id=empty.snapshot_id).commit()
    with pytest.raises(NotCertifiedError, match="main is not what was certified: row_count"):
        made.load(chain)
    assert made.ids() == [1, 2, 3]


def test_a_refused_schema_change_leaves_the_lake_table_as_it_was(made):
    chain = made.chain()
    made.copy(chain)
    made.source(f"ALTER TABLE {made.schema}.t DROP COLUMN v")
    made.source(f"ALTER TABLE {made.schema}.t ADD fresh int NULL")
    before = made.lake_table(chain).schema()
    changed = made.chain()
    made.snapshot(changed)
    with pytest.raises(NotCertifiedError, match=r"column v was dropped .*set accept_schema_change: \[\w+\] for fault"):
        made.publish(changed)
    assert made.lake_table(chain).schema() == before


def test_a_new_column_arrives(made):
    made.copy(made.chain())
    made.source(f"ALTER TABLE {made.schema}.t ADD price decimal(9,2) NULL")
    made.source(f"UPDATE {made.schema}.t SET price = 1.5 WHERE id = 1")
    assert not failed(made.copy(made.chain()))
    assert made.warehouse(f"SELECT price FROM {made.schema}.t ORDER BY id")[:2] == [(Decimal("1.50"),), (None,)]


def test_a_table_altered_while_it_is_copied_is_told(made, monkeypatch):
    chain = made.chain()
    real = ArrowEngine.copy

    def alter_then_copy(self, plan, branch):
        made.source(f"ALTER TABLE {made.schema}.t ADD late int NULL")
        return real(self, plan, branch)

    monkeypatch.setattr(snapshotting, "describe", _aged(snapshotting.describe, made))
    monkeypatch.setattr(ArrowEngine, "copy", alter_then_copy)
    with pytest.raises(SourceError, match="was altered while it was copied"):
        made.snapshot(chain)


def _aged(real, made):
    """The second look at the definition comes from a session of its own, as Spark's grade D has it."""
    seen = []

    def describe(session, table):
        if not seen:
            seen.append(True)
            return real(session, table)
        from mssql_starrocks.source.connect import control_session

        with control_session(made.settings.mssql) as fresh:
            return real(fresh, table)

    return describe


def test_what_somebody_changes_while_it_is_taken_over_is_said_to_be_in_the_target(made, monkeypatch):
    chain = made.chain()
    assert not failed(made.copy(chain))
    whole = loading.replacing.take_over

    def disturbed(*arguments):
        how = whole(*arguments)
        made.box.starrocks.execute(f"DELETE FROM {made.schema}.t WHERE id = 2")
        return how

    monkeypatch.setattr(loading.replacing, "take_over", disturbed)
    with pytest.raises(WarehouseError, match=rf"{made.schema}\.t was replaced by it: load it again, or roll back"):
        made.load(chain)
    monkeypatch.undo()
    assert made.load(chain).how == "overwrite"
    assert not failed(made.prove_warehouse(chain))


def test_a_data_file_that_is_gone_is_not_taken_for_a_bucket(made):
    chain = made.chain()
    assert not failed(made.copy(chain))
    table = made.lake_table(chain)
    [file] = [task.file.file_path for task in table.scan().plan_files()]
    table.io.delete(file)
    with pytest.raises(LakeError, match="a file of it is not there any more .* Copy the whole table again"):
        made.prove_warehouse(chain)
