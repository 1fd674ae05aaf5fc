"""The same selection through a real dagster-webserver, which loads our real code location."""

import threading

import dagster as dg
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from mssql_starrocks.config import Config
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.orchestration.launch.launch import STOPPED, Launch
from mssql_starrocks.orchestration.launch.prepare import Options, Workplace
from mssql_starrocks.orchestration.launch.stored import results_of_job
from mssql_starrocks.orchestration.launch.webserver import Webserver
from mssql_starrocks.selection import Selection
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.webserver import webserver

# Runs begin when they are launched: without a queue no daemon is needed.
INSTANCE = """
telemetry: {enabled: false}
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
"""


@pytest.fixture(scope="module")
def web(source, tmp_path_factory):
    """A webserver over two small tables, one of which StarRocks holds already; its address and folder."""
    folder = tmp_path_factory.mktemp("web")
    source.sqlserver.execute("CREATE SCHEMA web")
    for name in ("web.good", "web.bad"):
        source.sqlserver.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY)")
        source.sqlserver.execute(f"INSERT INTO {name} VALUES (1), (2)")
    source.starrocks.execute("CREATE DATABASE IF NOT EXISTS web")
    source.starrocks.execute("CREATE TABLE web.bad (id INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id)")
    (folder / "dagster.yaml").write_text(INSTANCE)
    save_manifest(discover(Settings.load(source.environment(), dotenv=None).mssql), folder / "manifest.json")
    with webserver(folder, source.environment()) as address:
        yield address, folder


@pytest.fixture
def launched(web, command, monkeypatch):
    address, folder = web
    monkeypatch.chdir(folder)
    return lambda *arguments: command(*arguments, "--webserver", f"http://{address}", "--json")


def test_runs_and_checks_through_a_webserver(launched, web, source):
    done = launched("migrate", "web.*")
    assert done.code == 1, done.err
    bad, good = done.document["tables"]
    assert good["status"] == "certified", good["error"]
    assert (good["table"], good["status"], good["rows"], len(good["checks"])) == ("web.good", "certified", 2, 6)
    assert (bad["status"], len(bad["checks"])) == ("failed", 3)
    assert "web.bad exists and was not made by mssql_starrocks" in bad["error"]
    assert source.starrocks.execute("SELECT count(*) FROM web.good") == [(2,)]
    with dg.DagsterInstance.from_config(str(web[1])) as instance:
        stored = {str(r.table): r.to_dict() for r in results_of_job(instance, done.document["job_id"])}
    without_time = [{**stored[t["table"]], "seconds": 0} == {**t, "seconds": 0} for t in (bad, good)]
    assert without_time == [True, True], stored

    source.starrocks.execute("DELETE FROM web.good WHERE id = 1")
    found = launched("validate", "web.good")
    assert found.code == 1, found.err
    [table] = found.document["tables"]
    assert [c["name"] for c in table["checks"] if not c["passed"]] == ["row_count", "values"]
    assert len(table["checks"]) == 6


def test_a_stop_ends_the_run_there(web, source):
    address, folder = web
    place = Workplace(Config(), folder / "mssql_starrocks.yaml")
    job = place.job(Selection(("web.good",)), Options())
    source.sqlserver.faults.stall("AS [id]")
    with Webserver(address) as door:
        launch = Launch(job, door)
        found = []
        thread = threading.Thread(target=lambda: found.append(launch.run()))
        thread.start()
        for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1)):
            with attempt:
                assert source.sqlserver.faults.struck()
        launch.stop()
        thread.join(60)
    source.sqlserver.faults.clear()
    assert not thread.is_alive()
    [result] = found
    assert result.stopped
    assert result.tables[0].error in ("the run was cancelled", STOPPED)


def test_an_asset_that_the_location_lacks(launched, web, source, monkeypatch, tmp_path):
    source.sqlserver.execute("CREATE TABLE web.newer (id int NOT NULL PRIMARY KEY)")
    monkeypatch.chdir(tmp_path)  # without a manifest: the source is asked
    done = launched("migrate", "web.newer")
    assert done.code == 1
    assert (
        "has no asset mssql_snapshot/web/newer to run: run mssql-starrocks discover"
        in done.document["tables"][0]["error"]
    )


def test_nobody_answers(command, source):
    source.sqlserver.execute("CREATE TABLE dbo.alone (id int NOT NULL PRIMARY KEY)")
    done = command("migrate", "dbo.alone", "--webserver", "http://127.0.0.1:1", "--json")
    assert done.code == 1
    assert "Webserver http://127.0.0.1:1 did not answer" in done.document["tables"][0]["error"]
    assert "mutation" not in done.document["tables"][0]["error"]
