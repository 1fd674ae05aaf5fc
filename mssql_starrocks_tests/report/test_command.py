"""`mssql-starrocks report`: exit codes 0, 1, 2, and that neither SQL Server nor Dagster is needed."""

import json
import signal

import pytest
from typer.testing import CliRunner

from mssql_starrocks.cli import app
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.settings import NAMES


@pytest.fixture
def call(copied, tmp_path, monkeypatch):
    """The command in a fresh folder that knows manifest, lake and StarRocks."""
    for name in (*NAMES, "DAGSTER_HOME", "MSSQL_STARROCKS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in copied.platform.box.environment().items():
        if not name.startswith("MSSQL_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    save_manifest(copied.manifest, tmp_path / "manifest.json")
    (tmp_path / "mssql_starrocks.yaml").write_text("lake_prefix: report_\n")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield lambda *arguments: CliRunner().invoke(app, ["report", *arguments])
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_report_and_its_verification(call, tmp_path):
    done = call("dbo.fine", "behind", "--out", "out/page.html")
    assert done.exit_code == 0, done.output
    assert "2 of 2 tables certified, 6 rows" in done.output
    assert "2 tables, 6 certified rows" in (tmp_path / "out/page.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out/page.json").read_text(encoding="utf-8"))["asked"] == "dbo.fine, behind"
    again = call("--verify", "out/page.json")
    assert again.exit_code == 0, again.output
    assert "2 of 2 tables hold" in again.output
    assert "as in the report" in again.output


def test_a_table_that_is_not_certified_is_exit_code_1_and_still_reported(call, copied, tmp_path):
    copied.platform.warehouse("UPDATE dbo.behind SET share = 0 WHERE id = 2")
    done = call("behind", "--evidence", "facts.json")
    assert done.exit_code == 1, done.output
    assert "0 of 1 tables certified" in done.output
    assert "share should be" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))["summary"]["certified"] is False
    again = call("--verify", "facts.json")
    assert again.exit_code == 1
    assert "dbo.behind: not certified in the report: values: share should be" in again.output
    copied.platform.load(copied.chain("behind"))
    repaired = call("--verify", "facts.json")
    assert repaired.exit_code == 1
    assert "StarRocks, columns, share, digest" in repaired.output
    assert "Traceback" not in repaired.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nothing is selected: name tables or schemas, or choose all of them"),
        (("dbo.fine", "dbo.nowhere"), "has no table dbo.nowhere"),
        (("--schema", "other"), "has no schema other with tables to copy"),
        (("--verify", "manifest.json"), "manifest.json is not the JSON of a report"),
        (("--verify", "absent.json"), "absent.json cannot be read"),
        (("--verify", "absent.json", "--all"), "--verify takes the tables from the report"),
        (("dbo.fine", "--out", "manifest.json/x.html"), "manifest.json/x.html cannot be written"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_use_is_exit_code_2(call, arguments, said):
    done = call(*arguments)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_a_manifest_is_asked_for(call, tmp_path):
    (tmp_path / "manifest.json").unlink()
    done = call("--all")
    assert done.exit_code == 2
    assert "mssql-starrocks discover" in done.output


def test_a_missing_setting_is_named(call, monkeypatch):
    monkeypatch.delenv("STARROCKS_HOST")
    done = call("--all")
    assert done.exit_code == 2
    assert "STARROCKS_HOST is not set" in done.output
    assert "MSSQL" not in done.output


def test_times_come_from_the_dagster_instance_where_there_is_one(call, tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    assert call("dbo.fine").exit_code == 0
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    done = call("dbo.fine")
    assert done.exit_code == 2
    assert "DAGSTER_HOME: " in done.output
    assert "Unset it to report without times." in done.output
    (tmp_path / "home" / "dagster.yaml").write_text("a: [")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    done = call("dbo.fine")
    assert (done.exit_code, "home/dagster.yaml: while parsing" in done.output.replace("\n", "")) == (2, True)
    assert "Unset it to report without times." in done.output


def test_a_dagster_home_that_cannot_be_written_is_one_line(call, tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "history").write_text("a file where a folder belongs")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    done = call("dbo.fine")
    assert done.exit_code == 1
    assert f"error: DAGSTER_HOME {tmp_path / 'home'}: Dagster's storage there cannot be used (" in done.output
    assert done.output.count("\n") == 1
