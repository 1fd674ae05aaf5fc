"""What a plan says of the systems as they are, and when a plan on disk is out of date."""

import itertools
import json
import os
import socket

import pytest
from typer.testing import CliRunner

from mssql_starrocks import plan_file
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.cli import app
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, PlanDriftError
from mssql_starrocks.source.discover import discover
from mssql_starrocks.stages.outlook import Change, outlooks
from mssql_starrocks_tests.platform import Platform, failed

_number = itertools.count()


@pytest.fixture(scope="module")
def box(certificate):
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def platform(box):
    """A schema of its own with two tables: moto's Glue is one for the whole process."""
    made = Platform(box)
    made.schema = f"plan{next(_number)}"
    box.sqlserver.execute(f"CREATE SCHEMA {made.schema}")
    for name in ("notes", "days"):
        make(box, f"{made.schema}.{name}", "nvarchar(20)")
        box.sqlserver.execute(f"INSERT INTO {made.schema}.{name} VALUES (1, N'a'), (2, NULL)")
    return made


def make(box, table, kind):
    """A table with a column of that type, in the place of an older one."""
    box.sqlserver.execute(f"DROP TABLE IF EXISTS {table}")
    box.sqlserver.execute(f"CREATE TABLE {table} (id int NOT NULL PRIMARY KEY, v {kind})")


def chain_of(platform, name="notes"):
    return platform.chains(include=[f"{platform.schema}.*"])[f"{platform.schema}.{name}"]


def look(platform, chain, **sections):
    return next(outlooks([chain], platform.settings.model_copy(update=sections)))


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_first_copy_creates_both_tables(platform):
    found = look(platform, chain_of(platform))
    assert (found.lake, found.warehouse, found.types) == (Change("created"), Change("created"), ())
    assert (found.chunks, found.cut, found.grade) == (1, "one stream", "B")
    assert found.basis.startswith("rough: ")


def test_a_second_copy_overwrites_and_knows_how_long_the_first_took(platform):
    chain = chain_of(platform)
    assert not failed(platform.copy(chain))
    found = look(platform, chain)
    assert (str(found.lake), str(found.warehouse), found.types) == ("unchanged", "overwritten", ())
    assert found.basis.startswith("copy to the lake only: ")
    assert 0 < found.seconds < 60


def test_a_new_column_evolves_the_lake_and_swaps_the_table(box, platform):
    assert not failed(platform.copy(chain_of(platform)))
    box.sqlserver.execute(f"ALTER TABLE {platform.schema}.notes ADD w int NULL")
    chain = chain_of(platform)
    found = look(platform, chain)
    assert str(found.lake) == "evolved: w absent becomes int"
    assert str(found.warehouse) == "altered and overwritten: w absent becomes INT"
    assert found.types == ("w: new, int as int, INT (int, exact)",)
    assert not failed(platform.copy(chain))


def test_a_table_that_was_created_anew_waits_for_a_decision(box, platform):
    assert not failed(platform.copy(chain_of(platform)))
    make(box, f"{platform.schema}.notes", "nvarchar(40)")
    found = look(platform, chain_of(platform))
    assert found.lake.kind == "needs a decision"
    assert "accept_schema_change: [" in found.lake.details[-1]
    assert found.warehouse.kind == "altered and overwritten"


def test_what_belongs_to_others_is_refused(box, platform):
    box.starrocks.execute(f"CREATE DATABASE IF NOT EXISTS {platform.schema}")
    box.starrocks.execute(f"CREATE TABLE {platform.schema}.days (id INT NOT NULL) PRIMARY KEY (id)")
    foreign = look(platform, chain_of(platform, "days"))
    assert str(foreign.warehouse) == f"refused: {platform.schema}.days exists and was not made by mssql_starrocks"


def test_a_type_that_the_lake_cannot_follow_is_refused(box, platform):
    assert not failed(platform.copy(chain_of(platform)))
    make(box, f"{platform.schema}.notes", "int")
    found = look(platform, chain_of(platform))
    assert found.lake.kind == "needs a decision"
    assert found.warehouse.kind == "swapped"


