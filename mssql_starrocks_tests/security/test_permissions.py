"""The chain runs with the printed rights, and with none of them taken away."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import count
from urllib.parse import parse_qs, unquote

import pytest

from mssql_starrocks.errors import ConfigError, MssqlStarrocksError, SourceError, WarehouseError
from mssql_starrocks.permissions import lake_policy, reader_policy, source_grants, warehouse_grants
from mssql_starrocks.sandbox import aws
from mssql_starrocks.settings import LakeSettings, Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks.warehouse.external import catalog_properties, create_catalog
from mssql_starrocks_tests.platform import Platform, failed
from mssql_starrocks_tests.tables import chain as chain_of

PASSWORD = "Least-1-Secret"
TABLE = "things"
_number = count()  # moto's Glue is one for the whole process


@dataclass
class Least(Platform):
    """The platform with a StarRocks user of its own."""

    schema: str = ""
    starrocks_user: str = "loader"

    @property
    def table(self) -> str:
        return f"{self.schema}.{TABLE}"

    @property
    def settings(self) -> Settings:
        own = {"STARROCKS_USER": self.starrocks_user, "STARROCKS_PASSWORD": PASSWORD}
        return Settings.load(self.box.environment() | own, dotenv=None)


@pytest.fixture
def least(own_box) -> Least:
    schema = f"least{next(_number)}"
    own_box.sqlserver.execute(f"CREATE SCHEMA {schema}")
    for name in (TABLE, "others"):
        own_box.sqlserver.execute(f"CREATE TABLE {schema}.{name} (id int NOT NULL PRIMARY KEY, v nvarchar(20))")
        own_box.sqlserver.execute(f"INSERT INTO {schema}.{name} VALUES (1, N'a'), (2, NULL)")
    own_box.sqlserver.execute("CREATE TABLE dbo.hidden (id int NOT NULL PRIMARY KEY)")
    made = Least(own_box, schema=schema)
    own_box.starrocks.execute(f"CREATE USER loader IDENTIFIED BY '{PASSWORD}'")
    return made


def planned(least, **config):
    return least.chains(lake_prefix="least_", include=[least.table], **config)[least.table]


def permit(least, chain, user="loader", without=None):
    """Run the printed StarRocks SQL, as root, perhaps with something left out."""
    settings = least.settings
    if ("mssr_lake",) not in [row[:1] for row in least.box.starrocks.execute("SHOW CATALOGS")]:
        least.box.starrocks.execute(create_catalog("mssr_lake", catalog_properties(settings.lake)))
    text = warehouse_grants(settings.starrocks.model_copy(update={"user": user}), [chain])
    assert "ALL PRIVILEGES" not in text
    least.box.starrocks.execute(without(text) if without else text)


def test_the_chain_runs_with_the_printed_grants(least):
    mssql = least.settings.mssql
    chain = planned(least)
    text = source_grants(mssql, [chain])
    assert "db_datareader" not in text
    least.box.sqlserver.execute(text)
    permit(least, chain)
    seen = [str(table.id) for table in discover(mssql).tables]
    # VIEW DEFINITION is on the schema; of other schemas not even names are seen
    assert seen == [f"{least.schema}.others", least.table]
    for _ in range(2):  # RENAME, then OVERWRITE
        assert not failed(least.copy(planned(least)))
    least.box.sqlserver.execute(f"ALTER TABLE {least.table} ADD w int NULL")
    assert not failed(least.copy(planned(least)))  # ALTER
    least.box.sqlserver.execute(f"ALTER TABLE {least.table} ADD x int NOT NULL DEFAULT 1")
    assert not failed(least.copy(planned(least)))  # SWAP
    assert least.warehouse(f"SELECT count(*) FROM {least.table}") == [(2,)]


def test_a_login_that_may_not_see_grants_replaces_no_table(least):
    chain = planned(least)
    assert not failed(Platform(least.box).copy(chain))
    permit(least, chain, without=lambda text: "\n".join(t for t in text.splitlines() if "grants_to" not in t))
    least.box.sqlserver.execute(f"ALTER TABLE {least.table} ADD x int NOT NULL DEFAULT 1")
    changed = planned(least)
    Platform(least.box).snapshot(changed)
    Platform(least.box).publish(changed)
    with pytest.raises(WarehouseError, match=r"GRANT SELECT ON TABLE sys\.grants_to_users, sys\.grants_to_roles to it"):
        least.load(changed)
    permit(least, chain)
    assert least.load(changed).how == "swap"


def test_what_is_not_granted_is_not_read(least):
    chain = planned(least)
    other = least.chains(lake_prefix="least_", include=[f"{least.schema}.others"])[f"{least.schema}.others"]
    least.box.sqlserver.execute(source_grants(least.settings.mssql, [chain]))
    with pytest.raises(SourceError):
        least.snapshot(other)


@pytest.mark.parametrize("missing", ["SELECT ON OBJECT", "VIEW DEFINITION"])
def test_each_grant_in_the_source_is_needed(least, missing):
    chain = planned(least)
    lines = source_grants(least.settings.mssql, [chain]).splitlines(keepends=True)
    kept = [line for line in lines if missing not in line]
    assert len(kept) < len(lines)
    least.box.sqlserver.execute("".join(kept))
    with pytest.raises((MssqlStarrocksError, KeyError)):
        least.snapshot(planned(least))


def test_each_grant_in_the_warehouse_is_needed(least):
    """A user a time that lacks one of them: it cannot load, be it for the first time or again."""
    chain = planned(least)
    assert not failed(Platform(least.box).copy(chain))
    permit(least, chain)
    for number, missing in enumerate(WAREHOUSE_GRANTS):
        user = f"lacking{number}"
        least.box.starrocks.execute(f"CREATE USER {user} IDENTIFIED BY '{PASSWORD}'")
        permit(least, chain, user, partial(without, missing, chain))
        lacking = Least(least.box, schema=least.schema, starrocks_user=user)
        Platform(least.box).load(chain)
        with pytest.raises(WarehouseError, match="lacks a privilege"):
            load_twice(lacking, chain)
    Platform(least.box).load(chain)
    load_twice(least, chain)


WAREHOUSE_GRANTS = ("CREATE TABLE", "SELECT, ", "INSERT, ", "ALTER, ", ", DROP", "USAGE", "the lake")


def without(missing: str, chain, text: str) -> str:
    """The printed grants without one privilege, or without the right to read the lake."""
    if "," in missing:
        return text.replace(missing, "", 1)
    mark = f"`{chain.names.lake_database}`" if missing == "the lake" else f"GRANT {missing}"
    kept = [line for line in text.splitlines() if mark not in line]
    assert len(kept) == len(text.splitlines()) - 1
    return "\n".join(kept)


def load_twice(platform, chain):
    """OVERWRITE needs no ALTER, and RENAME does."""
    platform.load(chain)
    platform.box.starrocks.execute(f"DROP TABLE {platform.table} FORCE")
    platform.load(chain)


@dataclass
class Requests:
    """What came to Glue and S3, as IAM names it."""

    application: object
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def __call__(self, environ, start_response):
        if "HTTP_X_AMZ_TARGET" in environ:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            self.seen.update(_glue(environ, body))
        else:
            self.seen.update(_s3(environ))
        return self.application(environ, start_response)


GLUE = f"arn:aws:glue:{aws.REGION}:*"


def _glue(environ, body) -> Iterator[tuple[str, str, str]]:
    action = "glue:" + environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
    asked = json.loads(body)
    database = asked.get("DatabaseName") or asked.get("DatabaseInput", {}).get("Name") or asked.get("Name")
    yield action, f"{GLUE}:catalog", ""
    if database:
        yield action, f"{GLUE}:database/{database}", ""
    table = (asked.get("TableInput", {}).get("Name") or asked.get("Name")) if "DatabaseName" in asked else None
    if table:
        yield action, f"{GLUE}:table/{database}/{table}", ""


def _s3(environ) -> Iterator[tuple[str, str, str]]:
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    query, method = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True), environ["REQUEST_METHOD"]
    if not key:
        action = {"GET": "s3:ListBucket", "HEAD": "s3:ListBucket", "POST": "s3:DeleteObject"}[method]
        yield action, f"arn:aws:s3:::{bucket}", query.get("prefix", [""])[0]
        return
    if method == "DELETE" and "uploadId" in query:
        action = "s3:AbortMultipartUpload"
    else:
        action = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}.get(
            method, "s3:PutObject"
        )
    yield action, f"arn:aws:s3:::{bucket}/{key}", ""


def allowed(policy: str, request: tuple[str, str, str]) -> bool:
    action, resource, prefix = request
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and (
            "Condition" not in statement
            or any(fnmatchcase(prefix, p) for p in statement["Condition"]["StringLike"]["s3:prefix"])
        )
        for statement in json.loads(policy)["Statement"]
    )


@pytest.fixture
def requests(least):
    server = least.box.aws._server
    found = Requests(server.app)
    server.app = found
    yield found
    server.app = found.application


def test_the_lake_is_used_by_the_printed_policies_only(least, requests):
    chain, lake = planned(least), least.settings.lake
    permit(least, chain)
    least.snapshot(chain)
    least.prove_snapshot(chain)
    least.publish(chain)
    written = {*requests.seen}
    requests.seen.clear()
    least.load(chain)
    least.prove_warehouse(chain)
    assert {"glue:CreateTable", "glue:UpdateTable", "s3:PutObject", "s3:GetObject"} <= {
        action for action, *_ in written
    }
    assert [r for r in sorted(written) if not allowed(lake_policy(lake, [chain]), r)] == []
    assert {"glue:GetTable", "s3:GetObject"} <= {action for action, *_ in requests.seen}
    assert [r for r in sorted(requests.seen) if not allowed(reader_policy(lake, [chain]), r)] == []


def test_the_check_of_policies_can_fail():
    made = chain_of()
    policy = lake_policy(LakeSettings(bucket="b"), [made])
    assert allowed(policy, ("glue:GetTable", "arn:aws:glue:us-east-1:*:table/sales/things", ""))
    assert allowed(policy, ("s3:ListBucket", "arn:aws:s3:::b", "warehouse/sales/things"))
    for request in (
        ("glue:DeleteTable", "arn:aws:glue:us-east-1:*:table/sales/things", ""),
        ("glue:GetTable", "arn:aws:glue:us-east-1:*:table/sales/other", ""),
        ("s3:GetObject", "arn:aws:s3:::b/warehouse/hr/x", ""),
        ("s3:PutObject", "arn:aws:s3:::other/warehouse/sales/x", ""),
        ("s3:ListBucket", "arn:aws:s3:::b", "warehouse/hr/"),
    ):
        assert not allowed(policy, request), request
    assert not allowed(
        reader_policy(LakeSettings(bucket="b"), [made]), ("s3:PutObject", "arn:aws:s3:::b/warehouse/sales/x", "")
    )


def test_policies_name_account_partition_and_only_glue():
    made = chain_of()
    china = lake_policy(LakeSettings(bucket="b", region="cn-north-1"), [made], "123456789012")
    assert "arn:aws-cn:glue:cn-north-1:123456789012:table/sales/things" in china
    with pytest.raises(ConfigError, match="rest catalog"):
        reader_policy(LakeSettings(catalog="rest", bucket="b"), [made])
