"""`migrate` and `validate`, in this process."""

import dagster as dg
import pytest

from mssql_starrocks.orchestration import alerts
from mssql_starrocks.orchestration.launch.stored import results_of_job, runs_of_job

TABLE_FIELDS = {
    "table", "schema", "name", "status", "certified", "rows", "seconds", "load_id", "snapshot_id", "run_id", "engine",
    "grade", "checks", "error", "skipped",
}  # fmt: skip
TABLES = ("doors.one", "doors.two", "doors.three")


@pytest.fixture(scope="module", autouse=True)
def tables(source):
    source.sqlserver.execute("CREATE SCHEMA doors")
    for number, name in enumerate(TABLES, start=1):
        source.sqlserver.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY, a nvarchar(20) NULL)")
        for row in range(number):
            source.sqlserver.execute(f"INSERT INTO {name} VALUES ({row}, N'value {row}')")


def test_tables_are_copied_and_told_as_one_document(command, source):
    done = command("migrate", "doors.one", "[doors].[Two]", "--json")
    assert done.code == 0, done.err
    found = done.document
    assert set(found) == {"version", "job_id", "certified", "stopped", "rows", "seconds", "tables"}
    assert (found["version"], found["certified"], found["stopped"], found["rows"]) == (1, True, False, 3)
    assert [set(table) for table in found["tables"]] == [TABLE_FIELDS] * 2
    two = next(t for t in found["tables"] if t["name"] == "two")
    assert (two["table"], two["status"], two["rows"], two["engine"], two["grade"], two["error"]) == (
        "doors.two", "certified", 2, "arrow", "B", ""
    )  # fmt: skip
    assert isinstance(two["snapshot_id"], str)
    assert {(c["asset"], c["name"], c["passed"]) for c in two["checks"]} == {
        (asset, name, True)
        for asset in ("mssql_snapshot", "starrocks_table")
        for name in ("row_count", "schema", "values")
    }
    assert "no manifest yet" in done.err
    assert "certified  doors.two  2 rows" in done.err
    assert "2 of 2 tables certified; 3 rows" in done.err
    assert source.starrocks.execute("SELECT count(*) FROM doors.two") == [(2,)]


def test_a_table_that_fails_does_not_stop_the_others(command, source):
    source.starrocks.execute("CREATE DATABASE theirs")
    source.starrocks.execute("CREATE TABLE theirs.one (id INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id)")
    planned = command("plan", "--schema", "doors", "--target", "theirs")
    assert planned.code == 1
    assert "StarRocks table: refused: theirs.one exists and was not made by mssql_starrocks" in planned.out
    done = command("migrate", "--schema", "doors", "--target", "theirs", "--parallel", "1")
    assert done.code == 1
    assert "failed     doors.one  1 rows  doors.one: StarRocks table theirs.one exists and was not made by" in done.out
    assert "certified  doors.three  3 rows" in done.out
    assert "2 of 3 tables certified" in done.out
    assert source.starrocks.execute("SELECT count(*) FROM theirs.three") == [(3,)]


def test_a_table_that_cannot_be_copied_fails_without_a_run(command, source):
    source.sqlserver.execute("CREATE TABLE dbo.floats (id float NOT NULL PRIMARY KEY)")
    found = command("migrate", "doors.one", "dbo.floats", "--json")
    assert found.code == 1
    bad, good = found.document["tables"]  # in the order of the manifest
    assert (good["status"], bad["status"], bad["run_id"]) == ("certified", "failed", None)
    assert "float" in bad["error"]
    plan = command("migrate", "doors.one", "dbo.floats", "--dry-run", "--json").document
    assert [(t["table"], t["would"]) for t in plan["tables"]] == [("dbo.floats", "refuse"), ("doors.one", "copy")]


def test_a_target_concerns_the_selected_tables_alone(command, source):
    """Another schema has a table of the same name, and stays where it is."""
    source.sqlserver.execute("CREATE SCHEMA twins")
    source.sqlserver.execute("CREATE TABLE twins.one (id int NOT NULL PRIMARY KEY)")
    done = command("migrate", "doors.one", "--target", "gathered", "--json")
    assert done.document["certified"], done.err
    both = command("migrate", "doors.one", "twins.one", "--target", "gathered", "--json")
    source.sqlserver.execute("DROP TABLE twins.one")
    assert both.code == 1
    assert all("would become one, gathered.one in StarRocks" in t["error"] for t in both.document["tables"])


def test_every_command_takes_the_target_for_once(command, source):
    assert command("discover").code == 0
    there = ("doors.two", "--target", "elsewhere")
    assert "doors.two -> Iceberg doors.two -> StarRocks elsewhere.two" in command("plan", *there).out
    assert command("migrate", *there).code == 0
    assert "StarRocks table: overwritten" in command("plan", *there).out
    assert command("validate", *there).code == 0
    assert command("report", *there).code == 0
    assert command("report", "--verify", "report.json", "--target", "elsewhere").code == 0
    assert "main, StarRocks" in command("rollback", *there, "--list").out


