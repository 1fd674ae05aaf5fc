"""Bad input: one line that names file, key and the closest valid name."""

import os
import re

import pytest

from mssql_starrocks.chain import plan_chain, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.model import Manifest, Sizing, TableId
from mssql_starrocks.settings import Settings, load_dotenv
from mssql_starrocks_tests.tables import column, table, things

ENVIRONMENT = {
    "MSSQL_HOST": "h",
    "MSSQL_USER": "u",
    "MSSQL_PASSWORD": "canary-secret",
    "MSSQL_DATABASE": "d",
    "STARROCKS_HOST": "s",
    "STARROCKS_USER": "su",
    "S3_BUCKET": "b",
}


def manifest(*tables):
    return Manifest("Company", "16", 3, True, False, "2026-01-01", tables)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engin: arrow", r"unknown key engin; did you mean engine\?"),
        ("engine: flink", r"engine: .*arrow"),
        ("loader: broker", r"loader: .*stream_load"),
        ("tables: {sales.orders: {exclude_column: [a]}}", "did you mean exclude_columns"),
        ("audit_columns: {migrated: x}", "did you mean migrated_at"),
        ("tables: {a.b: {owners: [people of hr]}}", "'people of hr' is no owner: write an e-mail address or team:name"),
        ("tables: {a.b: {tags: {a b: c}}}", "'a b' is no name of a tag"),
        ("tables: {a.b: {tags: {a: b c}}}", "'b c' is no value of a tag"),
        ("- a", "expected keys and values"),
        ("a: [", "not valid YAML in line 1"),
        ("include: sales.*", r"include: expected a list, such as \[sales"),
        ("tables: {sales.orders: 1}", "expected keys and values"),
        ("targets: {sales: ana-lytics}", "no name for a StarRocks database"),
        ("audit_columns: {load_id: Load Id}", "audit_columns.load_id"),
        ("1: 2", "unknown key 1"),
        ("partitioning: orginal", r"partitioning: .*auto, original or a number of chunks from 1 to 1000, .*orginal"),
        ("partitioning: 0", "partitioning: .*found 0"),
        ("tables: {sales.orders: {partitioning: true}}", r"tables.sales.orders.partitioning: .*found True"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, text, message):
    file = tmp_path / "mssql_starrocks.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as raised:
        Config.load(file)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 2026-99-99", "month must be in 1..12"),
        ("a: !!timestamp x", "not valid YAML"),
        ("a: !!bool perhaps", "not valid YAML"),
        ("[" * 200_000, "not valid YAML"),
    ],
)
def test_what_python_says_of_a_value_is_told_as_a_mistake_in_the_file(tmp_path, text, message):
    file = tmp_path / "mssql_starrocks.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        Config.load(file)
    assert str(error.value).startswith(str(file))
    assert "\n" not in str(error.value)


def test_a_missing_file_means_defaults(tmp_path):
    assert Config.load(tmp_path / "mssql_starrocks.yaml") == Config()
    with pytest.raises(ConfigError, match=r"mine\.yaml cannot be read"):
        Config.load(tmp_path / "mine.yaml")


def test_a_table_may_have_a_partitioning_of_its_own():
    config = Config(chunk_mb=2, partitioning="original", tables={"sales.things": {"partitioning": 12}})
    assert plan_chain(things(), config, "Company").sizing == Sizing(2 << 20, 12)
    assert plan_chain(things(), Config(partitioning="original"), "Company").sizing.partitioning == "original"