def test_a_system_out_of_reach_is_said_and_the_rest_is_planned(platform):
    chain, settings = chain_of(platform), platform.settings
    port = closed_port()
    found = look(platform, chain, starrocks=settings.starrocks.model_copy(update={"port": port}))
    assert found.warehouse.kind == "unknown"
    assert f":{port} does not answer" in found.warehouse.details[0]
    assert (found.lake.kind, found.chunks) == ("created", 1)
    gone = settings.lake.model_copy(update={"catalog": "rest", "uri": f"http://127.0.0.1:{port}"})
    found = look(platform, chain, lake=gone)
    assert found.lake.kind == "unknown"
    assert found.warehouse.kind == "created"


def planned(platform, **config):
    manifest = discover(platform.settings.mssql)
    return plan_chains(manifest, Config(include=(f"{platform.schema}.*",), **config))


def test_two_plans_of_one_state_are_equal_and_a_change_is_one_line(box, platform, tmp_path):
    files = [tmp_path / name for name in ("one.json", "two.json", "three.json")]
    for file in files[:2]:
        plan_file.save(plan_file.document(*planned(platform)), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert '\n    "v": "nvarchar(20) -> string -> VARCHAR(60) (varchar, exact)"\n' in files[0].read_text()
    make(box, f"{platform.schema}.notes", "nvarchar(40)")
    box.sqlserver.execute(f"CREATE TABLE {platform.schema}.more (id int NOT NULL PRIMARY KEY)")
    plan_file.save(plan_file.document(*planned(platform)), files[2])
    found = plan_file.differences(plan_file.load(files[0]), plan_file.load(files[2]))
    assert [(d.what, d.expected[:12], d.found[:12]) for d in found] == [
        (f"{platform.schema}.notes: columns.v", "nvarchar(20)", "nvarchar(40)"),
        (f"{platform.schema}.more", "absent", "planned"),
    ]


def test_a_plan_is_refused_when_reality_has_drifted(box, platform, tmp_path):
    file = tmp_path / "plan.json"
    chains, _ = planned(platform)
    seen = dict(zip((str(c.table.id) for c in chains), outlooks(chains, platform.settings), strict=True))
    plan_file.save(plan_file.document(chains, (), seen, estimates=True), file)
    plan, names = plan_file.load(file), (f"{platform.schema}.days", f"{platform.schema}.notes")
    assert plan_file.planned_tables(plan) == names
    plan_file.refuse_drift(plan, chains, seen=seen)
    assert not failed(platform.copy(chain_of(platform)))
    plan_file.refuse_drift(plan, chains)
    again = dict(zip(names, outlooks(chains, platform.settings), strict=True))
    with pytest.raises(PlanDriftError, match=r"notes: changes\.lake: created in the plan, unchanged now"):
        plan_file.refuse_drift(plan, chains, seen=again)
    make(box, f"{platform.schema}.days", "nvarchar(40)")
    with pytest.raises(PlanDriftError, match=r"days: columns\.v: nvarchar\(20\) .* in the plan, nvarchar\(40\) .* now"):
        plan_file.refuse_drift(plan, planned(platform)[0])
    with pytest.raises(PlanDriftError, match=r"days: loader: catalog_insert in the plan, stream_load now"):
        plan_file.refuse_drift(plan, planned(platform, loader="stream_load")[0])
    with pytest.raises(PlanDriftError, match=r"notes: planned in the plan, absent now"):
        plan_file.refuse_drift(plan, [c for c in chains if c.table.id.name == "days"])


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 1, "tables": {"a.b": "x"}}',
        '{"version": 1, "tables": {}, "refused": []}',
        '{"version": 99, "tables": {}}',
        '{"version": 1, "tables": {"a.\\ud800": {}}}',
        pytest.param("[" * 200_000, id="deep"),
    ],
)
def test_a_file_that_is_no_plan_is_named(tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"plan\.json is no plan of version 1\. Make one"):
        plan_file.load(file)


