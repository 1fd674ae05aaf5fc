"""The product against a sandbox: settings, chains, and the stages in a row."""

import re
from dataclasses import dataclass, field

import pymysql

from mssql_starrocks import stages
from mssql_starrocks.chain import Chain, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.model import CheckReport
from mssql_starrocks.settings import LakeSettings, Settings
from mssql_starrocks.source.discover import discover


class NoSpark:
    """For tests whose chains must not need a JVM."""

    @property
    def settings(self):
        raise AssertionError("the arrow engine asked for Spark")

    def session(self, lake):
        raise AssertionError("the arrow engine asked for Spark")


@dataclass
class Platform:
    """One deployment against one sandbox."""

    box: object
    spark: object = field(default_factory=NoSpark)

    @property
    def settings(self) -> Settings:
        return Settings.load(self.box.environment(), dotenv=None)

    def chains(self, **config) -> dict[str, Chain]:
        chains, refused = plan_chains(discover(self.settings.mssql), Config(**{"retries": 0, **config}))
        assert not refused, refused
        return {str(chain.table.id): chain for chain in chains}

    def snapshot(self, chain: Chain):
        return stages.snapshot(chain, self.settings.mssql, self.settings.lake, self.spark, _quiet)

    def prove_snapshot(self, chain: Chain) -> tuple[CheckReport, ...]:
        return stages.prove_snapshot(chain, self.settings.lake, mssql=self.settings.mssql)

    def publish(self, chain: Chain):
        return stages.publish(chain, self.settings.lake, _quiet)

    def load(self, chain: Chain):
        return stages.load(chain, self.settings.lake, self.settings.starrocks, _quiet, self.spark)

    def prove_warehouse(self, chain: Chain) -> tuple[CheckReport, ...]:
        return stages.prove_warehouse(chain, self.settings.lake, self.settings.starrocks)

    def copy(self, chain: Chain) -> tuple[CheckReport, ...]:
        """The whole chain; the six reports."""
        self.snapshot(chain)
        lake = self.prove_snapshot(chain)
        self.publish(chain)
        self.load(chain)
        return lake + self.prove_warehouse(chain)

    def warehouse(self, sql: str) -> list[tuple]:
        starrocks = self.settings.starrocks
        connection = pymysql.connect(
            host=starrocks.host,
            port=starrocks.port,
            user=starrocks.user,
            password=starrocks.password.get_secret_value(),
            ssl_ca=starrocks.ca_file,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]


def glue_settings(aws) -> LakeSettings:
    from mssql_starrocks.sandbox import aws as sandbox

    return LakeSettings(
        region=sandbox.REGION,
        access_key_id=sandbox.ACCESS_KEY,
        secret_access_key=sandbox.SECRET_KEY,
        endpoint=aws.endpoint,
        bucket=sandbox.BUCKET,
    )


def _quiet(_: str) -> None:
    pass


def decision(reports: tuple[CheckReport, ...]) -> str:
    """What the schema check says to set under accept_schema_change."""
    found = re.search(r"accept_schema_change: \[(\w+)\]", next(r for r in reports if r.name == "schema").summary)
    assert found, failed(reports)
    return found[1]


def failed(reports: tuple[CheckReport, ...]) -> list[str]:
    return [f"{r.summary} {r.differences}" for r in reports if not r.passed]
