"""This machine and the configuration; and the command."""

import json
import os
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from mssql_starrocks.cli import app
from mssql_starrocks.doctor import machine
from mssql_starrocks.doctor.finding import State, examine
from mssql_starrocks.engines import java


def lines(patient):
    return [one for one in examine([machine.system(patient)]) if one.state is not State.OK]


def spark_for_all(patient):
    return replace(patient, chains=tuple(replace(c, engine="spark") for c in patient.chains))


@pytest.fixture
def no_java(monkeypatch):
    monkeypatch.setattr(java, "_candidates", lambda: iter(()))


def test_without_java_big_tables_only_are_in_trouble(patient, no_java):
    (said,) = lines(patient)
    assert (said.what, said.state.value) == ("Java", "warning")
    assert "install openjdk-17" in said.text
    (said,) = lines(spark_for_all(patient))
    assert (said.what, said.state.value) == ("Java", "failed")


def test_missing_jars_are_named(patient, tmp_path):
    spark = patient.settings.spark.model_copy(update={"jars": str(tmp_path)})
    broken = replace(patient, settings=patient.settings.model_copy(update={"spark": spark}))
    (said,) = lines(broken)
    assert (said.what, said.state.value) == ("jars", "warning")
    assert "is missing. Run: mssql-starrocks jars" in said.text


def test_a_time_zone_that_wins_over_ours_fails(patient, monkeypatch):
    monkeypatch.setenv("_JAVA_OPTIONS", "-Duser.timezone=Europe/Berlin")
    (said,) = lines(patient)
    assert (said.what, said.state.value) == ("time zone of Java", "failed")
    assert said.text.startswith("Europe/Berlin in spite of -Duser.timezone=UTC")


def test_little_disk_is_a_warning_and_none_fails(patient, monkeypatch):
    monkeypatch.setattr(machine, "_LITTLE", 1 << 60)
    assert [(one.what, one.state.value) for one in lines(patient)] == [("disk", "warning")]
    monkeypatch.setattr(machine, "_TOO_LITTLE", 1 << 60)
    assert [(one.what, one.state.value) for one in lines(patient)] == [("disk", "failed")]


def test_dagsters_home(patient, home, monkeypatch):
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (said,) = lines(patient)
    assert (said.what, said.state.value) == ("Dagster", "warning")
    assert "no limit for pools" in said.text
    monkeypatch.setenv("DAGSTER_HOME", "somewhere")
    assert [(one.what, one.state.value) for one in lines(patient)] == [("Dagster", "failed")]
    monkeypatch.delenv("DAGSTER_HOME")
    (said,) = lines(patient)
    assert said.text.startswith("DAGSTER_HOME is not set")


@pytest.fixture
def command(box, patient, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    schema = patient.chains[0].table.id.schema
    file = tmp_path / "mssql_starrocks.yaml"
    file.write_text(f"include: ['{schema}.*']\n")

    def run(*arguments, **more):
        return CliRunner().invoke(app, arguments, env={**os.environ, **box.environment(), **more})

    return run, file, schema


def test_the_command(command):
    run, file, schema = command
    done = run("doctor")
    assert done.exit_code == 0, done.output
    assert "warning manifest: " in done.output
    assert run("discover").exit_code == 0
    done = run("doctor", "--json")
    assert done.exit_code == 0, done.output
    assert {one["state"] for one in json.loads(done.stdout)["findings"]} == {"ok"}
    file.write_text(f"include: ['{schema}.*', nowhere.*]\ntargets: {{lost: a}}\n")
    done = run("doctor")
    said = [line for line in done.output.splitlines() if line.startswith("warning")]
    assert [line.partition(" in ")[0] for line in said] == [
        "warning configuration: nowhere.*", "warning configuration: targets: lost",
    ]  # fmt: skip
    done = run("doctor", MSSQL_PASSWORD="canary-Secret-1")
    assert done.exit_code == 1
    (said,) = [line for line in done.output.splitlines() if line.startswith("failed")]
    assert said.startswith("failed  SQL Server: ")
    assert "canary" not in done.output + done.stderr


def test_a_missing_setting_is_named(command):
    run, *_ = command
    done = run("doctor", STARROCKS_HOST="")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "STARROCKS_HOST is not set" in done.stderr


@pytest.mark.parametrize(
    ("schedule", "code", "said"),
    [
        ("0 2 * * *", 0, "ok      configuration: schedule: 0 2 * * * in UTC\n"),
        ("99 * * * *", 1, "failed  configuration: schedule: '99 * * * *' is no cron text; write five fields"),
    ],
)
def test_a_schedule_that_dagster_would_refuse_has_failed(command, schedule, code, said):
    run, file, _ = command
    file.write_text(f"{file.read_text()}schedule: '{schedule}'\n")
    done = run("doctor")
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert ("Correct it in mssql_starrocks.yaml" in done.output) is bool(code)