@pytest.fixture
def command(box, platform, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mssql_starrocks.yaml").write_text(f"include: ['{platform.schema}.*']\n")
    environment = {**os.environ, **box.environment(), "COLUMNS": "200"}

    def run(*arguments, **more):
        return CliRunner().invoke(app, ["plan", *arguments], env=environment | more)

    return run


def test_the_command_shows_everything_and_writes_the_file(platform, command, tmp_path):
    done = command(f"{platform.schema.upper()}.NOTES", "--out", "plan.json")
    assert done.exit_code == 0, done.output
    for text in ("USING iceberg", "PRIMARY KEY (`id`)", "Iceberg table: created", "1 chunk (one stream)",
                 "VARCHAR(60)", "GRANT SELECT ON OBJECT::", "glue:CreateTable", "plan.json: 1 tables"):  # fmt: skip
        assert text in done.output
    assert [*plan_file.load(tmp_path / "plan.json")["tables"]] == [f"{platform.schema}.notes"]
    told = json.loads(command("--all", "--json").stdout)["tables"]
    assert [*told] == [f"{platform.schema}.days", f"{platform.schema}.notes"]
    assert told[f"{platform.schema}.notes"]["outlook"]["chunks"] == 1


def test_two_files_are_compared(box, platform, command):
    assert command("--all", "--out", "old.json").exit_code == 0
    assert command("--diff", "old.json", "old.json").exit_code == 0
    make(box, f"{platform.schema}.notes", "nvarchar(40)")
    assert command("--all", "--out", "new.json").exit_code == 0
    done = command("--diff", "old.json", "new.json")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        f"{platform.schema}.notes: columns.v",
        "  - nvarchar(20) -> string -> VARCHAR(60) (varchar, exact)",
        "  + nvarchar(40) -> string -> VARCHAR(120) (varchar, exact)",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nothing is selected: name tables"),
        (("nowhere.*",), "has no table nowhere.*"),
        (("{}.note",), "did you mean {}.notes"),
        (("--schema", "other"), "has no schema other"),
    ],
)
def test_a_selection_that_matches_nothing_is_wrong_use(platform, command, arguments, said):
    done = command(*(a.format(platform.schema) for a in arguments))
    assert (done.exit_code, done.stdout) == (2, "")
    assert said.format(platform.schema) in done.stderr


def test_a_refused_table_is_exit_code_1(box, platform, command):
    box.sqlserver.execute(f"CREATE TABLE {platform.schema}.keyed (id float NOT NULL PRIMARY KEY)")
    done = command("--all")
    assert done.exit_code == 1
    assert f"{platform.schema}.keyed: refused: " in done.output
    assert f"{platform.schema}.notes -> Iceberg" in done.output


def test_a_value_that_is_too_long_hides_no_other_table(box, platform, command):
    make(box, f"{platform.schema}.days", "varchar(max)")
    box.sqlserver.execute(
        f"INSERT INTO {platform.schema}.days VALUES (1, REPLICATE(CAST('x' AS varchar(max)), 1048577))"
    )
    assert command("--all").exit_code == 0
    done = command("--all", "--measure")
    assert done.exit_code == 1
    assert f"{platform.schema}.days: refused: {platform.schema}.days.v: a value of length 1,048,577" in done.output
    assert f"{platform.schema}.notes -> Iceberg" in done.output


def test_offline_needs_the_manifest_and_no_server(platform, command):
    done = command("--all", "--offline")
    assert done.exit_code == 2
    assert "run  mssql-starrocks discover" in done.stderr
    assert CliRunner().invoke(app, ["discover"], env={**os.environ, **platform.box.environment()}).exit_code == 0
    nobody = {name: str(closed_port()) for name in ("MSSQL_PORT", "STARROCKS_PORT")}
    done = command("--all", "--offline", **nobody)
    assert done.exit_code == 0, done.output
    assert "chunks unknown (not asked)" in done.output
    assert "does not answer" in command("--all", **nobody).stderr
