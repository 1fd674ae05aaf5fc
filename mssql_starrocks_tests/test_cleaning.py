"""Cleaning with StarRocks beside the lake: what the ledger names stays, what crashed loads left there goes."""

import datetime as dt

import pytest

from mssql_starrocks import stages
from mssql_starrocks.errors import WarehouseError
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.stages import loading
from mssql_starrocks_tests.platform import Platform, failed
from mssql_starrocks_tests.recovery.crash import end_at

NOW = dt.datetime.now(dt.timezone.utc)


@pytest.fixture(scope="module")
def platform(box):
    return Platform(box)


def clean(platform, chain, days=0, lines=None):
    settings, said = platform.settings, [] if lines is None else lines
    return stages.clean(chain, settings.lake, settings.starrocks, NOW + dt.timedelta(days=days), said.append)


def load_tags(platform, chain):
    table = open_catalog(platform.settings.lake).load_table(chain.names.lake)
    return {name: ref.snapshot_id for name, ref in table.refs().items() if name.startswith("load_")}


def test_the_load_that_starrocks_holds_stays_until_the_next_one_took_over(platform):
    chain = platform.chains(lake_prefix="clean_", targets={"hr": "clean_hr"}, keep_loads=1)["hr.departments"]
    assert clean(platform, chain).tags == (), "nothing there yet"
    platform.copy(chain)
    (held,) = load_tags(platform, chain)
    for _ in range(2):
        platform.snapshot(chain)
        platform.publish(chain)
    lines = []
    report = clean(platform, chain, days=400, lines=lines)
    assert len(report.tags) == 1
    assert report.snapshots >= 1
    assert "removed 0 branches, 1 tags" in lines[0]
    assert held in load_tags(platform, chain)
    assert len(load_tags(platform, chain)) == 2
    assert platform.prove_warehouse(chain)[0].passed, "the older snapshot can still be read and compared"
    platform.load(chain)
    assert clean(platform, chain, days=400).tags == (held,)
    assert not failed(platform.prove_warehouse(chain))


def test_what_an_interrupted_load_may_have_put_there_stays(platform, monkeypatch):
    chain = platform.chains(lake_prefix="pending_", targets={"hr": "pending_hr"}, keep_loads=1)["hr.departments"]
    platform.copy(chain)
    platform.snapshot(chain)
    platform.publish(chain)
    end_at("taken over", _die, monkeypatch.setattr)
    with pytest.raises(KeyboardInterrupt):
        platform.load(chain)
    monkeypatch.undo()
    platform.snapshot(chain)
    platform.publish(chain)
    assert len(load_tags(platform, chain)) == 3
    assert clean(platform, chain, days=400).tags == (), "the ledger names two, and main is the third"


def _die():
    raise KeyboardInterrupt


def test_shadow_tables_that_the_ledger_forgot_are_dropped_and_the_target_is_not(platform, monkeypatch):
    """Two loads end without tidying up: the first one's shadow is in no ledger any more."""
    chain = platform.chains(lake_prefix="shadow_", targets={"hr": "shadow_hr"})["hr.departments"]
    platform.copy(chain)
    monkeypatch.setattr(loading, "_prove_table", lambda *_: 1 / 0)
    with monkeypatch.context() as patch:
        patch.setattr(loading.replacing, "drop", lambda *_: None)
        for _ in range(2):
            with pytest.raises(Exception, match="ZeroDivisionError"):
                platform.load(chain)
    monkeypatch.undo()
    names = "SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = 'shadow_hr'"
    left = {name for (name,) in platform.warehouse(names) if "__mssr_" in name}
    assert len(left) == 2
    report = clean(platform, chain)
    assert len(report.shadows) == 1
    still = {name for (name,) in platform.warehouse(names)}
    assert still & left == left - set(report.shadows), "the ledger names it: a load may be filling it"
    assert "departments" in still
    platform.load(chain)
    assert not [name for (name,) in platform.warehouse(names) if "__mssr_" in name]


def test_without_the_ledger_nothing_is_removed(platform, monkeypatch):
    chain = platform.chains(lake_prefix="blind_", targets={"hr": "blind_hr"}, keep_loads=1)["hr.departments"]
    for _ in range(2):
        platform.snapshot(chain)
        platform.publish(chain)
    before = load_tags(platform, chain)
    starrocks = platform.settings.starrocks.model_copy(update={"port": 1})
    with pytest.raises(WarehouseError):
        stages.clean(chain, platform.settings.lake, starrocks, NOW + dt.timedelta(days=400), lambda _: None)
    assert load_tags(platform, chain) == before
