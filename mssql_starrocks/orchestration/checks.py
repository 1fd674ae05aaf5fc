"""The checks that stand between the stages. Each asset's three run in one step of their own, also alone."""

from collections.abc import Iterator, Mapping

import dagster as dg

from mssql_starrocks import stages
from mssql_starrocks.chain import Chain
from mssql_starrocks.model import CheckReport
from mssql_starrocks.orchestration import reports
from mssql_starrocks.orchestration.assets import STARROCKS_POOL, op_name
from mssql_starrocks.orchestration.failures import one_line_failures
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.run_load import load_of_run
from mssql_starrocks.orchestration.speed import inspected_once
from mssql_starrocks.orchestration.translator import Stage

SNAPSHOT_CHECKS = {
    "row_count": "the audit branch holds as many rows as SQL Server had at the point",
    "schema": "the audit branch has the columns and types that were planned",
    "values": "NULLs and fingerprint of every column are those that SQL Server had at the point",
}
WAREHOUSE_CHECKS = {
    "row_count": "StarRocks holds as many rows as the published snapshot",
    "schema": "the StarRocks table has the columns, types and key that were planned",
    "values": "NULLs and fingerprint of every column are those of the published snapshot",
}


def chain_checks(chain: Chain, specs: Mapping[Stage, dg.AssetSpec], own: Own) -> list[dg.AssetChecksDefinition]:
    """The checks of one chain: before publishing, and after loading."""
    return [
        _snapshot_checks(chain, specs[Stage.SNAPSHOT].key, own),
        _warehouse_checks(chain, specs[Stage.WAREHOUSE].key, own),
    ]


def _specs(key: dg.AssetKey, checks: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(name, asset=key, description=text, blocking=True) for name, text in checks.items()]


def _snapshot_checks(chain: Chain, key: dg.AssetKey, own: Own) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=f"{op_name(key)}__checks",
        specs=_specs(key, SNAPSHOT_CHECKS),
        can_subset=True,
        required_resource_keys=own.keys("mssql", "lake"),
    )
    @inspected_once
    def prove(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with one_line_failures(str(chain.table.id)):
            run = context.op_execution_context
            use, load_id = own.connections(run.resources), load_of_run(run.instance, run.run_id, key)
            found = stages.prove_snapshot(chain, use.lake.settings(), load_id, use.mssql.settings(), context.log.info)
            results = _selected(context, key, found)
        yield from results

    return prove


def _warehouse_checks(chain: Chain, key: dg.AssetKey, own: Own) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=f"{op_name(key)}__checks",
        specs=_specs(key, WAREHOUSE_CHECKS),
        can_subset=True,
        pool=STARROCKS_POOL,
        required_resource_keys=own.keys("lake", "starrocks"),
    )
    @inspected_once
    def prove(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with one_line_failures(str(chain.table.id)):
            use = own.connections(context.op_execution_context.resources)
            found = stages.prove_warehouse(chain, use.lake.settings(), use.starrocks.settings(), context.log.info)
            results = _selected(context, key, found)
        yield from results

    return prove


def _selected(
    context: dg.AssetCheckExecutionContext, key: dg.AssetKey, found: tuple[CheckReport, ...]
) -> list[dg.AssetCheckResult]:
    """Results of the checks that this run asked for. All were taken: the proof is one scan of the table."""
    wanted = {check.name for check in context.selected_asset_check_keys}
    for report in found:
        context.log.info(f"{report.name}: {'passed' if report.passed else 'FAILED'}. {report.summary}")
    return [reports.check_result(report, key) for report in found if report.name in wanted]
