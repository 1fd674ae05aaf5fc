"""Where a chain's tables are found outside of Dagster: links on the asset pages. Nothing here opens a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.resources import GlueCatalogResource, StarRocksResource
from mssql_starrocks.settings import LakeSettings, StarRocksSettings

_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True)
class Places:
    """What the settings say when definitions load; nothing where they are incomplete."""

    lake: LakeSettings | None = None
    starrocks: StarRocksSettings | None = None

    @staticmethod
    def of(resources: Mapping[str, Any]) -> "Places":
        lake, starrocks = resources["lake"], resources["starrocks"]
        return Places(
            _known(lake.place) if isinstance(lake, GlueCatalogResource) else None,
            _known(starrocks.settings) if isinstance(starrocks, StarRocksResource) else None,
        )

    def lake_links(self, chain: Chain) -> dict[str, Any]:
        """The table's prefix and, in AWS' own Glue, its page in the console."""
        if self.lake is None:
            return {}
        database, table = chain.names.lake
        found: dict[str, Any] = {"dagster/uri": f"{self.lake.warehouse}/{database}/{table}"}
        if self.lake.catalog == "glue" and not self.lake.endpoint:
            found["glue/table"] = dg.MetadataValue.url(glue_url(self.lake.region, database, table))
        return found

    def warehouse_links(self, chain: Chain) -> dict[str, Any]:
        """The table's address, and the front end's own pages about its databases."""
        if self.starrocks is None:
            return {}
        there, table = self.starrocks, "/".join(chain.names.warehouse)
        scheme, host = "https" if there.https else "http", there.http_host or there.host
        return {
            "dagster/uri": f"starrocks://{there.host}:{there.port}/{table}",
            "starrocks/front_end": dg.MetadataValue.url(f"{scheme}://{host}:{there.http_port}/system?path=//dbs"),
        }


NOWHERE = Places()


def glue_url(region: str, database: str, table: str) -> str:
    """A table's page in the AWS console of its region."""
    console = next((host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "console.aws.amazon.com")
    page = f"data-catalog/tables/view/{table}?database={database}"
    return f"https://{region}.{console}/glue/home?region={region}#/v2/{page}"


def _known(settings: Any) -> Any:
    """Settings, or None where one is missing or wrong: the first run says which."""
    try:
        return settings()
    except ConfigError:
        return None