def test_what_the_configuration_says_of_tables_that_are_not_there_is_told(command, folder):
    (folder / "mssql_starrocks.yaml").write_text("tables: {doors.won: {proof: counts}}\n")
    for name in ("plan", "migrate"):
        done = command(name, "doors.one")
        assert done.code == 0
        assert "warning: mssql_starrocks.yaml: doors.won matches no table of Company" in done.err


def test_an_owner_that_dagster_does_not_take_is_wrong_use(command, folder):
    (folder / "mssql_starrocks.yaml").write_text("tables: {doors.one: {owners: [not an owner]}}\n")
    done = command("migrate", "doors.one", "--json")
    assert done.code == 2
    assert "mssql_starrocks.yaml: tables.doors.one.owners.0: " in done.document["error"]


def test_resume_skips_what_is_current(command, source):
    assert command("migrate", "--schema", "doors", "--target", "again").code == 0
    source.sqlserver.execute("UPDATE doors.two SET a = N'changed' WHERE id = 0")
    plan = command("migrate", "--schema", "doors", "--target", "again", "--resume", "--dry-run", "--json").document
    would = {t["table"]: t["would"] for t in plan["tables"]}
    assert would == {"doors.one": "nothing", "doors.three": "nothing", "doors.two": "copy"}
    done = command("migrate", "--schema", "doors", "--target", "again", "--resume", "--json")
    assert done.code == 0, done.err
    assert {t["name"]: t["status"] for t in done.document["tables"]} == {
        "one": "current", "three": "current", "two": "certified"
    }  # fmt: skip
    assert "3 of 3 tables certified, 2 of them current before" in done.err


def test_only_a_part(command, source):
    found = command("migrate", "doors.three", "--only-lake", "--target", "parts", "--json")
    assert (found.code, len(found.document["tables"][0]["checks"])) == (0, 3)
    assert ("parts",) not in source.starrocks.execute("SHOW DATABASES")
    found = command("migrate", "doors.three", "--only-warehouse", "--target", "parts", "--json")
    assert (found.code, len(found.document["tables"][0]["checks"])) == (0, 3)
    assert source.starrocks.execute("SELECT count(*) FROM parts.three") == [(3,)]


def test_validate_runs_the_checks_alone(command, source):
    assert command("migrate", "doors.three").code == 0
    before = source.starrocks.execute("SELECT load_id FROM doors.mssql_starrocks_loads WHERE target = 'doors.three'")
    good = command("validate", "doors.three", "--json")
    assert good.code == 0, good.err
    table = good.document["tables"][0]
    assert (len(table["checks"]), table["rows"], table["load_id"]) == (6, 3, before[0][0])
    source.starrocks.execute("DELETE FROM doors.three WHERE id = 1")
    bad = command("validate", "doors.three", "--json")
    assert bad.code == 1
    assert "starrocks_table: row_count: rows should be 3 and is 2" in bad.document["tables"][0]["error"]
    assert [c["name"] for c in bad.document["tables"][0]["checks"] if not c["passed"]] == ["row_count", "values"]
    lake = command("validate", "doors.three", "--only-lake")
    assert lake.code == 0, lake.out


def test_alerts_are_sent_of_runs_in_this_process_too(command, source, monkeypatch):
    told = []
    monkeypatch.setattr(alerts, "post", told.append)
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "http://127.0.0.1:9/hook")
    assert command("migrate", "doors.three").code == 0
    assert not told
    source.starrocks.execute("DELETE FROM doors.three WHERE id = 1")
    table = command("validate", "doors.three", "--json").document["tables"][0]
    [alert] = told
    assert (alert.job, alert.run_id, alert.run_url) == ("validate", table["run_id"], None)
    assert [(f.table, f.step) for f in alert.failures] == [
        ("doors.three", "starrocks_table, check row_count"),
        ("doors.three", "starrocks_table, check values"),
    ]
    source.sqlserver.execute("CREATE TABLE doors.gone (id int NOT NULL PRIMARY KEY)")
    assert command("discover").code == 0
    source.sqlserver.execute("DROP TABLE doors.gone")
    assert command("migrate", "doors.gone").code == 1
    assert [(f.table, f.step) for f in told[1].failures] == [("doors.gone", "run")]
    assert "mssql_starrocks: a run failed" in told[1].text


def test_nobody_who_takes_alerts_is_told_and_harms_nothing(command, source, monkeypatch, caplog):
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "http://127.0.0.1:9/canary-hook")
    assert command("migrate", "doors.three").code == 0
    source.starrocks.execute("DELETE FROM doors.three WHERE id = 1")
    assert command("validate", "doors.three").code == 1
    assert "doors.three: ALERT_WEBHOOK_URL (127.0.0.1) did not take the alert" in caplog.text
    assert "canary-hook" not in caplog.text


