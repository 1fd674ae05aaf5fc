"""Which load this run made: its checks and its publishing are about that one, whatever other runs do meanwhile."""

import dagster as dg


def load_of_run(instance: dg.DagsterInstance, run_id: str, snapshot: dg.AssetKey) -> str | None:
    """The load id that the snapshot asset reported in this run; None when the run did not make one."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = [entry.asset_materialization for entry in entries if entry.asset_materialization]
    loads = [one.metadata["load_id"].value for one in made if one.asset_key == snapshot and "load_id" in one.metadata]
    return str(loads[-1]) if loads else None
