"""The new-table sensor; the source's catalog is a list here, source/ proves the real queries against a server."""

import json
from dataclasses import replace

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, SourceUnreachableError
from mssql_starrocks.manifest_file import load_manifest, save_manifest
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration import sensors
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.reload import ReloadError
from mssql_starrocks.orchestration.resources import MssqlResource
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.tables import column, table, things

NEW = replace(things(name="invoices"), object_id=77)


class Source:
    """What SQL Server holds now, and what was asked of it and of the webserver."""

    def __init__(self, monkeypatch, file):
        self.tables = list(make_manifest().tables)
        self.file = file
        self.asked, self.reloaded = [], []
        self.cursor = None
        self.reload_error = None
        save_manifest(make_manifest(), file)
        monkeypatch.setattr(sensors, "list_tables", self.list_tables)
        monkeypatch.setattr(sensors, "discover", self.discover)
        monkeypatch.setattr(sensors, "reload_location", self.reload)

    def list_tables(self, mssql):
        self.asked.append("list")
        assert mssql.host == "sql.example"
        return tuple(t.id for t in self.tables)

    def discover(self, mssql):
        self.asked.append("discover")
        return make_manifest().with_tables(tuple(self.tables))

    def reload(self, webserver, location):
        self.reloaded.append((webserver, location))
        if self.reload_error:
            raise self.reload_error

    def tick(self, config):
        """One evaluation in a location that has just loaded the manifest file."""
        return self.tick_in(self.load(config))

    def load(self, config):
        return build_definitions(load_manifest(self.file), config, manifest_file=self.file)

    def context(self, defs):
        context = dg.build_sensor_context(cursor=self.cursor, resources={"mssql": MssqlResource()}, definitions=defs)
        context._code_location_origin = RegisteredCodeLocationOrigin("erp")
        return context

    def tick_in(self, defs):
        [sensor] = defs.sensors
        result = sensor(self.context(defs))
        self.cursor = result.cursor
        return result


@pytest.fixture
def source(monkeypatch, tmp_path):
    return Source(monkeypatch, tmp_path / "manifest.json")


WATCHED = Config(webserver="127.0.0.1:3000")


def reason(result):
    return result.skip_reason.skip_message


def test_nothing_new_is_one_catalog_query(source):
    assert "No new table among 5" in reason(source.tick(WATCHED))
    assert source.asked == ["list"]
    assert source.reloaded == []


def test_a_new_table_is_added_reloaded_and_launched_once(source):
    source.tables.append(NEW)
    loaded = source.load(WATCHED)
    assert "Added to" in reason(source.tick_in(loaded))
    assert source.reloaded == [("127.0.0.1:3000", "erp")]
    assert load_manifest(source.file).tables[-1] == NEW

    [request] = source.tick(WATCHED).run_requests
    assert request.run_key == "new_table:sales.invoices:77"
    keys = [key.path for key in request.asset_selection]
    assert keys == [[s, "sales", "invoices"] for s in ("mssql_snapshot", "iceberg_table", "starrocks_table")]

    assert "No new table" in reason(source.tick(WATCHED))
    assert json.loads(source.cursor) == []


def test_the_requested_run_holds_assets_and_checks(source):
    source.tables.append(NEW)
    source.tick(WATCHED)
    defs = source.load(WATCHED)
    [sensor] = defs.sensors
    [request] = sensor.evaluate_tick(source.context(defs)).run_requests
    assert len(request.asset_selection) == 3
    assert len(request.asset_check_keys) == 6


def test_discovered_tables_keep_what_the_manifest_says(source):
    source.tables[0] = replace(source.tables[0], rows=10**9)
    source.tables.append(NEW)
    source.tick(WATCHED)
    assert load_manifest(source.file).tables[0].rows == 7


