"""The Python door."""

import pytest

import mssql_starrocks as ours
from mssql_starrocks.errors import ConfigError, SelectionError
from mssql_starrocks.model import TableId
from mssql_starrocks.orchestration.launch.results import CheckResult, MigrationResult, TableResult
from mssql_starrocks.settings import NAMES


@pytest.fixture
def place(box, tmp_path, monkeypatch):
    """A working folder whose settings are in `.env`, like a notebook's."""
    import os

    for name in (*NAMES, "MSSQL_STARROCKS_CONFIG", "DAGSTER_HOME", "DAGSTER_WEBSERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in box.environment().items()))
    yield {"config": {"lake_prefix": "python_"}, "progress": False}
    os.environ.clear()
    os.environ.update(before)


def test_one_table(place, box):
    result = ours.migrate_table("HR.Shifts", target="analytics", **place)
    assert (str(result.table), result.certified, result.rows, result.error) == ("hr.shifts", True, 3, "")
    assert result.seconds > 0
    assert len(result.checks) == 6
    assert box.starrocks.execute("SELECT count(*) FROM analytics.shifts") == [(3,)]
    assert ours.validate("hr.shifts", target="analytics", **place).certified
    again = ours.migrate_table("hr.shifts", target="analytics", resume=True, **place)
    assert (again.status, again.snapshot_id) == ("current", result.snapshot_id)


def test_many_tables_and_settings_as_parameters(place, box, capfd):
    settings = {"STARROCKS_DATABASE": "by_parameter"}
    found = ours.Migration(tables=["hr.*"], exclude=["hr.emp*"], settings=settings, **place | {"progress": True}).run()
    assert found.certified
    assert [str(t.table) for t in found.tables] == ["hr.departments", "hr.shifts"]
    assert found.rows == 7
    assert box.starrocks.execute("SELECT count(*) FROM by_parameter.departments") == [(4,)]
    assert "certified  hr.shifts  3 rows" in capfd.readouterr().err


def test_a_plan(place):
    [plan] = ours.plan("hr.shifts", **place)
    assert plan.warehouse == "hr.shifts"
    assert "CREATE TABLE" in plan.ddl
    settings = {"STARROCKS_REPLICATION_NUM": "1"}
    assert '"replication_num" = "1"' in ours.plan("hr.shifts", settings=settings, **place)[0].ddl


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda place: ours.migrate_table("hr.shift", **place), SelectionError, "did you mean hr.shifts"),
        (lambda place: ours.migrate_table("hr.*", **place), SelectionError, "is a pattern"),
        (lambda place: ours.migrate_table(5, **place), SelectionError, "5 is no name of a table"),
        (lambda place: ours.migrate_table("hr.shifts", **place | {"config": {"engin": 1}}), ConfigError, "engine"),
        (
            lambda place: ours.migrate_table("hr.shifts", target="a b", **place),
            ConfigError,
            "^target 'a b' is no name for a StarRocks",
        ),
        (
            lambda place: ours.migrate_table("hr.shifts", target="other", webserver="http://127.0.0.1:1", **place),
            ConfigError,
            "its code location has a configuration of its own",
        ),
        (lambda place: ours.validate(settings={"MSSQL_PORT": "x"}, **place), ConfigError, "MSSQL_PORT"),
        (lambda place: ours.migrate_table("hr.shifts", engine="x", **place), ConfigError, "engine: x is none of auto"),
        (lambda place: ours.migrate_table("hr.shifts", part="lak", **place), ConfigError, "part: lak is none of all"),
        (lambda place: ours.Migration(tables="hr.shifts", **place).run(), SelectionError, "a list of names is needed"),
        (lambda place: ours.Migration(tables=[], **place).run(), SelectionError, "Nothing is selected"),
        (lambda place: ours.Migration(schemas=[], **place).plan(), SelectionError, "Nothing is selected"),
        (
            lambda place: ours.migrate_table("hr.shifts", settings={"MSSQL_PASSWRD": "x"}, **place),
            ConfigError,
            "settings: unknown setting MSSQL_PASSWRD; did you mean MSSQL_PASSWORD",
        ),
    ],
)
def test_mistakes_are_told(place, call, error, message):
    with pytest.raises(error, match=message):
        call(place)


def test_a_failed_copy_is_a_result(place, box):
    box.starrocks.execute("CREATE DATABASE IF NOT EXISTS not_ours")
    box.starrocks.execute("CREATE TABLE not_ours.shifts (id INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id)")
    result = ours.migrate_table("hr.shifts", target="not_ours", **place)
    assert not result.certified
    assert "was not made by mssql_starrocks" in result.error


def test_a_notebook_shows_names_as_text():
    bad = TableResult(TableId("s", "<script>alert(1)</script>"), certified=False, error="<b>& no")
    good = TableResult(TableId("s", "t"), True, 1234, 1.26, checks=(CheckResult("a", "row_count", True, ""),))
    shown = MigrationResult("j", (bad, good), 2.0)._repr_html_()
    assert "<script>" not in shown
    assert "<td>s.&lt;script&gt;alert(1)&lt;/script&gt;</td>" in shown
    assert "<td>&lt;b&gt;&amp; no</td>" in shown
    assert "<td>1,234</td><td>1.3</td><td>1/1</td>" in shown
    assert "1 of 2 tables certified" in shown
    assert good._repr_html_().startswith("<table>")