def test_patterns_select_tables_and_later_options_win():
    config = Config(
        include=("sales.*",),
        exclude=("*.secret_*",),
        tables={"sales.*": {"engine": "spark", "key": "none"}, "sales.small": {"engine": "arrow"}},
    )
    orders = TableId("Sales", "Orders")
    assert config.selected([orders, TableId("sales", "secret_plan"), TableId("hr", "people")]) == (orders,)
    assert (config.options(TableId("sales", "small")).engine, config.options(TableId("sales", "small")).key) == (
        "arrow",
        "none",
    )


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ({"exclude": ("dbo.Orders",)}, ["dbo.orders", "dbo.people"]),
        ({"exclude": ("dbo.orders", "DBO.PEOPLE")}, ["dbo.Orders"]),
        ({"include": ("dbo.orders",)}, ["dbo.orders"]),
        ({"include": ("dbo.orders", "DBO.*"), "exclude": ("DBO.orders",)}, ["dbo.people"]),
        ({"exclude": ("orders",)}, ["dbo.people"]),
    ],
)
def test_a_pattern_spelled_as_one_of_two_tables_that_differ_in_case_means_that_one(patterns, left):
    source = manifest(*(things(schema="dbo", name=name) for name in ("Orders", "orders", "people")))
    config = Config(**patterns)
    assert [str(table.id) for table in config.select(source)] == left
    alone = source.with_tables(config.select(source))
    assert [str(chain.table.id) for chain in plan_chains(alone, config.taking_all())[0]] == left


def test_the_advice_about_two_tables_that_differ_in_case_can_be_followed():
    source = manifest(*(things(schema="dbo", name=name) for name in ("Orders", "orders")))
    chains, refused = plan_chains(source, Config())
    assert not chains
    assert len(refused) == 2
    assert re.search(r"dbo\.Orders and dbo\.orders .*exclude:.*spelled as here", refused[0].reason)
    assert [str(chain.table.id) for chain in plan_chains(source, Config(exclude=("dbo.orders",)))[0]] == ["dbo.Orders"]


def test_missing_settings_are_named_and_secrets_never_shown():
    with pytest.raises(ConfigError, match="MSSQL_HOST is not set"):
        Settings.load({}, dotenv=None)
    settings = Settings.load(ENVIRONMENT, dotenv=None)
    assert "canary-secret" not in repr(settings)
    assert settings.mssql.encrypt is True


def test_a_misspelt_setting_in_dotenv_is_named(tmp_path):
    file = tmp_path / ".env"
    file.write_text("MSSQL_PASWORD=x\n")
    with pytest.raises(ConfigError, match=r"MSSQL_PASWORD; did you mean MSSQL_PASSWORD"):
        Settings.load({}, dotenv=file)


def test_a_retired_setting_warns_and_says_what_replaced_it():
    with pytest.warns(UserWarning, match="JDBC_NUM_PARTITIONS is no longer used; replaced by chunk_mb"):
        Settings.load({**ENVIRONMENT, "JDBC_NUM_PARTITIONS": "50"}, dotenv=None)


def test_every_name_of_the_example_file_is_known(request):
    from mssql_starrocks.settings import NAMES

    lines = (request.config.rootpath / ".env.example").read_text().splitlines()
    named = {line.lstrip("# ").split("=")[0] for line in lines if "=" in line and not line.startswith("# Conn")}
    assert {n for n in named if n.isupper()} == {*NAMES, "ALERT_WEBHOOK_URL", "MSSQL_STARROCKS_API_TOKEN"}


def test_auto_takes_spark_from_the_threshold_on():
    assert plan_chain(things(bytes=2 << 20), Config(spark_above_mb=2), "d").engine == "spark"
    assert plan_chain(things(bytes=1 << 20), Config(spark_above_mb=2), "d").engine == "arrow"
    assert plan_chain(things(bytes=2 << 20), Config(engine="arrow"), "d").engine_reason == "set in the configuration"


def test_a_table_may_have_a_loader_of_its_own():
    config = Config(loader="stream_load", tables={"sales.things": {"loader": "spark_jdbc"}})
    assert plan_chain(things(), config, "Company").loader == "spark_jdbc"
    assert plan_chain(things(name="others"), config, "Company").loader == "stream_load"
    assert plan_chain(things(), Config(), "Company").loader == "catalog_insert"


