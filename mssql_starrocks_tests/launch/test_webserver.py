"""The same selection through a real dagster-webserver, which loads our real code location."""

import threading

import dagster as dg
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from mssql_starrocks import retries
from mssql_starrocks.config import Config
from mssql_starrocks.manifest_file import load_manifest, save_manifest
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.launch import STOPPED, Launch
from mssql_starrocks.orchestration.launch.prepare import Options, Workplace
from mssql_starrocks.orchestration.launch.stored import results_of_job
from mssql_starrocks.orchestration.launch.webserver import Webserver
from mssql_starrocks.orchestration.translator import table_tags
from mssql_starrocks.selection import Selection
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.webserver import proxy, webserver

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
    return lambda *arguments, url=f"http://{address}": command(*arguments, "--webserver", url, "--json")


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


@pytest.fixture
def between(web, monkeypatch):
    """A proxy before the webserver, whose failures are asked about again soon."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)
    with proxy(web[0]) as server:
        yield server


@pytest.fixture
def stalled(web, source, between):
    """A launch, through the proxy, of a table whose rows do not come; in a thread, and stuck in its run."""
    job = Workplace(Config(), web[1] / "mssql_starrocks.yaml").job(Selection(("web.good",)), Options())
    before = source.sqlserver.faults.struck()
    source.sqlserver.faults.stall("AS [id]")
    with Webserver(between.url) as door:
        launch, found = Launch(job, door), []
        thread = threading.Thread(target=lambda: found.append(launch.run()))
        thread.start()
        until(lambda: source.sqlserver.faults.struck() > before)

        def ended():
            thread.join(60)
            assert not thread.is_alive()
            return found[0]

        yield launch, ended
        launch.stop()
        source.sqlserver.faults.clear()
        thread.join(60)


def until(happened):
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1)):
        with attempt:
            assert happened()


def test_limits_of_the_queue_see_its_runs(launched, web):
    """Those of dagster.yaml go by the same tags as runs of the schedule and of the sensor have."""
    done = launched("validate", "web.bad")
    with dg.DagsterInstance.from_config(str(web[1])) as instance:
        [run] = instance.get_runs(dg.RunsFilter(tags={"mssql_starrocks/job_id": done.document["job_id"]}))
    seen = {key: value for key, value in run.tags.items() if key.startswith("mssql/")}
    assert seen == table_tags(load_manifest(web[1] / "manifest.json").database, TableId("web", "bad"))


def test_polls_that_fail_in_between_change_nothing(launched, between, source):
    source.starrocks.execute("DROP TABLE IF EXISTS web.good")
    between.refused["logsForRun"] = 3
    done = launched("migrate", "web.good", url=between.url)
    assert between.refused["logsForRun"] == 0
    [table] = done.document["tables"]
    assert (table["status"], table["rows"], len(table["checks"])) == ("certified", 2, 6), table["error"]


def test_who_stays_silent_leaves_a_run_that_is_named_and_can_be_stopped(web, stalled, between, monkeypatch):
    launch, ended = stalled
    monkeypatch.setattr(retries, "SILENCE", 0)
    between.refused["logsForRun"] = 10_000
    [table] = ended().tables
    with dg.DagsterInstance.from_config(str(web[1])) as instance:
        [run] = instance.get_runs(dg.RunsFilter(tags={"mssql_starrocks/job_id": launch.job_id}))
        assert (table.status, table.run_id) == ("failed", run.run_id)
        assert f"The run goes on there: look at {between.url}/runs/{run.run_id}" in table.error
        assert "502" in table.error
        assert "\n" not in table.error
        launch.stop()
        assert between.passed_with("terminateRun") == 1
        until(lambda: instance.get_run_by_id(run.run_id).is_finished)


def test_a_run_that_is_lost_keeps_its_id(web):
    job = Workplace(Config(), web[1] / "mssql_starrocks.yaml").job(Selection(("web.bad",)), Options())
    with dg.DagsterInstance.from_config(str(web[1])) as instance, Webserver(web[0]) as door:

        def lose(event):
            if event.moment == "launched":
                until(lambda: instance.get_run_by_id(event.run_id).is_finished)
                instance.delete_run(event.run_id)
                lost.append(event.run_id)

        lost = []
        [table] = Launch(job, door, lose).run().tables
    assert [table.run_id] == lost
    assert table.error == f"web.bad: http://{web[0]} has lost run {table.run_id}."


def test_a_stop_ends_the_run_there(stalled, between):
    launch, ended = stalled
    between.refused["terminateRun"] = 1  # so that it has to ask again
    launch.stop()
    result = ended()
    assert between.passed_with("terminateRun") > 0
    assert result.stopped
    assert result.tables[0].run_id
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


def test_an_address_that_is_none_is_wrong_use(command, source):
    source.sqlserver.execute("CREATE TABLE dbo.lonely (id int NOT NULL PRIMARY KEY)")
    for url in ("http://host:99999", "http://host:ui", "http://[::1", "localhost"):
        done = command("migrate", "dbo.lonely", "--webserver", url, "--json")
        assert done.code == 2
        assert f"webserver: {url} is not host:port or a URL" in done.document["error"]
