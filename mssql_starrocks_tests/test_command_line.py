"""What every command of the command line has in common."""

import json
import subprocess
import sys

import click
import pytest
import typer
from typer.testing import CliRunner

from mssql_starrocks.cli import app

COMMANDS = typer.main.get_command(app).commands
FOREGROUND = {"demo", "ui"}  # they show, until they are ended


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name):
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.output
    assert f"mssql-starrocks {name}" in done.output


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - FOREGROUND))
def test_there_is_json_for_scripts(name):
    assert "--json" in {option for parameter in COMMANDS[name].params for option in parameter.opts}


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - FOREGROUND - {"api", "jars", "sandbox"}))
def test_a_users_mistake_is_json_too(name, tmp_path):
    """One document on stdout, one message on stderr, exit code 2."""
    arguments = [a.make_metavar(click.Context(COMMANDS[name])) for a in COMMANDS[name].params if a.required]
    more = ["--yes"] if name == "rollback" else []
    done = CliRunner().invoke(app, [name, *arguments, *more, "--json", "--config", str(tmp_path / "none.yaml")])
    assert done.exit_code == 2, done.output
    said = json.loads(done.stdout)["error"]
    assert "none.yaml" in said or "_HOST is not set" in said
    assert done.stderr == f"error: {said}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_is_not_there_is_json_too(name):
    done = CliRunner().invoke(app, [name, "--json", "--nonsense"])
    assert done.exit_code == 2
    said = json.loads(done.stdout)
    assert {**said, "error": ""} == {"version": 1, "certified": False, "error": ""}
    assert "No such option" in said["error"]
    assert done.stderr == f"error: {said['error']}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("migrate", "--parallel", "0"), "Invalid value for '--parallel': 0 is not in the range x>=1."),
        (("validate", "--parallel", "many"), "'many' is not a valid int"),
        (("rollback",), "Missing argument 'TABLE'"),
        (("migrat",), "No such command 'migrat'"),
        (("--nonsense", "migrate"), "No such option '--nonsense'"),
    ],
)
def test_wrong_use_that_typer_finds_is_json_too(arguments, message):
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert (done.exit_code, message in json.loads(done.stdout)["error"]) == (2, True), done.output
    plain = CliRunner().invoke(app, arguments)
    assert (plain.exit_code, plain.stdout) == (2, "")
    assert "Usage: " in plain.stderr


def test_an_argument_that_is_no_unicode_is_json_too(tmp_path):
    arguments = ["migrate", "a", "--json", "--config", f"{tmp_path}/\udcff.yaml"]
    done = subprocess.run([sys.executable, "-m", "mssql_starrocks.cli", *arguments], capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "\udcff.yaml" in json.loads(done.stdout)["error"]


def test_the_version_is_told():
    assert CliRunner().invoke(app, ["--version"]).output.startswith("mssql-starrocks 0.")


def test_completion_is_offered():
    done = CliRunner().invoke(app, ["--show-completion", "bash"], prog_name="mssql-starrocks")
    assert "_MSSQL_STARROCKS_COMPLETE" in done.output
