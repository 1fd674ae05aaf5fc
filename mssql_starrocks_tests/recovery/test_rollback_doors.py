"""Rollback by Dagster's job and by the command line."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from mssql_starrocks.cli import app
from mssql_starrocks.config import Config
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.source.discover import discover


@pytest.fixture
def twice(kept):
    """A table with two loads; their ids, oldest first."""
    return kept.copied("one"), kept.copied("two")


def run_job(kept, monkeypatch, options=None, **config):
    for name, value in kept.box.environment().items():
        monkeypatch.setenv(name, value)
    found = Config(include=[f"{kept.schema}.*"], **(options or {}))
    defs = build_definitions(discover(kept.settings.mssql), found)
    settings = {"ops": {"take_back": {"config": config}}, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_job_def("rollback").execute_in_process(settings, instance=instance, raise_on_error=False)


def test_the_job_takes_a_table_back_and_says_so_in_its_assets(kept, twice, monkeypatch):
    result = run_job(kept, monkeypatch, table=kept.name.upper())
    assert result.success
    assert kept.values() == ["one"]
    events = [e.materialization for e in result.get_asset_materialization_events()]
    assert [e.asset_key.path[0] for e in events] == ["iceberg_table", "starrocks_table"]
    for event in events:
        assert event.description == f"rolled back from load {twice[1]} to load {twice[0]}"
        assert event.metadata["rolled_back_from"].value == twice[1]
        assert event.metadata["dagster/row_count"].value == 1
        assert event.tags["dagster/data_version"] == event.metadata["iceberg/snapshot_id"].value


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"table": "no.table"}, "Company has no table no.table."),
        ({"table": "*.t"}, "*.t is a pattern: name one table."),
        ({"load_id": "nope"}, "load nope is not in"),
    ],
)
def test_a_mistake_in_the_jobs_configuration_is_one_message(kept, twice, monkeypatch, config, message):
    result = run_job(kept, monkeypatch, **{"table": kept.name, **config})
    [text] = [e.event_specific_data.error.message for e in result.all_events if e.is_step_failure]
    assert message in text
    assert not result.get_asset_materialization_events()


def test_the_job_takes_a_name_as_the_command_does(kept, twice, monkeypatch):
    assert run_job(kept, monkeypatch, table=f"[{kept.schema}].[T]").success
    assert kept.values() == ["one"]
    result = run_job(kept, monkeypatch, table=f"{kept.schema}.tt")
    [text] = [e.event_specific_data.error.message for e in result.all_events if e.is_step_failure]
    assert f"has no table {kept.schema}.tt; did you mean {kept.name}?" in text


def test_the_job_says_why_a_table_is_not_copied(kept, monkeypatch):
    refused = {"tables": {kept.name: {"key": "nowhere"}}}
    kept.source(f"CREATE TABLE {kept.schema}.fine (id int NOT NULL PRIMARY KEY)")
    result = run_job(kept, monkeypatch, refused, table=kept.name)
    [text] = [e.event_specific_data.error.message for e in result.all_events if e.is_step_failure]
    assert f"{kept.name} is not copied: " in text
    assert "nowhere" in text


def test_the_command_lists_takes_back_and_ends_with_exit_codes(kept, twice, tmp_path):
    (tmp_path / "mssql_starrocks.yaml").write_text(f"include: [{kept.name}]\n")
    save_manifest(discover(kept.settings.mssql), tmp_path / "manifest.json")
    listed = command(kept, tmp_path, "--list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [(s["load_id"], s["current"], s["in_starrocks"]) for s in json.loads(listed.stdout)["loads"]] == [
        (twice[1], True, True),
        (twice[0], False, False),
    ]
    wrong = command(kept, tmp_path, "--to", "nope", "--yes")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "load nope is not in the lake" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    unknown = command(kept, tmp_path, "--to", "nope")
    assert (unknown.returncode, "has no load nope: see" in unknown.stderr) == (2, True), unknown.stderr
    unanswered = command(kept, tmp_path)
    assert (unanswered.returncode, "--yes says it in advance" in unanswered.stderr) == (2, True), unanswered.stderr
    assert kept.values() == ["two"]
    done = command(kept, tmp_path, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert isinstance(said["loaded"]["snapshot_id"], str)
    assert (said["load_id"], said["main_before"], said["passed"], len(said["checks"])) == (twice[0], twice[1], True, 3)
    assert kept.values() == ["one"]


@pytest.fixture
def call(kept, tmp_path, monkeypatch):
    """The command in a folder that knows the manifest; table `t` stands for the kept one in the arguments."""
    for name, value in kept.box.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mssql_starrocks.yaml").write_text(f"include: ['{kept.schema}.*']\n")
    save_manifest(discover(kept.settings.mssql), tmp_path / "manifest.json")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield lambda *arguments: CliRunner().invoke(app, ["rollback", *arguments])
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_table_is_named_as_everywhere(kept, twice, call):
    for name in (kept.name.upper(), f"[{kept.schema}].[T]", "t"):
        done = call(name, "--list", "--json")
        assert (done.exit_code, len(json.loads(done.stdout))) == (0, 2), done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("t", "--list", "--yes"), "--list changes nothing: leave out --to and --yes"),
        (("t",), "--json cannot ask: give --yes, too"),
        (("*", "--list"), "* is a pattern: name one table."),
        (("tt", "--list"), "has no table tt"),
        (("gone.t", "--list"), "has no table gone.t"),
    ],
)
def test_wrong_use_is_exit_code_2(call, arguments, message):
    done = call(*arguments, "--json")
    assert done.exit_code == 2
    assert message in json.loads(done.stdout)["error"]
    assert message in done.stderr


def test_without_a_manifest_it_says_what_to_run(call, tmp_path):
    (tmp_path / "manifest.json").unlink()
    done = call("t", "--list", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"] == f"{tmp_path}/manifest.json is not there: run  mssql-starrocks discover"


def test_a_table_that_cannot_be_copied_says_why(kept, call, tmp_path):
    (tmp_path / "mssql_starrocks.yaml").write_text(f"tables: {{{kept.name}: {{key: nowhere}}}}\n")
    done = call(kept.name, "--list", "--json")
    assert done.exit_code == 1
    assert "nowhere" in json.loads(done.stdout)["error"]


def command(kept, folder, *arguments):
    values = {"PATH": "/usr/bin:/bin", "COLUMNS": "200", **kept.box.environment()}
    tool = Path(sys.executable).parent / "mssql-starrocks"
    return subprocess.run(
        [tool, "rollback", kept.name, *arguments],
        cwd=folder,
        env={**values, **_python_path()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _python_path():
    return {"PYTHONPATH": str(Path(__file__).parents[2])}
