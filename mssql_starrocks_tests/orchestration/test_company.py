"""The component in another company's project (`company/`), through Dagster's own commands and our sandbox."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from dagster_dg_cli.cli import cli

from mssql_starrocks.orchestration.component import Attributes
from mssql_starrocks.settings import NAMES

REPOSITORY = Path(__file__).parents[2]
COMPONENT = "contoso.components.ErpCopy"


@pytest.fixture(scope="module")
def contoso(tmp_path_factory):
    """A copy of the project; what Dagster writes stays out of ours."""
    folder = tmp_path_factory.mktemp("company") / "contoso"
    shutil.copytree(REPOSITORY / "mssql_starrocks_tests" / "company", folder, ignore=shutil.ignore_patterns("__*"))
    for package in ("contoso", "contoso/defs"):
        (folder / package / "__init__.py").touch()
    shutil.copy(
        REPOSITORY / "mssql_starrocks_tests/company/contoso/components/__init__.py", folder / "contoso/components"
    )
    return folder


@pytest.fixture
def dg(contoso, monkeypatch):
    """`dg` in the project's folder; gives its exit code and what it printed."""
    monkeypatch.chdir(contoso)
    monkeypatch.syspath_prepend(str(contoso))

    def run(*command):
        done = CliRunner().invoke(cli, command)
        return done.exit_code, done.output

    return run


@pytest.fixture
def second(contoso):
    """In the place of the ERP's defs.yaml for a while: `dg check yaml` looks at one file per type."""
    file, away = contoso / "contoso/defs/erp/defs.yaml", contoso / "away.yaml"
    file.rename(away)
    yield file
    away.replace(file)


def test_listed_with_its_summary(dg):
    code, text = dg("list", "components", "--package", "contoso", "--json")
    assert code == 0
    assert COMPONENT in text
    assert "The ERP database of Contoso in StarRocks." in text


@pytest.mark.parametrize(("folder", "name"), [("hr", "hr"), ("HR-2.x", "hr_2_x"), ("2024", "copy_2024")])
def test_scaffolded_ready_to_load_with_a_name_and_a_state_of_its_own(dg, contoso, folder, name):
    assert dg("scaffold", "defs", COMPONENT, folder)[0] == 0
    written = yaml.safe_load((contoso / f"contoso/defs/{folder}/defs.yaml").read_text())
    shutil.rmtree(contoso / f"contoso/defs/{folder}")
    assert written == {"type": COMPONENT, "attributes": {"include": ["*"], "name": name, "state_key": folder}}
    assert Attributes(**written["attributes"]).name == name


def test_every_field_is_described():
    schema = Attributes.model_json_schema()
    models = {"Attributes": schema, **schema["$defs"]}
    fields = {
        f"{model}.{name}": field for model, found in models.items() for name, field in found["properties"].items()
    }
    assert len(fields) > 40
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_a_wrong_name_or_value_is_shown_at_its_line(dg, second):
    second.write_text(f"type: {COMPONENT}\n\nattributes:\n  enginne: arrow\n  tables:\n    hr.*: {{engine: fast}}\n")
    code, text = dg("check", "yaml", "--no-validate-requirements")
    assert code == 1
    assert "defs.yaml:4 - " in text
    assert "attributes.enginne" in text
    assert "defs.yaml:6 - " in text
    assert "engine 'fast'" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('schedule: "0 2 * *"', "is no cron text"),
        ("time_zone: Berlin", "is no time zone"),
        ("targets: {a: sys}", "sys"),
        ("webserver: localhost", "is not host:port"),
        ("manifest: x.json", "a component's manifest is its state"),
    ],
)
def test_what_only_loading_can_judge_has_its_line_too(dg, second, line, message):
    second.write_text(f"type: {COMPONENT}\n\nattributes:\n  include: [hr.*]\n  {line}\n")
    code, text = dg("check", "defs")
    assert code == 1
    assert f"attributes.{line.split(':')[0]} at {second}:5" in text
    assert message in text


def test_two_databases_of_one_real_code_location_after_their_refresh(dg, contoso, box, own_box, monkeypatch):
    """Both have a table hr.shifts; one run copies both, each from its own server."""
    own_box.sqlserver.execute("CREATE SCHEMA hr")
    own_box.sqlserver.execute("CREATE TABLE hr.shifts (id int NOT NULL PRIMARY KEY)")
    own_box.sqlserver.execute("INSERT INTO hr.shifts (id) VALUES (7)")
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in box.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CRM_PORT", str(own_box.sqlserver.port))
    code, text = dg("utils", "refresh-defs-state")
    assert code == 0, text
    code, text = dg("check", "defs")
    assert code == 0, text
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{contoso}"}
    stages = ("mssql_snapshot", "iceberg_table", "starrocks_table")
    select = ",".join(f"{name}/{stage}/hr/shifts" for name in ("erp", "crm") for stage in stages)
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "contoso.definitions", "--select", select]
    done = subprocess.run(command, cwd=contoso, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "contoso copies hr.shifts: warehouse" in done.stderr
    assert box.starrocks.execute("SELECT count(*) FROM contoso_hr.shifts") == [(3,)]
    assert box.starrocks.execute("SELECT id FROM crm_hr.shifts") == [(7,)]
