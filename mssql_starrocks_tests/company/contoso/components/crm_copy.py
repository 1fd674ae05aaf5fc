"""A second database of Contoso's, on another server: only the port differs from the environment's."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mssql_starrocks.orchestration.component import SqlServerToStarRocks
from mssql_starrocks.orchestration.resources import MssqlResource
from mssql_starrocks.orchestration.translator import ChainProps


class CrmCopy(SqlServerToStarRocks):
    """The CRM database of Contoso in StarRocks."""

    def get_asset_spec(self, props: ChainProps) -> dg.AssetSpec:
        spec = super().get_asset_spec(props)
        return spec.replace_attributes(key=spec.key.with_prefix("crm"), owners=["team:crm"])

    def resources(self) -> Mapping[str, Any]:
        return {**super().resources(), "mssql": MssqlResource(port=dg.EnvVar.int("CRM_PORT"))}