def test_a_table_that_was_never_copied_does_not_validate(command, source):
    source.sqlserver.execute("CREATE TABLE dbo.never (id int NOT NULL PRIMARY KEY)")
    done = command("validate", "dbo.never", "--json")
    assert done.code == 1
    assert "does not exist yet" in done.document["tables"][0]["error"]


def test_a_dry_run_that_would_refuse_a_table_is_exit_code_1(command, folder):
    (folder / "mssql_starrocks.yaml").write_text("tables: {doors.one: {exclude_columns: [none]}}\n")
    done = command("migrate", "doors.one", "doors.two", "--dry-run", "--json")
    assert done.code == 1
    assert [t["would"] for t in done.document["tables"]] == ["refuse", "copy"]
    (folder / "mssql_starrocks.yaml").write_text("include: [doors.o*]\n")
    assert "1 to copy, 0 refused, " in command("discover").out


def test_dry_run_launches_nothing(command, source, home):
    done = command("migrate", "--all", "--exclude", "dbo.*", "--target", "nowhere", "--engine", "spark", "--dry-run")
    assert done.code == 0, done.err
    assert "doors.three  copy   spark   3" in done.out
    assert "nowhere.three" in done.out
    assert ("nowhere",) not in source.starrocks.execute("SHOW DATABASES")
    assert not (home / "history").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Nothing is selected: name tables or schemas, or choose all of them"),
        (("doors.on",), "Company has no table doors.on; did you mean doors.one"),
        (("doors.one", "--exclude", "doors.one"), "leaves none of"),
        (("doors.one", "--only-lake", "--only-warehouse"), "exclude each other"),
        (("doors.one", "--engine", "flink"), "flink is none of auto, arrow, spark"),
        (("doors.one", "--target", "no-name"), "target 'no-name' is no name for a StarRocks database"),
        (("--table-list", "none.txt"), "none.txt cannot be read"),
        (("--all", "--config", "none.yaml"), "none.yaml"),
        (("doors.one", "--webserver", "ftp://x"), "is not host:port or a URL"),
        (("doors.one", "--webserver", "http://127.0.0.1:1", "--engine", "arrow"), "its code location has"),
    ],
)
def test_wrong_use_is_exit_code_2(command, arguments, message):
    done = command("migrate", *arguments, "--json")
    assert done.code == 2
    assert message in done.document["error"]
    assert message in done.err.replace("\n", " ")


def test_a_dagster_home_that_is_no_folder_is_wrong_use(command, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "nowhere")
    done = command("migrate", "doors.one")
    assert done.code == 2
    assert "DAGSTER_HOME: nowhere must be the absolute path of a folder that exists" in done.err


def test_the_instance_keeps_the_runs(command, home):
    """Also with a pool that lets only one step read at a time."""
    found = command("migrate", "--schema", "doors", "--target", "kept", "--json").document
    assert found["certified"], found
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = runs_of_job(instance, found["job_id"])
        assert {r.dagster_run.run_id for r in runs} == {t["run_id"] for t in found["tables"]}
        assert {r.dagster_run.tags["mssql_starrocks/table"] for r in runs} == set(TABLES)
        assert {r.dagster_run.tags["mssql_starrocks/tables"] for r in runs} == {"3"}
        stored = {result.table: result.to_dict() for result in results_of_job(instance, found["job_id"])}
        assert {str(table) for table in stored} == set(TABLES)
        assert sorted(stored.values(), key=str) == sorted(found["tables"], key=str)
        key = dg.AssetKey(["starrocks_table", "doors", "one"])
        assert instance.get_latest_materialization_event(key) is not None
        assert results_of_job(instance, "unknown") == []


def test_a_named_configuration_runs_its_own_jobs_and_is_silent_about_other_tables(command, folder, home, caplog):
    (folder / "mssql_starrocks.yaml").write_text(
        "name: erp\ninclude: ['doors.*']\ntables: {doors.one: {proof: counts}, doors.two: {proof: rows}}\n"
    )
    found = command("migrate", "doors.one", "doors.two", "--target", "named", "--json").document
    assert found["certified"], found
    assert command("validate", "doors.one", "--target", "named", "--json").document["certified"]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert {run.job_name for run in instance.get_runs()} == {"erp_copy_doors", "erp_validate"}
    assert "matches no table" not in caplog.text


def test_a_run_that_failed_does_not_promise_a_retry(command, home, source):
    """Dagster's daemon would take the promise of run_retries for a run that it launched itself."""
    with (home / "dagster.yaml").open("a") as file:
        file.write("run_retries: {enabled: true, max_retries: 2}\n")
    source.starrocks.execute("CREATE DATABASE retried")
    source.starrocks.execute("CREATE TABLE retried.one (id INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id)")
    assert command("migrate", "doors.one", "--target", "retried").code == 1
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [run] = instance.get_runs()
        assert run.tags.get("dagster/will_retry", "false") == "false"
        assert run.tags["dagster/max_retries"] == "0"
