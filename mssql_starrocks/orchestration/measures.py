"""What the stages of a load took, from Dagster's record of it."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from mssql_starrocks.chain import Chain
from mssql_starrocks.orchestration.translator import default_keys
from mssql_starrocks.report.gather import Measures
from mssql_starrocks.report.model import StageMeasure

_STAGES = ("snapshot", "publish", "load")
_LOOK_BACK = 50  # materialisations: a load that is still published is seldom far behind


def _default_keys(chain: Chain) -> Sequence[dg.AssetKey]:
    return tuple(default_keys(chain).values())


def recorded(instance: dg.DagsterInstance, keys: Callable[[Chain], Sequence[dg.AssetKey]] = _default_keys) -> Measures:
    """Reads the materialisations that name the load; a stage without one is left out."""

    def measures(chain: Chain, load_id: str) -> tuple[StageMeasure, ...]:
        found = ((stage, _metadata(instance, key, load_id)) for stage, key in zip(_STAGES, keys(chain), strict=True))
        return tuple(_measure(stage, values) for stage, values in found if values)

    return measures


def _metadata(instance: dg.DagsterInstance, key: dg.AssetKey, load_id: str) -> dict[str, Any]:
    """Of the newest materialisation of that load; empty when there is none."""
    for record in instance.fetch_materializations(key, limit=_LOOK_BACK).records:
        materialization = record.asset_materialization
        if materialization is not None:
            values = {name: value.value for name, value in materialization.metadata.items()}
            if values.get("load_id") == load_id:
                return values
    return {}


def _measure(stage: str, values: dict[str, Any]) -> StageMeasure:
    return StageMeasure(
        stage,
        values.get("dagster/row_count"),
        values.get("seconds"),
        values.get("cpu_seconds"),
        values.get("bytes"),
        values.get("peak_memory_mib"),
    )
