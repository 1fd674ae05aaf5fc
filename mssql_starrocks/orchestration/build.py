"""The pure heart of the orchestration: a manifest and a configuration become Definitions."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.model import Manifest
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.alerts import OwnRuns, Receiver, make_alert_sensor, webhook_from_environment
from mssql_starrocks.orchestration.assets import Execute, Factory, chain_assets, run_stage
from mssql_starrocks.orchestration.checks import chain_checks
from mssql_starrocks.orchestration.cleaning import clean_job, clean_schedules
from mssql_starrocks.orchestration.jobs import copy_jobs
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.places import Places
from mssql_starrocks.orchestration.refused import (
    NO_MANIFEST,
    no_manifest_spec,
    no_table_spec,
    no_table_text,
    refused_metadata,
    refused_specs,
    unmatched_metadata,
)
from mssql_starrocks.orchestration.report_asset import report_assets
from mssql_starrocks.orchestration.resources import StarRocksResource, default_resources
from mssql_starrocks.orchestration.rolling_back import rollback_job
from mssql_starrocks.orchestration.schedules import check_schedule, refresh_schedules
from mssql_starrocks.orchestration.sensors import Watch, new_tables_sensor
from mssql_starrocks.orchestration.speed import without_collector
from mssql_starrocks.orchestration.translator import ChainTranslator

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

    Jobs = list[dg.JobDefinition | UnresolvedAssetJobDefinition]

logger = logging.getLogger("mssql_starrocks")


def build_definitions(
    manifest: Manifest | None,
    config: Config,
    *,
    translator: ChainTranslator | None = None,
    resources: Mapping[str, Any] | None = None,
    execute: Execute = run_stage,
    manifest_file: Path | None = None,
    receiver: Receiver | None = None,
) -> dg.Definitions:
    """Definitions of every selected table. Opens no connection and imports no driver.

    Args:
        manifest: what discovery saw; None makes a location that says what to run.
        config: what to copy and how.
        translator: names and describes the assets.
        resources: replace the connections of the environment: mssql, lake, spark, starrocks, by these plain names.
        execute: called in the place of each stage, with a function that runs it.
        manifest_file: where the new-table sensor keeps the manifest; no sensor without it.
        receiver: is told of failed runs; without it, the webhook of ALERT_WEBHOOK_URL where that is set.

    Raises:
        ConfigError: the schedule is no cron text, or the webserver's address is none.

    """
    if config.schedule is not None:
        check_schedule(config.schedule)
    if config.webserver is not None:  # else the sensor finds out in its tick
        WebserverAddress.parse(config.webserver)
    own, connections = Own(config.name), {**default_resources(), **(resources or {})}
    if manifest is None:
        logger.warning(NO_MANIFEST)
        return dg.Definitions(
            assets=[no_manifest_spec(own)],
            resources=own.resources(connections),
            metadata={own.named("mssql_starrocks"): NO_MANIFEST},
        )
    planned, unplanned = plan_chains(manifest, config, _target_database(connections))
    with without_collector():
        factory = Factory(translator or ChainTranslator(), execute, Places.of(connections), own)
        loaded, undescribed = _load(planned, factory)
    refused = (*unplanned, *undescribed)
    unmatched = config.unmatched([table.id for table in manifest.tables])
    nothing = () if loaded or refused else (no_table_text(manifest),)
    _tell(refused, unmatched, nothing, manifest.database)
    cleaning = [clean_job(loaded, own)] if loaded else []
    reports = report_assets(config, manifest, loaded, refused)
    report_keys = {schema: asset.key for schema, asset in reports.items()}
    jobs: Jobs = [*copy_jobs(loaded, report_keys, own), *cleaning]
    if loaded:
        jobs.append(rollback_job(loaded, refused, manifest, config))
    return dg.Definitions(
        assets=[
            *(asset for chain in loaded for asset in chain.assets),
            *_refused_assets(refused, loaded, config.name),
            *(no_table_spec(own, text) for text in nothing),
            *reports.values(),
        ],
        asset_checks=[check for chain in loaded for check in chain.checks],
        jobs=jobs,
        schedules=[*refresh_schedules(config, loaded), *clean_schedules(cleaning)],
        sensors=[
            *_sensors(config, manifest_file, loaded, refused, _target_database(connections)),
            *_alerts(config, loaded, jobs, reports.values(), receiver or webhook_from_environment()),
        ],
        resources=own.resources(connections),
        executor=dg.in_process_executor,
        metadata={
            **refused_metadata(refused, own),
            **unmatched_metadata(unmatched, own),
            **{own.named("mssql_starrocks"): text for text in nothing},
        },
    )


def _load(chains: Sequence[Chain], factory: Factory) -> tuple[list[LoadedChain], list[Refused]]:
    """Make the assets. A table whose DDL cannot be written is refused, and does not hide the others."""
    loaded, refused = [], []
    for chain in chains:
        try:
            specs = factory.specs(chain)
        except MssqlStarrocksError as error:
            refused.append(Refused(chain.table.id, str(error)))
            continue
        assets = tuple(chain_assets(chain, specs, factory.execute, factory.own))
        loaded.append(LoadedChain(chain, assets, tuple(chain_checks(chain, specs, factory.own))))
    return loaded, refused


def _sensors(
    config: Config,
    manifest_file: Path | None,
    loaded: Sequence[LoadedChain],
    refused: Sequence[Refused],
    target_database: str | None,
) -> list[dg.SensorDefinition]:
    if manifest_file is None:
        return []
    keys = {one.chain.table.id: one.keys for one in loaded}
    reasons = {table.table: table.reason for table in refused}
    return [new_tables_sensor(Watch(config, manifest_file, keys, reasons, target_database))]


def _alerts(
    config: Config,
    loaded: Sequence[LoadedChain],
    jobs: "Jobs",
    reports: Iterable[dg.AssetsDefinition],
    receiver: Receiver | None,
) -> list[dg.SensorDefinition]:
    if receiver is None:
        return []
    own = OwnRuns(config.name, frozenset(job.name for job in jobs), tuple(reports)) if config.name else None
    return [make_alert_sensor(receiver, loaded, config.webserver, own)]


def _target_database(resources: Mapping[str, Any]) -> str | None:
    starrocks = resources["starrocks"]
    return starrocks.target_database() if isinstance(starrocks, StarRocksResource) else None


def _refused_assets(refused: Sequence[Refused], loaded: Sequence[LoadedChain], name: str) -> Sequence[Any]:
    return refused_specs(refused, {one.chain.names.schema for one in loaded}, name)


def _tell(refused: Sequence[Refused], unmatched: Sequence[str], nothing: Sequence[str], database: str) -> None:
    for table in refused:
        logger.warning("%s is not copied: %s", table.table, table.reason)
    for pattern in unmatched:
        logger.warning("%s matches no table of %s", pattern, database)
    for text in nothing:
        logger.warning(text)
