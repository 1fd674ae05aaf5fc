"""Which load this run made: its checks and its publishing are about that one, whatever other runs do meanwhile."""

import dagster as dg


def load_of_run(instance: dg.DagsterInstance, run_id: str, snapshot: dg.AssetKey) -> str | None:
    """The load id that the snapshot asset reported in this run; None when the run did not make one."""
    event = instance.get_latest_materialization_event(snapshot)
    if event is None or event.run_id != run_id or event.asset_materialization is None:
        return None
    found = event.asset_materialization.metadata.get("load_id")
    return str(found.value) if found else None
