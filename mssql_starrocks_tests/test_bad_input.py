"""Bad input: one clear message with what to do, and nothing half-visible in lake or warehouse."""

import itertools
import socket

import pytest
from pydantic import SecretStr

from mssql_starrocks import stages
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import (
    LakeError,
    SourceError,
    SourceUnreachableError,
    WarehouseError,
    WarehouseUnreachableError,
)
from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.platform import NoSpark, Platform

_number = itertools.count()


@pytest.fixture
def platform(own_box):
    """One table in a schema of its own: moto's Glue is one for the whole process."""
    made = Platform(own_box)
    made.schema = f"bad{next(_number)}"
    own_box.sqlserver.execute(f"CREATE SCHEMA {made.schema}")
    own_box.sqlserver.execute(f"CREATE TABLE {made.schema}.t (id int NOT NULL PRIMARY KEY, name nvarchar(20))")
    own_box.sqlserver.execute(f"INSERT INTO {made.schema}.t VALUES (1, N'a')")
    return made


def changed(section, **values):
    return section.model_copy(update=values)


def snapshot(platform, chain, mssql=None, lake=None):
    settings = platform.settings
    return stages.snapshot(chain, mssql or settings.mssql, lake or settings.lake, NoSpark(), lambda _: None)


def nothing_visible(platform):
    catalog = open_catalog(platform.settings.lake)
    assert (platform.schema,) not in catalog.list_namespaces()
    assert (platform.schema,) not in platform.warehouse("SHOW DATABASES")


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("step", [discover, lambda s: None])
def test_a_wrong_source_password(platform, step):
    wrong = changed(platform.settings.mssql, password=SecretStr("canary-wrong"))
    chain = platform.chains()[f"{platform.schema}.t"]
    with pytest.raises(SourceError, match="refused the login of sandbox_reader to Company: check MSSQL_USER") as e:
        discover(wrong) if step is discover else snapshot(platform, chain, mssql=wrong)
    assert "canary" not in str(e.value)
    nothing_visible(platform)


@pytest.mark.parametrize("step", ["discover", "snapshot"])
def test_a_database_that_does_not_exist(platform, step):
    wrong = changed(platform.settings.mssql, database="Nowhere")
    chain = platform.chains()[f"{platform.schema}.t"]
    with pytest.raises(SourceError, match="Nowhere.*check .*MSSQL_DATABASE"):
        discover(wrong) if step == "discover" else snapshot(platform, chain, mssql=wrong)
    nothing_visible(platform)


def test_hosts_that_do_not_answer(platform):
    port = closed_port()
    chain = platform.chains()[f"{platform.schema}.t"]
    with pytest.raises(SourceUnreachableError, match="does not answer.*check MSSQL_HOST"):
        snapshot(platform, chain, mssql=changed(platform.settings.mssql, port=port))
    with pytest.raises(LakeError, match="does not answer.*AWS_ENDPOINT_URL"):
        snapshot(platform, chain, lake=changed(platform.settings.lake, endpoint=f"http://127.0.0.1:{port}"))
    platform.copy(chain)
    with pytest.raises(WarehouseUnreachableError, match="does not answer.*STARROCKS_HOST"):
        stages.load(chain, platform.settings.lake, changed(platform.settings.starrocks, port=port), lambda _: None)


def test_a_wrong_warehouse_password(platform):
    chain = platform.chains()[f"{platform.schema}.t"]
    platform.snapshot(chain)
    platform.prove_snapshot(chain)
    platform.publish(chain)
    wrong = changed(platform.settings.starrocks, password=SecretStr("canary-wrong"))
    with pytest.raises(
        WarehouseError, match="refused the login of root: check STARROCKS_USER and STARROCKS_PASSWORD"
    ) as e:
        stages.load(chain, platform.settings.lake, wrong, lambda _: None)
    assert "canary" not in str(e.value)
    assert (platform.schema,) not in platform.warehouse("SHOW DATABASES")


def test_a_table_that_may_not_be_read(platform):
    chain = platform.chains()[f"{platform.schema}.t"]
    platform.box.sqlserver.deny_select("sandbox_reader", f"{platform.schema}.t")
    with pytest.raises(SourceError, match=r"may not read table bad\d+\.t.*ON \[bad\d+\]\.\[t\] TO \[sandbox_reader\];"):
        snapshot(platform, chain)
    nothing_visible(platform)


def test_a_wrong_aws_key(platform):
    chain = platform.chains()[f"{platform.schema}.t"]
    wrong = changed(platform.settings.lake, access_key_id="AKIAWRONG", secret_access_key=SecretStr("canary-wrong"))
    with pytest.raises(LakeError, match="AWS refused the credentials.*AWS_ACCESS_KEY_ID") as error:
        snapshot(platform, chain, lake=wrong)
    assert "canary" not in str(error.value)
    nothing_visible(platform)


def test_a_bucket_that_does_not_exist(platform):
    chain = platform.chains()[f"{platform.schema}.t"]
    with pytest.raises(LakeError, match="bucket nowhere-at-all is not there.*S3_BUCKET"):
        snapshot(platform, chain, lake=changed(platform.settings.lake, bucket="nowhere-at-all"))


def test_a_table_of_somebody_else_in_starrocks_is_named_column_by_column(platform):
    platform.box.sqlserver.execute(f"CREATE TABLE {platform.schema}.replaced (id int NOT NULL PRIMARY KEY)")
    chain = platform.chains()[f"{platform.schema}.replaced"]
    platform.copy(chain)
    platform.warehouse(f"DROP TABLE {'.'.join(chain.names.warehouse)}")
    platform.warehouse(f"CREATE TABLE {'.'.join(chain.names.warehouse)} (a INT)")
    schema = {r.name: r for r in platform.prove_warehouse(chain)}["schema"]
    assert ("id", "absent") in [(d.what, d.found) for d in schema.differences]


def test_a_key_that_starrocks_cannot_hold_is_found_before_anything_is_published(platform):
    platform.box.sqlserver.execute(f"CREATE TABLE {platform.schema}.wide (name nvarchar(100) NOT NULL PRIMARY KEY)")
    platform.box.sqlserver.execute(f"INSERT INTO {platform.schema}.wide VALUES (N'{'漢' * 50}')")
    chain = platform.chains()[f"{platform.schema}.wide"]
    platform.snapshot(chain)
    reports = {r.name: r for r in platform.prove_snapshot(chain)}
    assert "key (name) should be at most 128 bytes and is 150 bytes: set key: none" in reports["schema"].summary
    with pytest.raises(LakeError, match="not published"):
        platform.publish(chain)
    without = platform.chains(tables={"*.wide": {"key": "none"}})[f"{platform.schema}.wide"]
    assert "DUPLICATE KEY" in platform_ddl(without)


def platform_ddl(chain):
    from mssql_starrocks.warehouse.ddl import create_table

    return create_table(chain)


def test_a_type_that_cannot_be_copied_does_not_stop_the_others(platform):
    platform.box.sqlserver.execute(f"CREATE TABLE {platform.schema}.f (id float NOT NULL PRIMARY KEY)")
    chains, refused = plan_chains(discover(platform.settings.mssql), Config())
    assert [str(c.table.id) for c in chains] == [f"{platform.schema}.t"]
    assert ".f.id: StarRocks takes no float in a primary key" in refused[0].reason
