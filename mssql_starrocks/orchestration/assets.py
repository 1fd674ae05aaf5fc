"""The chain factory: one source table becomes three assets. The work itself is in stages/."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dagster as dg

from mssql_starrocks import stages
from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration import reports
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.lineage import lake_lineage, warehouse_lineage
from mssql_starrocks.orchestration.own import NAMELESS, Own
from mssql_starrocks.orchestration.places import NOWHERE, Places
from mssql_starrocks.orchestration.run_load import load_of_run
from mssql_starrocks.orchestration.speed import inspected_once
from mssql_starrocks.orchestration.translator import ChainProps, ChainTranslator, Stage

Result = dg.MaterializeResult[None]
Execute = Callable[[dg.AssetExecutionContext, ChainProps, Callable[[], Result]], Result]

MSSQL_POOL, STARROCKS_POOL = "mssql", "starrocks"


def run_stage(context: dg.AssetExecutionContext, props: ChainProps, run: Callable[[], Result]) -> Result:
    """The default `execute`: only the stage itself."""
    return run()


@dataclass(frozen=True)
class Factory:
    """How chains become assets; users can replace both parts.

    Attributes:
        translator: names and describes each asset.
        execute: is called in the place of each stage, with a function that runs it.
        places: where the tables can be looked at.
        own: what the connections are called.

    """

    translator: ChainTranslator
    execute: Execute
    places: Places = NOWHERE
    own: Own = NAMELESS

    def specs(self, chain: Chain) -> dict[Stage, dg.AssetSpec]:
        """The chain's specs, each depending on the stage before.

        Raises:
            ConfigError: Dagster does not take an owner or a tag.
            MssqlStarrocksError: the target's DDL cannot be written.

        """
        specs: dict[Stage, dg.AssetSpec] = {}
        before: dg.AssetKey | None = None
        for stage in Stage:
            spec = self._spec(ChainProps(stage, chain, self.places))
            if before is not None:
                spec = spec.replace_attributes(deps=[before, *spec.deps])
            specs[stage], before = spec, spec.key
        return specs

    def _spec(self, props: ChainProps) -> dg.AssetSpec:
        try:
            return self.translator.get_asset_spec(props)
        except dg.DagsterInvalidDefinitionError as error:  # an owner or a tag of the configuration
            raise ConfigError(f"tables: {props.chain.table.id}: {' '.join(str(error).split())}") from None


def chain_assets(
    chain: Chain, specs: Mapping[Stage, dg.AssetSpec], execute: Execute, own: Own
) -> list[dg.AssetsDefinition]:
    """The three assets of one chain, in order."""
    return [
        _snapshot_asset(chain, specs[Stage.SNAPSHOT], execute, own),
        _lake_asset(chain, specs, execute, own),
        _warehouse_asset(chain, specs, execute, own),
    ]


def op_name(key: dg.AssetKey) -> str:
    """What Dagster itself would call it, also for keys that a translator gives."""
    return key.to_python_identifier()


def _snapshot_asset(chain: Chain, spec: dg.AssetSpec, execute: Execute, own: Own) -> dg.AssetsDefinition:
    props = ChainProps(Stage.SNAPSHOT, chain)

    @dg.multi_asset(
        specs=[spec],
        name=op_name(spec.key),
        pool=MSSQL_POOL,
        required_resource_keys=own.keys("mssql", "lake", "spark"),
    )
    @inspected_once
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        def run() -> Result:
            use = own.connections(context.resources)
            mssql, lake = use.mssql.settings(), use.lake.settings()
            report = stages.snapshot(chain, mssql, lake, use.spark.source(), context.log.info)
            return reports.snapshot_result(report)

        with one_line_failures(str(chain.table.id)):
            return execute(context, props, run)

    return snapshot


def _lake_asset(chain: Chain, specs: Mapping[Stage, dg.AssetSpec], execute: Execute, own: Own) -> dg.AssetsDefinition:
    props, spec, snapshot = ChainProps(Stage.LAKE, chain), specs[Stage.LAKE], specs[Stage.SNAPSHOT].key

    @dg.multi_asset(
        specs=[spec], name=op_name(spec.key), pool=lake_pool(chain), required_resource_keys=own.keys("lake")
    )
    @inspected_once
    def publish(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        def run() -> Result:
            load_id = load_of_run(context.instance, context.run_id, snapshot)
            lake = own.connections(context.resources).lake.settings()
            report = stages.publish(chain, lake, context.log.info, load_id)
            return reports.publish_result(report, lake_lineage(chain, snapshot))

        with one_line_failures(str(chain.table.id)):
            return execute(context, props, run)

    return publish


def _warehouse_asset(
    chain: Chain, specs: Mapping[Stage, dg.AssetSpec], execute: Execute, own: Own
) -> dg.AssetsDefinition:
    props, spec, source = ChainProps(Stage.WAREHOUSE, chain), specs[Stage.WAREHOUSE], specs[Stage.LAKE].key

    @dg.multi_asset(
        specs=[spec],
        name=op_name(spec.key),
        pool=STARROCKS_POOL,
        required_resource_keys=own.keys("lake", "starrocks", "spark"),
    )
    @inspected_once
    def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        def run() -> Result:
            use = own.connections(context.resources)
            lake, starrocks = use.lake.settings(), use.starrocks.settings()
            report = stages.load(chain, lake, starrocks, context.log.info, use.spark.source())
            return reports.load_result(report, warehouse_lineage(chain, source))

        with one_line_failures(str(chain.table.id)):
            return execute(context, props, run)

    return load


def lake_pool(chain: Chain) -> str:
    """One pool per table: two runs of one chain never publish at the same time."""
    return f"lake_{chain.names.schema}__{chain.names.table}"
