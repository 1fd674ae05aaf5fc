"""The report of a schema, as an asset behind its StarRocks tables; off until `report` says where it goes."""

from collections.abc import Sequence

import dagster as dg

from mssql_starrocks.chain import Refused
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.naming import slug
from mssql_starrocks.orchestration.assets import STARROCKS_POOL, op_name
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.measures import recorded
from mssql_starrocks.orchestration.resources import GlueCatalogResource, StarRocksResource
from mssql_starrocks.orchestration.speed import inspected_once
from mssql_starrocks.report import Asked, gather, write


def report_assets(
    config: Config, manifest: Manifest, loaded: Sequence[LoadedChain], refused: Sequence[Refused]
) -> dict[str, dg.AssetsDefinition]:
    """One asset per schema, by its name in asset keys."""
    if config.report is None:
        return {}
    found = {}
    for schema in dict.fromkeys(one.chain.names.schema for one in loaded):
        chains = [one for one in loaded if one.chain.names.schema == schema]
        without = tuple(r for r in refused if slug(r.table.schema) == schema)
        asked = Asked(f"schema {schema}", tuple(one.chain for one in chains), without, manifest, config)
        found[schema] = _report_asset(schema, asked, {one.chain.table.id: one.keys for one in chains}, config.report)
    return found


def _report_asset(
    schema: str, asked: Asked, keys: dict[object, tuple[dg.AssetKey, ...]], folder: str
) -> dg.AssetsDefinition:
    key = dg.AssetKey(["report", schema])

    @dg.asset(
        key=key,
        deps=[found[-1] for found in keys.values()],
        group_name=schema,
        kinds={"html"},
        pool=STARROCKS_POOL,
        description=f"Proves schema `{schema}` again from lake and StarRocks and writes the report. It waits for every "
        "table: when one fails, materialise it alone, or run `mssql-starrocks report`.",
    )
    @inspected_once
    def report(
        context: dg.AssetExecutionContext, lake: GlueCatalogResource, starrocks: StarRocksResource
    ) -> dg.MaterializeResult[None]:
        with one_line_failures(op_name(key)):
            measures = recorded(context.instance, lambda chain: keys[chain.table.id])
            made = gather(asked, lake.settings(), starrocks.settings(), measures)
            files = write(made, f"{folder.rstrip('/')}/{schema}.html", None, lake.settings())
        summary = made.summary
        return dg.MaterializeResult(
            metadata={
                "certified": summary.certified,
                "tables": summary.tables,
                "certified_tables": summary.certified_tables,
                "dagster/row_count": summary.rows,
                "signature": made.signature,
                **{what: dg.MetadataValue.text(location) for what, location, _ in files},
            }
        )

    return report
