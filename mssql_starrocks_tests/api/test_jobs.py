"""Jobs over HTTP: copied, failed, refused, cancelled, and still known after a restart."""

import threading

import dagster as dg

from mssql_starrocks.api.store import JobStore
from mssql_starrocks.model import TableId
from mssql_starrocks_tests.api.conftest import TABLES

STATUS = {
    "job_id", "status", "kind", "cancelled", "request", "created_at", "started_at", "ended_at", "run_id", "run_url",
    "error", "result", "progress", "tables", "next_offset",
}  # fmt: skip


def test_a_table_is_copied_by_the_original_s_request(client, source):
    body = {"source_schema": "shop", "table_name": "Two", "target_schema": "worldzone", "create_table": True,
            "auto_partition": True, "only_s3": False}  # fmt: skip
    accepted = client.post("/migrate/table", **body).json()
    assert accepted == {"job_id": 1, "status": "pending", "message": "1 table", "tables": 1, "notes": [],
                        "status_url": "/migration/status/1"}  # fmt: skip
    found = client.ended(1)
    assert set(found) == STATUS
    assert (found["status"], found["error"], found["next_offset"]) == ("completed", None, None)
    result = found["result"]
    assert result.pop("duration_seconds") > 0
    assert result == {"status": "completed", "certified": True, "rows": 2, "tables": 1, "certified_tables": 1,
                      "failed_tables": 0}  # fmt: skip
    table = found["tables"][0]
    assert (table["table"], table["status"], table["rows"], len(table["checks"])) == ("shop.two", "certified", 2, 6)
    assert table["run_url"] == f"http://ui.example:3000/runs/{table['run_id']}"
    assert isinstance(table["snapshot_id"], str)
    assert source.starrocks.execute("SELECT count(*) FROM worldzone.two") == [(2,)]


def test_a_schema_then_only_a_part_of_it(client, source):
    lake = client.done(
        "/migrate/schema", source_schema="shop", only_s3=True, target_schema="parts", resume_from="three"
    )
    assert [(t["table"], len(t["checks"])) for t in lake["tables"]] == [("shop.three", 3), ("shop.two", 3)]
    assert ("parts",) not in source.starrocks.execute("SHOW DATABASES")
    body = {"target_schema": "parts", "source_schema": "shop", "skip_until": "one", "exclude_tables": ["three"]}
    loaded = client.done("/load/s3-to-starrocks", **body)
    assert (loaded["status"], [t["table"] for t in loaded["tables"]]) == ("completed", ["shop.two"])
    assert source.starrocks.execute("SHOW TABLES FROM parts") != []
    checked = client.done("/validate", source_schema="shop", table_list=["two"], target_schema="parts")
    assert (checked["status"], checked["kind"], checked["result"]["rows"]) == ("completed", "validate", 2)


def test_a_job_with_a_failed_table_has_failed_and_says_why(client, source):
    source.starrocks.execute("CREATE DATABASE theirs")
    source.starrocks.execute("CREATE TABLE theirs.one (id INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id)")
    found = client.done("/migrate/schema", source_schema="shop", target_schema="theirs", table_list=["one", "two"])
    assert (found["status"], found["result"]["status"], found["result"]["certified"]) == ("failed", "failed", False)
    assert found["error"].startswith("1 of 2 tables failed; shop.one: ")
    assert "theirs.one exists and was not made by" in found["error"]
    assert {t["table"]: t["status"] for t in found["tables"]} == {"shop.one": "failed", "shop.two": "certified"}
    assert found["progress"] == {"tables": 2, "pending": 0, "running": 0, "certified": 1, "failed": 1, "rows": 3}


def test_a_table_that_cannot_be_copied_fails_without_a_run(client):
    found = client.done("/migrate/table", source_schema="dbo", table_name="floats")
    assert (found["status"], found["tables"][0]["run_id"]) == ("failed", None)
    assert "float" in found["error"]


def test_resume_does_nothing_with_what_is_current(client):
    client.done("/migrate/table", source_schema="shop", table_name="one", target_schema="again")
    found = client.done("/migrate/table", source_schema="shop", table_name="one", target_schema="again", resume=True)
    assert (found["status"], found["tables"][0]["status"]) == ("completed", "current")
    assert found["tables"][0]["skipped"]


def test_lists_are_paged(client):
    for _ in range(3):
        client.done("/migrate/table", source_schema="dbo", table_name="floats")
    first = client.get("/jobs", limit=2).json()
    assert ([job["job_id"] for job in first["jobs"]], first["next_before"]) == ([3, 2], 2)
    second = client.get("/jobs", limit=2, before=2).json()
    assert ([job["job_id"] for job in second["jobs"]], second["next_before"]) == ([1], None)
    tables = client.get("/tables", source_schema="SHOP", limit=2).json()
    assert ([t["table"] for t in tables["tables"]], tables["total"], tables["next_offset"]) == (
        ["shop.one", "shop.three"], 3, 2
    )  # fmt: skip
    assert tables["tables"][0]["target"] == "shop.one"
    number = client.launched("/validate", source_schema="shop", only_s3=True)
    page = client.status(number, limit=2, offset=2)
    assert (len(page["tables"]), page["next_offset"], page["progress"]["tables"]) == (1, None, 3)


