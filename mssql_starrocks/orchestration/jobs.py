"""A job per source schema, one for everything, and one that only proves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

EVERYTHING, VALIDATE = "copy_everything", "validate"


def copy_jobs(
    loaded: Sequence[LoadedChain], reports: Mapping[str, dg.AssetKey], own: Own
) -> "list[UnresolvedAssetJobDefinition]":
    """The jobs over these chains, and the report of each schema; none where there is nothing to do."""
    if not loaded:
        return []
    everything = [*(key for chain in loaded for key in chain.keys), *reports.values()]
    schemas: dict[str, list[dg.AssetKey]] = {schema: [key] for schema, key in reports.items()}
    for chain in loaded:
        schemas.setdefault(chain.chain.names.schema, []).extend(chain.keys)
    jobs = [
        _job(own.named(_copy_name(schema)), keys, f"Copy and prove schema {schema}.")
        for schema, keys in schemas.items()
    ]
    jobs.append(_job(own.named(EVERYTHING), everything, "Copy and prove every table."))
    checks = dg.AssetSelection.checks_for_assets(*everything)
    jobs.append(_job(own.named(VALIDATE), checks, "Run all checks alone; nothing is copied."))
    return jobs


def _copy_name(schema: str) -> str:
    name = f"copy_{schema}"
    return name if name != EVERYTHING else f"copy_schema_{schema}"


def _job(name: str, selection: Any, description: str) -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(name, selection=selection, description=description, executor_def=dg.in_process_executor)
