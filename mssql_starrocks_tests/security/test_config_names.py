"""Names that come from configuration and environment: taken as they are, or refused by name."""

import pytest
from pydantic import SecretStr

from mssql_starrocks.chain import plan_chain
from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError, NameCollisionError, WarehouseError
from mssql_starrocks.model import Column, Key, Table, TableId
from mssql_starrocks.naming import column_slug, companion_slug
from mssql_starrocks.settings import MssqlSettings, Settings
from mssql_starrocks.source.errors import translate
from mssql_starrocks.warehouse.ledger import target_key
from mssql_starrocks.warehouse.replace import drop, shadow_name
from mssql_starrocks_tests.security.made import Recorder
from mssql_starrocks_tests.tables import chain, column, table

HOSTILE = ["x; DROP TABLE t; --", "a'b", 'a"b', "a`b", "a b", "a.b", "a]b", "a\nb", "größe", "a$b", "x" * 300, "a\\b"]
BASE = {"MSSQL_HOST": "h", "MSSQL_USER": "u", "MSSQL_PASSWORD": "p", "MSSQL_DATABASE": "d", "STARROCKS_HOST": "h",
        "STARROCKS_USER": "u", "S3_BUCKET": "b"}  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "field",
    [
        lambda v: {"lake_prefix": v},
        lambda v: {"targets": {"sales": v}},
        lambda v: {"audit_columns": {"load_id": v}},
    ],
    ids=["lake_prefix", "targets", "audit_columns"],
)
def test_configuration(field, value):
    name = next(iter(field(value)))
    with pytest.raises(ConfigError, match=name):
        Config.parse(field(value), "file.yaml")


@pytest.mark.parametrize("name", ["information_schema", "SYS", "_statistics_", "__x", "_", "1st"])
def test_databases_of_starrocks_itself_and_what_it_does_not_take(name):
    with pytest.raises(ConfigError, match="no name for a StarRocks database"):
        Config.parse({"targets": {"sales": name}}, "file.yaml")
    with pytest.raises(ConfigError, match=r"no name for a StarRocks database; set targets"):
        plan_chain(table(column("id", "int", nullable=False)), Config(), "d", name)


@pytest.mark.parametrize("value", [*HOSTILE, "h;encrypt=false", "h,1", "h}", "h{", "u@h", "h/x", "h?x"])
@pytest.mark.parametrize("setting", ["MSSQL_HOST", "STARROCKS_HOST"])
def test_a_host_ends_no_url_and_begins_no_property(setting, value):
    if value in ("a.b", "größe", "a$b"):
        pytest.skip("may be a host")
    with pytest.raises(ConfigError, match=setting):
        Settings.load({**BASE, setting: value}, dotenv=None)


@pytest.mark.parametrize("host", ["sql.example.com", "10.0.0.1", "::1", "fe80::1%eth0", "größe.example"])
def test_hosts_that_are_hosts(host):
    assert Settings.load({**BASE, "MSSQL_HOST": host}, dotenv=None).mssql.host == host


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("setting", ["STARROCKS_CATALOG", "STARROCKS_LAKE_ROLE", "S3_BUCKET", "AWS_REGION"])
def test_settings(setting, value):
    if (setting, value) == ("S3_BUCKET", "a.b"):
        pytest.skip("a bucket")
    with pytest.raises(ConfigError, match=setting):
        Settings.load({**BASE, setting: value}, dotenv=None)


def test_an_authority_file_is_one_line_of_a_configuration(tmp_path):
    file = tmp_path / "ca.pem\n\tcheck certificate hostname = no"
    file.write_text("")
    with pytest.raises(ConfigError, match="MSSQL_CA_FILE"):
        Settings.load({**BASE, "MSSQL_CA_FILE": str(file)}, dotenv=None)


def test_long_names_keep_apart_and_fit():
    long, other = "x" * 128, "x" * 127 + "y"
    assert column_slug(long) == long
    assert len(companion_slug(long, "offset_min")) == 128
    assert companion_slug(long, "ns100") != companion_slug(other, "ns100")
    assert companion_slug("at", "ns100") == "at__ns100"
    assert len(column_slug("İ" * 128).encode("utf-16-le")) <= 256


@pytest.mark.parametrize(
    "pair", [("A", "a"), ("\u017f", "s"), ("\u0131", "I"), ("a b", "a.b"), ("\u03a3", "\u03c2"), ("\u212a", "k")]
)
def test_columns_that_one_system_takes_for_one_are_refused_by_name(pair):
    columns = [Column("id", 1, "int", nullable=False), *(Column(n, i, "int") for i, n in enumerate(pair, 2))]
    with pytest.raises(NameCollisionError, match=f"column {pair[0]} and column {pair[1]} would both become"):
        chain(table(*columns))


def two_cases(**options):
    columns = (Column("id", 1, "int", nullable=False), Column("Name", 2, "int"), Column("NAME", 3, "int"))
    source = Table(TableId("s", "t"), 1, columns, (Key("PK", ("id",), primary=True),))
    return plan_chain(source, Config(tables={"s.t": options}), "d")


def test_columns_that_differ_in_case_only_are_told_apart():
    assert [c.source for c in two_cases(exclude_columns=["Name"]).columns] == ["id", "NAME"]
    assert [c.source for c in two_cases(exclude_columns=["NAME"]).columns] == ["id", "Name"]
    with pytest.raises(ConfigError, match="name may be Name or NAME"):
        two_cases(exclude_columns=["name"])


def test_the_ledger_cannot_make_us_drop_a_table():
    made, session = chain(), Recorder()
    for name in ("orders", "things", "things__mssr_", "things__mssr_0123456g", "x`; DROP", "other__mssr_01234567"):
        with pytest.raises(WarehouseError, match="somebody changed the ledger"):
            drop(session, made, name)
    assert session.said == []
    drop(session, made, shadow_name(made))
    assert len(session.said) == 1


def test_advice_that_is_copied_by_an_administrator_is_quoted():
    mssql = MssqlSettings(host="h", user="u; --", password=SecretStr("p"), database="d")
    error = translate(Exception(229, "denied"), mssql, TableId("s", "t] TO public; --"))
    assert str(error).endswith("GRANT SELECT ON [s].[t]] TO public; --] TO [u; --];")


def test_a_long_target_has_a_key_of_its_own_in_the_ledger():
    def key(name):
        return target_key(chain(table(column("id", "int", nullable=False), name=name)))

    assert key("things") == "sales.things"
    assert key("x" * 122) == "sales." + "x" * 122
    assert len(key("x" * 128)) == len(key("y" + "x" * 127)) == 128
    assert key("x" * 128) != key("x" * 127 + "y")
