"""`schedule:` is one line of configuration and makes one run per table."""

import datetime as dt

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks_tests.orchestration.conftest import make_manifest

NIGHT = dt.datetime(2026, 11, 23, 2, tzinfo=dt.timezone.utc)


def refresh(**config) -> dg.ScheduleDefinition:
    return build_definitions(make_manifest(), Config(**config)).resolve_schedule_def("refresh")


def test_without_it_there_is_no_schedule(defs):
    assert [schedule.name for schedule in defs.schedules] == ["clean_schedule"]


def test_time_and_zone_of_the_configuration():
    schedule = refresh(schedule="0 2 * * *", time_zone="Europe/Berlin")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Europe/Berlin")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "copy_everything"


def test_one_run_per_table_with_all_its_checks(fakes):
    defs = build_definitions(make_manifest(), Config(schedule="0 2 * * *"))
    with (
        dg.instance_for_test() as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=NIGHT, repository_def=defs.get_repository_def()
        ) as context,
    ):
        requests = defs.resolve_schedule_def("refresh").evaluate_tick(context).run_requests
        assert sorted(r.run_key for r in requests) == [
            "HR-Data.people", "dbo.表 $1", "sales.Order Details", "sales.orders",
        ]  # fmt: skip
        [orders] = [r for r in requests if r.run_key == "sales.orders"]
        assert {tuple(key.path[1:]) for key in orders.asset_selection} == {("sales", "orders")}
        assert orders.tags["mssql/table"] == "sales.orders"
        assert orders.tags["mssql/database"] == "My_Company"
        job = defs.resolve_job_def("copy_everything")
        done = job.execute_in_process(instance=instance, asset_selection=orders.asset_selection)
        assert len(done.get_asset_check_evaluations()) == 6


@pytest.mark.parametrize("text", ["0 2 * *", "0 25 * * *", "nightly", ""])
def test_a_wrong_cron_text_is_one_line(text):
    with pytest.raises(ConfigError, match="is no cron text; write five fields") as caught:
        build_definitions(None, Config(schedule=text))
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_time_zone_is_named():
    with pytest.raises(ConfigError, match=r"ours\.yaml: time_zone: .*'Berlin' is no time zone"):
        Config.parse({"schedule": "0 2 * * *", "time_zone": "Berlin"}, "ours.yaml")
