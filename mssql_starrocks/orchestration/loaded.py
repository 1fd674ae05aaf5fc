"""One chain as Dagster holds it."""

from dataclasses import dataclass

import dagster as dg

from mssql_starrocks.chain import Chain


@dataclass(frozen=True)
class LoadedChain:
    """A chain and what Dagster holds of it."""

    chain: Chain
    assets: tuple[dg.AssetsDefinition, ...]
    checks: tuple[dg.AssetChecksDefinition, ...]

    @property
    def keys(self) -> tuple[dg.AssetKey, ...]:
        """Snapshot, lake and warehouse asset."""
        return tuple(asset.key for asset in self.assets)

    @property
    def warehouse(self) -> dg.AssetSpec:
        """What the translator made of the StarRocks table."""
        return self.assets[-1].get_asset_spec()