def test_a_restart_loses_nothing(api):
    with api.opened() as client:
        before = client.done("/migrate/table", source_schema="shop", table_name="one", target_schema="kept")
    with api.opened() as client:
        assert client.status(1) == before
        assert client.launched("/validate", source_schema="shop", table_list=["one"], target_schema="kept") == 2
        client.ended(2)


def _stalled(client, source, **body):
    source.sqlserver.faults.stall("AS [id]")
    number = client.launched("/migrate/schema", source_schema="shop", parallel=1, **body)
    while not source.sqlserver.faults.struck():
        threading.Event().wait(0.05)
    return number


def test_cancel_and_conflict(client, source):
    number = _stalled(client, source, target_schema="slow")
    running = client.status(number)
    assert (running["status"], running["result"]) == ("running", None)
    assert [(t["table"], t["status"], t["stage"]) for t in running["tables"]] == [
        ("shop.one", "running", "snapshot"), ("shop.three", "pending", None), ("shop.two", "pending", None)
    ]  # fmt: skip
    conflict = client.post("/validate", source_schema="shop", table_list=["two"])
    assert (conflict.status_code, conflict.json()) == (
        409, {"detail": f"shop.two is in job {number}, which has not ended."}
    )  # fmt: skip
    assert client.post(f"/jobs/{number}/cancel").status_code == 200
    source.sqlserver.faults.clear()
    ended = client.ended(number)
    assert (ended["status"], ended["cancelled"]) == ("failed", True)
    assert [t["status"] for t in ended["tables"]] == ["failed"] * 3
    assert ended["error"] == "Cancelled through the API."
    again = client.post(f"/jobs/{number}/cancel")
    assert (again.status_code, again.json()["detail"]) == (409, f"Job {number} is failed already.")
    assert client.done("/validate", source_schema="shop", table_list=["two"], only_s3=True)["status"]


def test_a_pending_job_can_be_cancelled_and_survives_a_restart(api, source):
    with api.opened(at_once=1) as client:
        first = _stalled(client, source, table_list=["one"], target_schema="queue")
        second = client.launched("/migrate/table", source_schema="shop", table_name="two", target_schema="queue")
        third = client.launched("/migrate/table", source_schema="shop", table_name="three", target_schema="queue")
        cancelled = client.post(f"/jobs/{third}/cancel").json()
        assert (cancelled["status"], cancelled["cancelled"], cancelled["started_at"]) == ("failed", True, None)
        assert client.status(second)["status"] == "pending"
    source.sqlserver.faults.clear()
    with api.opened() as client:
        stopped = client.status(first)
        assert (stopped["status"], stopped["cancelled"]) == ("failed", False)
        assert stopped["tables"][0]["error"]
        assert client.ended(second)["status"] == "completed"
        assert client.status(third)["tables"][0]["error"] == "cancelled before it was launched"


def test_what_ran_when_the_process_was_killed_is_reported(api, home):
    """Run storage as a killed process leaves it: the job and one table's run under way."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        store = JobStore(instance)
        tables = tuple(TableId(*name.split(".")) for name in TABLES)
        left = store.add("schema", {"source_schema": "shop"}, tables)
        store.begin(left)
        tags = {"mssql_starrocks/job_id": left.run.run_id, "mssql_starrocks/schema": "shop",
                "mssql_starrocks/table": "shop.one", "mssql_starrocks/checks": "6"}  # fmt: skip
        instance.add_run(dg.DagsterRun("one", tags=tags, status=dg.DagsterRunStatus.STARTED))
    with api.opened() as client:
        found = client.status(left.number)
        assert (found["status"], found["progress"]["failed"]) == ("failed", len(TABLES))
        assert {t["error"] for t in found["tables"]} == {found["error"]}
        assert found["error"].startswith("interrupted: the API was stopped")
        assert [bool(t["run_id"]) for t in found["tables"]] == [True, False, False]
        runs = client.jobs.store.instance.get_run_records(dg.RunsFilter(tags=tags))
        assert [r.dagster_run.status for r in runs] == [dg.DagsterRunStatus.FAILURE]


def test_a_job_that_failed_does_not_promise_a_retry(api, home):
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\nrun_retries: {enabled: true, max_retries: 2}\n")
    with api.opened() as client:
        number = client.launched("/migrate/table", source_schema="dbo", table_name="floats")
        assert client.ended(number)["status"] == "failed"
        promised = [run.tags.get("dagster/will_retry", "false") for run in client.jobs.store.instance.get_runs()]
        assert promised == ["false"]
