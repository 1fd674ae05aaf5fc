"""Everything that a copy needs, checked in one go: this machine, the configuration and every connection.

Nothing is left behind anywhere: a file is written to the lake and deleted again, all else is reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.doctor import configuration, lake, machine, source, warehouse
from mssql_starrocks.doctor.finding import Finding, State, System, examine
from mssql_starrocks.doctor.patient import Patient
from mssql_starrocks.manifest_file import load_manifest, manifest_path
from mssql_starrocks.settings import Settings
from mssql_starrocks.stages import SparkSource

__all__ = ["Finding", "Patient", "State", "System", "diagnose", "systems"]


def diagnose(
    settings: Settings,
    config: Config,
    config_file: Path,
    spark: SparkSource | None = None,
    check_schedule: Callable[[str], None] | None = None,
) -> Iterator[Finding]:
    """All findings, system by system, as soon as they are there.

    Args:
        settings: the connections.
        config: what is copied.
        config_file: where that is from; the manifest is found by it.
        spark: with it a Spark session is started as well.
        check_schedule: refuses a `schedule` that Dagster would, by a ConfigError.

    Raises:
        ConfigError: the manifest cannot be read.
    """
    manifest = load_manifest(manifest_path(config, config_file))
    chains: tuple[Chain, ...] = ()
    refused: tuple[Refused, ...] = ()
    if manifest is not None:
        chains, refused = plan_chains(manifest, config, settings.starrocks.database)
    patient = Patient(settings, config, config_file, chains, spark)
    yield from examine([configuration.system(patient, manifest, refused, check_schedule), *systems(patient)])


def systems(patient: Patient) -> tuple[System, ...]:
    return machine.system(patient), source.system(patient), lake.system(patient), warehouse.system(patient)