def test_back_ends_are_a_list_in_the_environment():
    named = {**ENVIRONMENT, "STARROCKS_HTTP_HOSTS": "be1, be2.example.internal", "STARROCKS_HTTPS": "true"}
    found = Settings.load(named, dotenv=None).starrocks
    assert (found.http_hosts, found.https, found.http_port) == (("be1", "be2.example.internal"), True, 8030)


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"sales.thing": {"exclude_columns": ["name"]}}, "write sales.things if that is meant"),
        ({"sale.things": {"exclude_columns": ["Name"]}}, "write sales.things if that is meant"),
        ({"sale.*": {"exclude_columns": ["name"]}}, "write sales.things if that is meant"),
        ({"sales.*": {"exclude_columns": ["nme"]}}, "no table there has it; write name if that is meant"),
    ],
)
def test_a_column_is_not_copied_because_of_a_typing_error_in_what_leaves_it_out(tables, named):
    other = table(column("id", "int", nullable=False), schema="hr", name="people")
    chains, refused = plan_chains(manifest(things(), other), Config.parse({"tables": tables}, "test"))
    assert [str(chain.table.id) for chain in chains] == ["hr.people"]
    assert named in refused[0].reason


@pytest.mark.parametrize(
    "tables",
    [
        {"sales.thing": {"exclude_columns": ["ssn"]}},
        {"other.*": {"exclude_columns": ["name"]}},
        {"*": {"exclude_columns": ["ssn"]}},
        {"sales.thing": {"exclude_columns": ["name"]}, "sales.things": {"exclude_columns": ["name"]}},
        {"sales.thing": {"engine": "arrow"}},
    ],
)
def test_what_leaves_out_nothing_that_is_there_harms_nobody(tables):
    config = Config.parse({"tables": tables}, "test")
    assert plan_chains(manifest(things()), config)[0]


