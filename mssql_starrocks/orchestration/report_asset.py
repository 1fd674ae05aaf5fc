"""The report of a schema, as an asset behind its StarRocks tables; off until `report` says where it goes."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import dagster as dg

from mssql_starrocks.chain import Refused
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.naming import slug
from mssql_starrocks.orchestration.assets import STARROCKS_POOL, op_name
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.measures import recorded
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.speed import inspected_once
from mssql_starrocks.report import Asked, gather, write

Value = TypeVar("Value", bound=Hashable)


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
        found[schema] = _report_asset(schema, asked, chains, config.report)
    return found


def _report_asset(schema: str, asked: Asked, chains: Sequence[LoadedChain], folder: str) -> dg.AssetsDefinition:
    key, own = dg.AssetKey([*_prefix(chains), "report", schema]), Own(asked.config.name)
    keys = {one.chain.table.id: one.keys for one in chains}
    place = f"{folder.rstrip('/')}/{own.named(schema)}.html"

    @dg.asset(
        key=key,
        deps=[found[-1] for found in keys.values()],
        group_name=_group(chains) or schema,
        owners=_owners(chains),
        kinds={"html"},
        pool=STARROCKS_POOL,
        required_resource_keys=own.keys("lake", "starrocks"),
        description=f"Proves schema `{schema}` again from lake and StarRocks and writes the report. It waits for every "
        "table: when one fails, materialise it alone, or run `mssql-starrocks report`.",
    )
    @inspected_once
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        use = own.connections(context.resources)
        with one_line_failures(op_name(key)):
            measures = recorded(context.instance, lambda chain: keys[chain.table.id])
            made = gather(asked, use.lake.settings(), use.starrocks.settings(), measures)
            files = write(made, place, None, use.lake.settings())
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


def _prefix(chains: Sequence[LoadedChain]) -> tuple[str, ...]:
    """What a translator put before the keys of all these tables."""
    return _agreed([_before(one) for one in chains]) or ()


def _before(one: LoadedChain) -> tuple[str, ...]:
    path, plain = tuple(one.keys[-1].path), one.chain.names.warehouse_key
    return path[: -len(plain)] if path[-len(plain) :] == plain else ()


def _group(chains: Sequence[LoadedChain]) -> str | None:
    return _agreed([one.warehouse.group_name for one in chains])


def _owners(chains: Sequence[LoadedChain]) -> tuple[str, ...]:
    """The tables' owners, where a translator gave them: those of the configuration are of single tables."""
    if all(tuple(one.warehouse.owners) == one.chain.owners for one in chains):
        return ()
    return _agreed([tuple(one.warehouse.owners) for one in chains]) or ()


def _agreed(values: Sequence[Value]) -> Value | None:
    """What all of them are; None where they differ."""
    return values[0] if len(set(values)) == 1 else None
