"""Statements that StarRocks gets: DDL for every type and key, the external catalog, the server's opinion."""

import pytest
from pydantic import SecretStr

from mssql_starrocks.errors import ConfigError, WarehouseError
from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks.settings import LakeSettings, StarRocksSettings
from mssql_starrocks.types.dialects import quote_starrocks, text_starrocks
from mssql_starrocks.warehouse.connect import warehouse_session
from mssql_starrocks.warehouse.ddl import create_table, ddl_fingerprint
from mssql_starrocks.warehouse.external import catalog_properties, ensure_catalog
from mssql_starrocks.warehouse.schema import columns_of, schema_differences
from mssql_starrocks_tests.tables import chain, column, table
from mssql_starrocks_tests.types.test_mapping import KEYS, VALUES


@pytest.fixture(scope="module", params=["3.5.3", "4.1.0"])
def server(request):
    with StarRocks(users={"root": ""}, version=request.param) as made:
        made.execute("CREATE DATABASE sales")
        yield made


def session(server):
    return warehouse_session(StarRocksSettings(host=server.host, port=server.port, user="root"))


@pytest.mark.parametrize("source", [source for source, _ in VALUES], ids=str)
def test_a_table_of_every_type_is_taken_and_is_what_was_planned(server, source):
    kind, facts = source
    made = chain(table(column("id", "int", nullable=False), column("c", kind, description='it\'s "so"\n', **facts)))
    check(server, made)


@pytest.mark.parametrize("source", [source for source, _ in KEYS], ids=str)
def test_a_table_of_every_key_is_taken_and_is_what_was_planned(server, source):
    kind, facts = source
    check(server, chain(table(column("v", "float"), column("id", kind, nullable=False, **facts))))


@pytest.mark.parametrize("kind", ["float", "varbinary", "int"])
def test_a_table_without_key_finds_a_column_to_lead(server, kind):
    made = chain(table(column("c", kind, max_length=8), key=()))
    assert "DUPLICATE KEY" in create_table(made)
    check(server, made)


def check(server, made):
    server.execute("DROP TABLE IF EXISTS sales.things FORCE")
    with session(server) as open_session:
        open_session.run(create_table(made))
        assert not schema_differences(made, columns_of(open_session, made.names.warehouse))


def test_the_ddl_fingerprint_follows_types_not_comments():
    one = chain(table(column("id", "int", nullable=False), column("v", "int")))
    described = chain(table(column("id", "int", nullable=False), column("v", "int", description="x")))
    wider = chain(table(column("id", "int", nullable=False), column("v", "bigint")))
    assert ddl_fingerprint(one) == ddl_fingerprint(described) != ddl_fingerprint(wider)


def test_replicas_are_said_when_they_are_set():
    settings = StarRocksSettings(host="h", user="u", replication_num=1)
    assert create_table(chain(), settings).endswith('PROPERTIES ("replication_num" = "1")')


def test_a_literal_comes_back_as_it_was(server):
    texts = [
        "",
        "a'b",
        'a"b',
        "\\",
        "\\'",
        "\\\\n",
        "tab\tnew\nline\r",
        "\\N",
        "%s %d",
        "'; DROP TABLE x; --",
        "漢字 😀",
        "``",
    ]
    with session(server) as open_session:
        assert [open_session.rows(f"SELECT {text_starrocks(text)}")[0][0] for text in texts] == texts


@pytest.mark.parametrize("name", ["a`b", "", "a\nb", "a\0b"])
def test_a_name_that_cannot_be_written_safely_is_refused(name):
    with pytest.raises(ConfigError, match="cannot hold the name"):
        quote_starrocks(name)


LAKE = LakeSettings(bucket="b", access_key_id="AK", secret_access_key=SecretStr("sk"), endpoint="http://h:1")


def test_the_external_catalog_has_starrocks_own_property_names():
    """Misspelt names are never reported by StarRocks; these are the ones of facts/starrocks.md 4.1."""
    assert catalog_properties(LAKE) == {
        "type": "iceberg",
        "iceberg.catalog.type": "glue",
        "enable_iceberg_metadata_cache": "false",
        "aws.glue.use_instance_profile": "false",
        "aws.glue.access_key": "AK",
        "aws.glue.secret_key": "sk",
        "aws.glue.region": "us-east-1",
        "aws.glue.endpoint": "http://h:1",
        "aws.s3.use_instance_profile": "false",
        "aws.s3.access_key": "AK",
        "aws.s3.secret_key": "sk",
        "aws.s3.region": "us-east-1",
        "aws.s3.endpoint": "http://h:1",
        "aws.s3.enable_ssl": "false",
        "aws.s3.enable_path_style_access": "true",
    }
    role = catalog_properties(LakeSettings(bucket="b"))
    assert role["aws.s3.use_instance_profile"] == "true"
    assert not [key for key in role if key.endswith("_key")]


def test_temporary_keys_are_refused_by_name():
    with pytest.raises(WarehouseError, match="AWS_SESSION_TOKEN"):
        catalog_properties(LAKE.model_copy(update={"session_token": SecretStr("t")}))


def test_a_catalog_that_caches_is_refused_and_a_right_one_is_kept(server):
    settings = StarRocksSettings(host=server.host, port=server.port, user="root", catalog="mine")
    with session(server) as open_session:
        ensure_catalog(open_session, settings, LAKE)
        ensure_catalog(open_session, settings, LAKE)
        open_session.run("DROP CATALOG mine")
        cached = catalog_properties(LAKE) | {"enable_iceberg_metadata_cache": "true"}
        listed = ", ".join(f'"{k}" = "{v}"' for k, v in cached.items())
        open_session.run(f"CREATE EXTERNAL CATALOG mine PROPERTIES ({listed})")
        with pytest.raises(WarehouseError, match="caches metadata"):
            ensure_catalog(open_session, settings, LAKE)
        open_session.run("DROP CATALOG mine")
