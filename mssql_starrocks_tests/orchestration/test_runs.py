"""Chains run through Dagster; the stages themselves are proven with servers elsewhere."""

import contextlib

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.errors import SourceError
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks_tests.orchestration.fake_stages import ROWS, SNAPSHOT_ID

TABLE = "sales.orders"
KEYS = [dg.AssetKey([stage, "sales", "orders"]) for stage in ("mssql_snapshot", "iceberg_table", "starrocks_table")]
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as found:  # in memory
        yield found


@pytest.fixture
def run(defs, instance):
    def execute(job="copy_everything", keys=KEYS, definitions=None, **selection):
        found = (definitions or defs).resolve_job_def(job)
        if keys:
            selection["asset_selection"] = keys
        return found.execute_in_process(instance=instance, raise_on_error=False, run_config=SILENT, **selection)

    return execute


def failure_text(result):
    return [e.event_specific_data.error.message for e in result.all_events if e.is_step_failure]


def test_the_chain_runs_in_order(run, fakes):
    assert run().success
    stages = ("snapshot", "prove_snapshot", "publish", "load", "prove_warehouse")
    assert fakes.calls == [f"{stage} {TABLE}" for stage in stages]


def test_results_carry_plain_numbers(run, fakes):
    events = run().get_asset_materialization_events()
    snapshot, lake, warehouse = (e.materialization.metadata for e in events)
    assert snapshot["dagster/row_count"].value == lake["dagster/row_count"].value == ROWS
    assert (snapshot["seconds"].value, snapshot["bytes"].value) == (0.25, 1000)
    assert snapshot["engine"].value == "arrow"
    assert (snapshot["mssql/grade"].value, snapshot["load_id"].value) == ("B", "L1")
    assert snapshot["mssql/point"].value.startswith("2026")
    assert lake["iceberg/snapshot_id"].value == str(SNAPSHOT_ID)
    assert warehouse["starrocks/label"].value == "mssr_1"
    assert (snapshot["resumed_rows"].value, snapshot["rows_per_second"].value) == (1, 8)


def test_data_versions_name_content_and_snapshot(run, fakes, instance):
    def version(key):
        return instance.get_latest_data_version_record(key).asset_materialization.tags["dagster/data_version"]

    run()
    first = version(KEYS[0])
    run()
    assert version(KEYS[0]) == first  # nothing changed in the source
    assert version(KEYS[2]) == str(SNAPSHOT_ID)


def test_settings_reach_the_stages(run, fakes, environment):
    environment.setenv("MSSQL_ENCRYPT", "no")
    environment.setenv("JDBC_FETCH_SIZE", "77")
    run()
    assert fakes.settings["mssql"].host == "sql.example"
    assert fakes.settings["mssql"].encrypt is False
    assert fakes.settings["lake"].bucket == "bucket"
    assert fakes.settings["starrocks"].password.get_secret_value() == "canary-warehouse"
    assert fakes.settings["spark"].fetch_size == 77


@pytest.mark.parametrize("check", ["row_count", "schema", "values"])
def test_a_failed_check_stops_publishing(run, fakes, check):
    fakes.failing = {f"snapshot.{check}"}
    result = run()
    assert not result.success
    assert fakes.calls == [f"snapshot {TABLE}", f"prove_snapshot {TABLE}"]
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert [(e.check_name, e.severity, e.blocking) for e in failed] == [(check, dg.AssetCheckSeverity.ERROR, True)]
    row = failed[0].metadata["differences"].value.records[0].data
    assert row == {"what": "price", "expected": "17", "found": "18"}


def test_a_failed_check_of_one_table_leaves_the_others_alone(defs, run, fakes, monkeypatch):
    from mssql_starrocks import stages

    original = stages.prove_snapshot

    def prove(chain, lake, *rest):
        fakes.failing = {"snapshot.values"} if str(chain.table.id) == TABLE else set()
        return original(chain, lake, *rest)

    monkeypatch.setattr(stages, "prove_snapshot", prove)
    assert not run(keys=None).success
    assert "load sales.Order Details" in fakes.calls
    assert f"publish {TABLE}" not in fakes.calls


def test_a_failed_warehouse_check_fails_the_run(run, fakes):
    fakes.failing = {"warehouse.values"}
    assert not run().success


