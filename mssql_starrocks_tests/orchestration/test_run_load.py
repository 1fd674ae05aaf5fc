"""Which load a run made."""

import dagster as dg

from mssql_starrocks.orchestration.run_load import load_of_run

KEY = dg.AssetKey(["mssql_snapshot", "sales", "orders"])


@dg.op
def snapshot(context):
    load = context.op_config["load"]
    context.log_event(dg.AssetMaterialization(KEY, metadata={"load_id": load}))
    context.log_event(dg.AssetMaterialization(KEY.with_prefix("other"), metadata={"load_id": "another table's"}))


@dg.job
def copy():
    snapshot()


def test_a_run_knows_its_own_load_whatever_other_runs_made_since():
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [
            copy.execute_in_process(instance=instance, run_config={"ops": {"snapshot": {"config": {"load": load}}}})
            for load in ("L1", "L2")
        ]
        assert [load_of_run(instance, run.run_id, KEY) for run in runs] == ["L1", "L2"]
        assert load_of_run(instance, runs[0].run_id, dg.AssetKey("none")) is None