def test_without_webserver_it_says_which_command_to_run(source):
    source.tables.append(NEW)
    result = source.tick(Config())
    assert "sales.invoices" in reason(result)
    assert "mssql-starrocks discover" in reason(result)
    assert source.asked == ["list"]
    save_manifest(make_manifest(NEW), source.file)  # what the command does
    [request] = source.tick(Config()).run_requests
    assert request.run_key == "new_table:sales.invoices:77"


def test_discovered_but_not_reloaded_says_so(source):
    source.tables.append(NEW)
    loaded = source.load(Config())
    source.tick_in(loaded)
    save_manifest(make_manifest(NEW), source.file)
    assert reason(source.tick_in(loaded)) == "Reload the code location to load sales.invoices."


def test_excluded_tables_are_nobodys_business(source):
    source.tables.append(NEW)
    assert "No new table" in reason(source.tick(Config(exclude=("*.invoices",))))


def test_a_new_table_that_is_refused_is_named_and_forgotten(source):
    source.tables.append(table(column("g", "cursor"), name="odd", key=()))
    source.tick(WATCHED)
    assert "sales.odd is not copied" in reason(source.tick(WATCHED))
    assert json.loads(source.cursor) == []
    assert len(source.reloaded) == 1


def test_a_colliding_name_does_not_reach_the_manifest(source):
    source.tables.append(replace(NEW, id=TableId("sales", "order-details")))
    source.tables.append(NEW)
    told = reason(source.tick(WATCHED))
    assert "Not added: Tables sales.Order Details and sales.order-details" in told
    assert f"Added to {source.file}. Not added" in told
    assert load_manifest(source.file) == make_manifest(NEW)
    assert len(source.tick(WATCHED).run_requests) == 1


def test_new_tables_that_would_become_one_are_added_and_refused(source):
    source.tables += [things(name="a b"), things(name="a_b")]
    source.tick(WATCHED)
    assert reason(source.tick(WATCHED)).count("would become one") == 2


def test_a_table_dropped_again_is_forgotten(source):
    source.tables.append(NEW)
    source.tick(WATCHED)
    source.tables.remove(NEW)
    assert "No new table" in reason(source.tick(WATCHED))
    assert json.loads(source.cursor) == []


def test_many_new_tables_are_launched_in_portions(source, monkeypatch):
    monkeypatch.setattr(sensors, "RUNS_PER_TICK", 2)
    source.tables += [things(name=f"t{n}") for n in range(3)]
    source.tick(WATCHED)
    assert len(source.tick(WATCHED).run_requests) == 2
    assert len(source.tick(WATCHED).run_requests) == 1


def test_failed_reload_says_why_and_is_tried_again(source):
    source.tables.append(NEW)
    loaded = source.load(WATCHED)
    source.reload_error = ReloadError("nobody answers.")
    assert "nobody answers. Not loaded yet: sales.invoices." in reason(source.tick_in(loaded))
    source.reload_error = None
    source.tick_in(loaded)
    assert len(source.reloaded) == 2
    assert source.tick(WATCHED).run_requests


def test_an_address_that_is_none_is_told_when_the_location_loads(source):
    with pytest.raises(ConfigError, match="webserver: localhost is not host:port"):
        source.load(Config(webserver="localhost"))


def test_a_tick_that_died_after_writing_loses_nothing(source):
    source.tables.append(NEW)
    loaded = source.load(WATCHED)
    source.tick_in(loaded)
    source.cursor = None
    assert "Reloaded" in reason(source.tick_in(loaded))
    assert source.tick(WATCHED).run_requests


def test_source_down_is_an_error(source, monkeypatch):
    def down(_):
        raise SourceUnreachableError("nobody answers at sql.example:1433")

    monkeypatch.setattr(sensors, "list_tables", down)
    with pytest.raises(SourceUnreachableError, match=r"sql\.example"):
        source.tick(WATCHED)


def test_lost_manifest_says_what_to_run(source):
    loaded = source.load(WATCHED)
    source.file.unlink()
    assert "mssql-starrocks discover" in reason(source.tick_in(loaded))