def test_a_run_judges_the_load_that_it_made(run, fakes):
    run()
    assert fakes.loads == ["L1", "L1"]
    fakes.loads.clear()
    run("validate", keys=None)
    assert set(fakes.loads) == {None}


def test_checks_run_alone(run, fakes):
    result = run("validate", keys=None)
    assert result.success
    assert not result.get_asset_materialization_events()
    assert len(result.get_asset_check_evaluations()) == 4 * 6
    assert {call.split()[0] for call in fakes.calls} == {"prove_snapshot", "prove_warehouse"}


def test_one_check_runs_alone(defs, fakes, instance):
    wanted = dg.AssetCheckKey(KEYS[2], "values")
    job = dg.define_asset_job("one", selection=dg.AssetSelection.checks(wanted))
    found = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("one")
    result = found.execute_in_process(instance=instance, run_config=SILENT)
    assert [e.check_name for e in result.get_asset_check_evaluations()] == ["values"]
    assert fakes.calls == [f"prove_warehouse {TABLE}"]


def test_cleaning_goes_over_all_tables_and_tells_of_those_that_failed(run, fakes):
    result = run("clean", keys=None)
    assert result.success
    assert len(fakes.calls) == 4
    output = next(e for e in result.all_events if e.is_successful_output)
    numbers = {name: value.value for name, value in output.event_specific_data.metadata.items()}
    assert numbers == {"branches": 4, "tags": 8, "snapshots": 12, "shadow_tables": 0}
    fakes.errors["clean"] = [SourceError("sales.orders: the ledger cannot be read")]
    result = run("clean", keys=None)
    assert not result.success
    assert len(fakes.calls) == 8
    described = [e.event_specific_data.user_failure_data.description for e in result.all_events if e.is_step_failure]
    assert described == ["1 of 4 tables were not cleaned: sales.orders: the ledger cannot be read"]


def test_each_asset_runs_alone(run, fakes):
    assert run(keys=[KEYS[2]]).success
    assert fakes.calls == [f"load {TABLE}", f"prove_warehouse {TABLE}"]


def test_permanent_error_is_one_message_and_no_retry(run, fakes):
    fakes.errors["snapshot"] = [SourceError("login failed for reader: check MSSQL_PASSWORD")]
    result = run()
    assert fakes.calls == [f"snapshot {TABLE}"]
    [text] = failure_text(result)
    assert text.strip().endswith(f"{TABLE}: login failed for reader: check MSSQL_PASSWORD")


def test_ctrl_c_is_no_reason_to_try_again(run, fakes):
    """Dagster respects a retry policy when interrupted, so the assets must not have one."""
    fakes.errors["publish"] = [KeyboardInterrupt()]
    with contextlib.suppress(KeyboardInterrupt):
        run()
    assert fakes.calls.count(f"publish {TABLE}") == 1


def test_a_defect_of_ours_is_not_retried_and_keeps_its_cause(run, fakes):
    fakes.errors["publish"] = [ZeroDivisionError("division by zero")]
    result = run()
    assert fakes.calls.count(f"publish {TABLE}") == 1
    [text] = failure_text(result)
    assert "ZeroDivisionError: division by zero" in text


def test_missing_setting_is_named_in_one_line(run, fakes, environment, manifest):
    environment.delenv("MSSQL_PASSWORD")
    result = run(definitions=build_definitions(manifest, Config()))
    [text] = failure_text(result)
    assert text.strip().endswith("MSSQL_PASSWORD is not set: put it into .env or the environment")
    assert fakes.calls == []


def test_execute_wraps_every_stage(run, fakes, manifest):
    seen = []

    def execute(context, props, stage):
        seen.append(f"{props.stage.value} {props.chain.table.id}")
        return stage()

    assert run(definitions=build_definitions(manifest, Config(), execute=execute)).success
    assert seen == [f"{stage} {TABLE}" for stage in ("snapshot", "lake", "warehouse")]


def test_no_secret_in_the_event_log(run, fakes, instance):
    result = run()
    log = "".join(str(record) for record in instance.all_logs(result.run_id))
    assert "canary" not in log
    assert "canary" not in str(instance.get_run_by_id(result.run_id).run_config)
