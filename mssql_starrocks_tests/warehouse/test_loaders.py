"""One contract for every loader: the table holds exactly the snapshot, or nothing."""

import pytest

from mssql_starrocks.errors import WarehouseError, WarehouseUnreachableError
from mssql_starrocks.lake.rows import snapshot_batches
from mssql_starrocks.warehouse.loaders import StreamLoad
from mssql_starrocks.warehouse.loaders.bodies import layout_of
from mssql_starrocks_tests.golden.tables import TABLES
from mssql_starrocks_tests.golden.test_golden import warehouse_rows, wrong
from mssql_starrocks_tests.warehouse.conftest import LOADERS, LONGEST, NASTY

each_loader = pytest.mark.parametrize("loader", LOADERS)
LABELLED = ("catalog_insert", "stream_load")


def _every_type():
    for table in TABLES:
        for loader in LABELLED:
            yield pytest.param(loader, table, id=f"{loader}-{table.name}")
        marks = [pytest.mark.spark] if table is TABLES[0] else [pytest.mark.spark, pytest.mark.long]
        yield pytest.param("spark_jdbc", table, id=f"spark_jdbc-{table.name}", marks=marks)


@pytest.mark.parametrize(("loader", "golden_table"), _every_type())
def test_every_type_arrives_as_the_vendors_say(loading, loader, golden_table):
    chain = loading.chain(golden_table.id, loader)
    loading.certified(chain)
    assert wrong(warehouse_rows(loading, chain), golden_table.warehouse()) == {}


@each_loader
def test_text_that_means_something_to_a_format_is_text(loading, loader):
    chain = loading.chain("dbo.nasty", loader)
    loading.certified(chain)
    rows = loading.warehouse(f"SELECT id, v, b FROM {loader}.nasty ORDER BY id")
    expected = [(number, text, text.encode()[:20]) for number, text in enumerate(NASTY)] + [(1000, None, None)]
    assert rows == expected


@each_loader
@pytest.mark.parametrize("table", ["dbo.empty", "dbo.plain"])
def test_an_empty_table_and_one_without_text_are_certified(loading, loader, table):
    chain = loading.chain(table, loader)
    loading.certified(chain)
    loading.certified(chain)  # over itself: the take-over is the same for every loader


