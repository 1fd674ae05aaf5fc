"""Subclasses as somebody else's project would write them."""

import dagster as dg

from mssql_starrocks.orchestration.component import SqlServerToStarRocks
from mssql_starrocks.orchestration.resources import MssqlResource


class OurCopy(SqlServerToStarRocks):
    """Own groups, own connection, and a line in the log around each stage."""

    def get_asset_spec(self, props):
        return super().get_asset_spec(props).replace_attributes(group_name="erp")

    def execute(self, context: dg.AssetExecutionContext, props, run):
        context.log.info(f"ours: {props.stage.value}")
        return super().execute(context, props, run)

    def resources(self):
        return {**super().resources(), "mssql": MssqlResource(host="their.server")}


class OtherCopy(SqlServerToStarRocks):
    """Another server, and keys that stay apart from those of equal tables."""

    def get_asset_spec(self, props):
        spec = super().get_asset_spec(props)
        return spec.replace_attributes(key=spec.key.with_prefix("other"))

    def resources(self):
        return {**super().resources(), "mssql": MssqlResource(host="other.server")}
