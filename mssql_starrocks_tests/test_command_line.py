"""What every command of the command line has in common."""

import json
import os
import subprocess
import sys

import click
import pytest
import typer
from typer.testing import CliRunner

from mssql_starrocks.cli import app
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.model import Manifest
from mssql_starrocks_tests.tables import column, table

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


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """What bash would show."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSSQL_STARROCKS_CONFIG", raising=False)

    def offer(words):
        environment = {"_MSSQL_STARROCKS_COMPLETE": "complete_bash", "COMP_WORDS": f"mssql-starrocks {words}",
                       "COMP_CWORD": str(words.count(" ") + 1)}  # fmt: skip
        done = CliRunner().invoke(app, [], prog_name="mssql-starrocks", env=environment)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout.split()

    return offer


@pytest.fixture
def manifest_of_four(tmp_path):
    def written(file):
        names = (("sales", "orders"), ("sales", "Order Details"), ("sales", "tmp_1"), ("hr", "shifts"))
        known = [table(column("id", "int", nullable=False), schema=schema, name=name) for schema, name in names]
        save_manifest(Manifest("Company", "16", 3, True, False, "2026-01-01", tuple(known)), file)

    written(tmp_path / "manifest.json")
    (tmp_path / "mssql_starrocks.yaml").write_text("exclude: ['*.tmp_*']\n")
    return written


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("migrate ", ["sales.orders", "hr.shifts"]),
        ("validate sal", ["sales.orders"]),
        ("plan sales.orders hr", ["hr.shifts"]),
        ("report none", []),
        ("rollback hr", ["hr.shifts"]),
        ("migrate --schema ", ["sales", "hr"]),
        ("migrate --all --exclude s", ["sales.orders"]),
        ("migrate --all --skip-until s", ["sales.orders"]),
        ("migrate --engine ", ["auto", "arrow", "spark"]),
        ("plan --engine s", ["spark"]),
    ],
)
def test_names_are_offered(offered, manifest_of_four, words, names):
    assert offered(words) == names


def test_names_come_from_the_manifest_beside_the_configuration(offered, manifest_of_four, tmp_path, monkeypatch):
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "my.yaml").write_text("manifest: known.json\n")
    manifest_of_four(tmp_path / "else" / "known.json")
    assert offered("migrate --config else/my.yaml sales.t") == ["sales.tmp_1"]
    monkeypatch.setenv("MSSQL_STARROCKS_CONFIG", "else/my.yaml")
    assert offered("migrate sales.t") == ["sales.tmp_1"]


@pytest.mark.parametrize("text", [None, "", "[]", '{"tables": [1]}', "[" * 200_000])
def test_without_a_manifest_nothing_is_offered(offered, tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    assert offered("migrate ") == []


def test_nothing_heavy_is_imported_to_offer_names(manifest_of_four, tmp_path):
    code = """
import sys
from mssql_starrocks.cli.commands import app
try:
    app(prog_name="mssql-starrocks")
finally:
    print(*sys.modules, file=sys.stderr)
"""
    environment = {**os.environ, "_MSSQL_STARROCKS_COMPLETE": "complete_bash",
                   "COMP_WORDS": "mssql-starrocks migrate sales.", "COMP_CWORD": "2"}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout == "sales.orders\n"
    assert not {"dagster", "pyarrow", "duckdb", "pyiceberg", "boto3", "pymssql"} & set(done.stderr.split())
