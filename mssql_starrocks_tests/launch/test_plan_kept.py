"""`migrate --plan`: what was reviewed is what is done, or nothing."""

import pytest

from mssql_starrocks_tests.launch.test_migrate import TABLES


@pytest.fixture(scope="module", autouse=True)
def tables(source):
    source.sqlserver.execute("CREATE SCHEMA doors")
    for name in TABLES:
        source.sqlserver.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY, a nvarchar(20) NULL)")
        source.sqlserver.execute(f"INSERT INTO {name} VALUES (1, N'value')")


@pytest.fixture
def plan(command, folder):
    """A plan of two tables whose copies go to a database of this test's own."""

    def make(database):
        (folder / "mssql_starrocks.yaml").write_text(f"targets: {{doors: {database}}}\nlake_prefix: {database}_\n")
        done = command("plan", "doors.one", "doors.two", "--out", "plan.json", "--json")
        assert done.code == 0, done.err

    return make


def test_it_copies_the_planned_tables_and_no_others(command, plan, source):
    plan("kept")
    done = command("migrate", "--plan", "plan.json", "--exclude", "doors.two", "--json")
    assert [t["table"] for t in done.document["tables"]] == ["doors.one"], done.err
    changed = command("migrate", "--plan", "plan.json", "--json")
    assert changed.code == 1
    assert "doors.one: changes.lake: created in the plan, unchanged now" in changed.document["error"]
    rest = command("migrate", "--plan", "plan.json", "--resume", "--json")
    assert {t["table"]: t["status"] for t in rest.document["tables"]} == {
        "doors.one": "current",
        "doors.two": "certified",
    }
    assert source.starrocks.execute("SHOW TABLES FROM kept LIKE 'three'") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE doors.two ALTER COLUMN a nvarchar(40)", "doors.two: columns.a: nvarchar(20)"),
        ("DROP TABLE doors.two", "doors.two: planned in the plan, absent now"),
    ],
    ids=["a column", "a table"],
)
def test_a_source_that_has_drifted_is_refused_before_anything_is_launched(command, plan, source, change, said):
    """Also where the manifest on disk is as old as the plan."""
    plan("drifted")
    assert command("discover", "--json").document["database"] == "Company"
    source.sqlserver.execute(change)
    done = command("migrate", "--plan", "plan.json", "--json")
    source.sqlserver.execute("DROP TABLE IF EXISTS doors.two")
    source.sqlserver.execute("CREATE TABLE doors.two (id int NOT NULL PRIMARY KEY, a nvarchar(20) NULL)")
    assert done.code == 1
    assert said in done.document["error"]
    assert ("drifted",) not in source.starrocks.execute("SHOW DATABASES")


def test_another_engine_than_the_planned_one_is_drift(command, plan):
    plan("engines")
    done = command("migrate", "--plan", "plan.json", "--engine", "spark", "--json")
    assert done.code == 1
    assert "doors.one: engine: arrow in the plan, spark now" in done.document["error"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("doors.one",), "--plan takes the tables from plan.json"),
        (("--all",), "--plan takes the tables from plan.json"),
        (("--webserver", "http://127.0.0.1:1"), "--plan cannot be kept through a webserver"),
        (("--exclude", "doors.*"), "leaves none of"),
    ],
)
def test_wrong_use_is_exit_code_2(command, plan, arguments, said):
    plan("wrong")
    done = command("migrate", "--plan", "plan.json", *arguments, "--json")
    assert done.code == 2
    assert said in done.document["error"]