LENGTHS = {"null_with_hash": (LONGEST, None), "truncate": (LONGEST, LONGEST // 4), "bytes": (LONGEST, LONGEST)}


@each_loader
@pytest.mark.parametrize("policy", ["null_with_hash", "truncate"])
def test_values_that_are_too_long_become_what_was_chosen(loading, loader, policy):
    chain = loading.chain("dbo.lengthy", loader, types={"long_values": policy}, lake_prefix=f"{policy}_")
    loading.certified(chain)
    text, raw = zip(*loading.warehouse(f"SELECT length(v), length(b) FROM {loader}.lengthy ORDER BY id"), strict=True)
    assert text == LENGTHS[policy]
    assert raw == LENGTHS["bytes" if policy == "truncate" else policy]


@each_loader
def test_the_rows_it_counts_are_the_snapshots(loading, loader):
    chain = loading.chain("dbo.many", loader)
    order = loading.order(chain)
    assert (loading.run(loading.loader(chain), order), loading.held(order)) == (20_000, 20_000)


@pytest.mark.parametrize("streams", [1, 3])
def test_many_parts_are_one_transaction_for_each_stream(loading, streams):
    chain = loading.chain("dbo.many", "stream_load")
    order = loading.order(chain)
    assert (loading.run(small_parts(loading, chain, streams), order), loading.held(order)) == (20_000, 20_000)
    found = loading.warehouse(
        f"SELECT STATE, SINK_ROWS FROM information_schema.loads WHERE LABEL LIKE '{order.label}%'"
    )
    assert 1 <= len(found) <= streams
    assert {state for state, _ in found} == {"FINISHED"}
    assert sum(rows for _, rows in found) == 20_000


def test_a_stream_whose_commit_fails_takes_the_others_rows_with_it(loading, faults):
    chain = loading.chain("dbo.many", "stream_load")
    order = loading.order(chain)
    faults.fail(f"/api/transaction/commit label={order.label}_", 1064, "no", times=9)
    with pytest.raises(WarehouseError):
        loading.run(small_parts(loading, chain, 3), order)
    assert loading.held(order) == 0


def small_parts(loading, chain, streams):
    starrocks, table = loading.settings.starrocks.model_copy(update={"streams": streams}), loading.lake_table(chain)
    return StreamLoad(starrocks, lambda at, names: snapshot_batches(table, at, names), part_bytes=20_000)


@each_loader
def test_a_load_that_fails_leaves_nothing(loading, loader):
    chain = loading.chain("dbo.many", loader)
    order = loading.order(chain)
    name = ".".join(order.into)
    loading.box.starrocks.execute(f"DROP TABLE {name} FORCE")
    loading.box.starrocks.execute(
        f"CREATE TABLE {name} (id INT NOT NULL, v VARCHAR(20) NULL, migrated_at DATETIME NULL, "
        "source_schema VARCHAR(384) NULL, load_id VARCHAR(64) NULL) PRIMARY KEY (id)"
    )
    with pytest.raises(WarehouseError, match=order.into[1]):
        loading.run(loading.loader(chain), order)
    assert loading.held(order) == 0


@pytest.mark.parametrize("loader", LABELLED)
def test_a_label_that_was_used_is_asked_about_and_not_loaded_twice(loading, loader):
    chain = loading.chain("dbo.plain", loader)
    order = loading.order(chain)
    assert [loading.run(loading.loader(chain), order) for _ in range(2)] == [3, 3]
    assert loading.held(order) == 3


@pytest.mark.spark
def test_a_task_that_spark_repeats_never_leaves_its_rows_twice(loading, faults):
    order = loading.order(loading.chain("dbo.plain", "spark_jdbc"))
    faults.drop_after(f"INSERT INTO `spark_jdbc`.`{order.into[1]}`")
    with pytest.raises(WarehouseUnreachableError, match="wrote again"):
        loading.run(loading.loader(order.chain), order)
    assert loading.held(order) == 0


@pytest.mark.spark
def test_without_labels_only_an_empty_table_is_filled(loading):
    chain = loading.chain("dbo.plain", "spark_jdbc")
    order = loading.order(chain)
    assert loading.run(loading.loader(chain), order) == 3
    with pytest.raises(WarehouseError, match="not empty"):
        loading.run(loading.loader(chain), order)
    assert loading.held(order) == 3


BEFORE = {
    "catalog_insert": lambda faults, table: faults.drop_before(f"INSERT INTO `catalog_insert`.`{table}`"),
    "stream_load": lambda faults, table: faults.cut_body("/api/transaction/load", after_bytes=100_000),
    "spark_jdbc": lambda faults, table: faults.drop_before(f"INSERT INTO `spark_jdbc`.`{table}`", times=9),  # retries
}


@each_loader
def test_a_connection_lost_in_the_middle_leaves_nothing(loading, faults, loader):
    chain = loading.chain("dbo.many", loader)
    order = loading.order(chain)
    BEFORE[loader](faults, order.into[1])
    with pytest.raises(WarehouseUnreachableError):
        loading.run(loading.loader(chain), order)
    assert loading.held(order) == 0


AFTER = {
    "catalog_insert": lambda faults, order: faults.drop_after(f"`{order.into[1]}`"),
    "stream_load": lambda faults, order: faults.drop_after("/api/transaction/commit"),
}


@pytest.mark.parametrize("loader", LABELLED)
def test_an_acknowledgement_that_is_lost_is_asked_for(loading, faults, loader):
    chain = loading.chain("dbo.plain", loader)
    order = loading.order(chain)
    AFTER[loader](faults, order)
    assert (loading.run(loading.loader(chain), order), loading.held(order)) == (3, 3)


@pytest.mark.parametrize("step", ["begin", "load", "prepare"])
@pytest.mark.parametrize("when", ["drop_before", "drop_after"])
def test_a_step_that_is_lost_leaves_nothing(loading, faults, step, when):
    chain = loading.chain("dbo.plain", "stream_load")
    order = loading.order(chain)
    getattr(faults, when)(f"/api/transaction/{step}")
    with pytest.raises(WarehouseUnreachableError):
        loading.run(loading.loader(chain), order)
    assert loading.held(order) == 0
    assert loading.run(loading.loader(chain), order) == 3  # the label is free again


def test_a_commit_that_never_arrives_is_sent_again(loading, faults):
    chain = loading.chain("dbo.plain", "stream_load")
    order = loading.order(chain)
    faults.drop_before("/api/transaction/commit")
    assert (loading.run(loading.loader(chain), order), loading.held(order)) == (3, 3)


def test_what_is_committed_is_waited_for_until_it_is_visible(loading, faults):
    chain = loading.chain("dbo.plain", "stream_load")
    order = loading.order(chain)
    faults.publish_timeout(order.label, polls=2)
    assert (loading.run(loading.loader(chain), order), loading.held(order)) == (3, 3)


def test_text_that_is_free_goes_as_json_and_the_rest_as_csv(loading):
    layouts = {name: layout_of(loading.chain(name, "stream_load")) for name in ("dbo.plain", "dbo.nasty")}
    assert {name: layout.json for name, layout in layouts.items()} == {"dbo.plain": False, "dbo.nasty": True}
    assert "`b`=to_binary(`b__sent`, 'hex')" in layouts["dbo.plain"].headers["columns"]