def test_a_part_of_the_tables_says_nothing_of_patterns_that_match_others():
    config = Config.parse({"tables": {"sales.thing": {"exclude_columns": ["name"]}}}, "test").taking_all()
    assert plan_chains(manifest(things()), config)[0]
    assert config.unmatched([things().id]) == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("include: [a.*]\ninclude: [b.*]\n", "line 2: include is there twice"),
        ("tables:\n  a.b: {engine: arrow}\n  a.b: {exclude_columns: [c]}\n", "line 3: a.b is there twice"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(tmp_path, text, named):
    file = tmp_path / "mssql_starrocks.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=named):
        Config.load(file)


def test_one_bad_table_does_not_hide_the_others():
    bad = table(column("id", "float", nullable=False), name="bad")
    chains, refused = plan_chains(manifest(things(), bad), Config())
    assert [str(c.table.id) for c in chains] == ["sales.things"]
    assert [str(r.table) for r in refused] == ["sales.bad"]


def test_an_audit_column_that_clashes_is_refused_by_name_and_can_be_renamed():
    source = table(column("id", "int", nullable=False), column("load_id", "int"))
    chains, refused = plan_chains(manifest(source), Config())
    assert not chains
    assert "column [load_id] and audit column load_id" in refused[0].reason
    renamed = plan_chain(source, Config(audit_columns={"load_id": "mssr_load", "migrated_at": None}), "d")
    assert [name for _, name in renamed.audit] == ["source_schema", "mssr_load"]


def test_two_schemas_may_not_share_a_target_table():
    tables = things(schema="a"), things(schema="b"), things(schema="b", name="people")
    chains, refused = plan_chains(manifest(*tables), Config(), "analytics")
    assert [str(chain.table.id) for chain in chains] == ["b.people"]
    assert [str(r.table) for r in refused] == ["a.things", "b.things"]
    assert "Give their schemas different targets" in refused[0].reason


def test_excluding_what_is_not_there_or_part_of_the_key_is_refused():
    with pytest.raises(ConfigError, match=r"names nam, which is no column of it; did you mean name\?"):
        plan_chain(things(), Config(tables={"Sales.Things": {"exclude_columns": ["nam"]}}), "d")
    with pytest.raises(ConfigError, match="id is part of the key"):
        plan_chain(things(), Config(tables={"*": {"exclude_columns": ["id"]}}), "d")


def test_a_manifest_survives_its_json_and_a_wrong_one_is_told():
    made = manifest(things(description="客户"))
    assert Manifest.from_json(made.to_json()) == made
    with pytest.raises(ConfigError, match="mssql-starrocks discover"):
        Manifest.from_json("{}", "manifest.json")


def test_a_name_with_brackets_matches_itself():
    table = TableId("dbo", "a[1]")
    config = Config(include=("dbo.A[1]",), tables={"dbo.a[1]": {"key": "none"}})
    assert (config.selected([table]), config.options(table).key, config.unmatched([table])) == ((table,), "none", ())


def test_a_pattern_may_exclude_columns_that_some_tables_lack():
    config = Config(tables={"sales.*": {"exclude_columns": ["NAME", "ssn"]}})
    assert [c.name for c in plan_chain(things(), config, "d").columns] == ["id", "price"]


def test_a_table_under_row_level_security_is_copied_only_when_accepted():
    accepted = Config(tables={"sales.things": {"accept_row_filter": True}})
    assert plan_chain(things(row_filtered=True), accepted, "d").columns


def test_entries_that_match_nothing_are_named():
    config = Config(include=("sales.*", "nowhere.*"), targets={"Sales": "x", "hr": "y"}, tables={"salse.things": {}})
    assert config.unmatched([TableId("sales", "things")]) == ("nowhere.*", "salse.things", "targets: hr")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (things(schema="2024"), "2024 is no name for a StarRocks database; set targets"),
        (things(name="mssql_starrocks_loads"), "that name is our own in StarRocks"),
        (things(row_filtered=True), "under row-level security"),
        (table(column("secret", "int", masked=True), column("half", "int", computed="([secret]/2)"), key=()), "masked"),
    ],
)
def test_what_would_fail_late_is_refused_early(source, reason):
    chains, refused = plan_chains(manifest(source), Config(tables={"*": {"exclude_columns": ["secret"]}}))
    assert not chains
    assert reason in refused[0].reason


def test_a_file_of_authorities_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"MSSQL_CA_FILE: .*file /nowhere/ca\.pem does not exist"):
        Settings.load({**ENVIRONMENT, "MSSQL_CA_FILE": "/nowhere/ca.pem"}, dotenv=None)


def test_dotenv_fills_what_the_environment_lacks(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text("MSSQL_HOST=file\nMSSQL_PORT=1\n")
    monkeypatch.setenv("MSSQL_HOST", "environment")
    monkeypatch.delenv("MSSQL_PORT", raising=False)
    load_dotenv(file)
    assert (os.environ["MSSQL_HOST"], os.environ["MSSQL_PORT"]) == ("environment", "1")
    file.write_text("AWS_ACCES_KEY_ID=x\nAWS_PROFILE=mine\n")
    with pytest.raises(ConfigError, match="AWS_ACCES_KEY_ID; did you mean AWS_ACCESS_KEY_ID"):
        load_dotenv(file)


def test_entra_takes_mssql_python_for_everything(monkeypatch):
    from contextlib import nullcontext

    from mssql_starrocks.source import connect

    settings = Settings.load({**ENVIRONMENT, "MSSQL_AUTHENTICATION": "ActiveDirectoryServicePrincipal"}, dotenv=None)
    monkeypatch.setattr(connect, "reader_session", lambda _: nullcontext("a session of mssql-python"))
    with connect.control_session(settings.mssql) as session:
        assert session == "a session of mssql-python"
    assert "Authentication={ActiveDirectoryServicePrincipal}" in connect._connection_string(settings.mssql)
