"""A failed run is told once, with table, error and link; by HTTP to a real server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from pydantic import SecretStr

from mssql_starrocks import stages
from mssql_starrocks.config import Config
from mssql_starrocks.errors import SourceError
from mssql_starrocks.orchestration.alerts import Alert, AlertError, Failed, make_alert_sensor, post
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.orchestration.test_definitions import OurTranslator
from mssql_starrocks_tests.orchestration.test_runs import KEYS, SILENT

ALERT = Alert("copy_sales", "r1", None, (Failed("sales.orders", "load", "no room"),))


@pytest.fixture
def hook(environment):
    """A receiver of webhooks: `taken` are the messages, `status` is what it answers."""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.taken, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    environment.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/hooks/canary-hook")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


def fail_and_tick(defs, keys=KEYS, **tags):
    """A run of the chain that fails, and the sensor's look at it; what the sensor raised is raised here too."""
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, asset_selection=list(keys), run_config=SILENT, tags=tags
        )
        assert not result.success
        tick(defs, instance, result.get_run_failure_event(), result.dagster_run)
        return result.run_id


def tick(defs, instance, event, run, sensor="alerts"):
    repository = defs.get_repository_def()
    context = dg.build_run_status_sensor_context(sensor, event, instance, run, repository_def=repository)
    defs.resolve_sensor_def(sensor)(context.for_run_failure())


def died_event(job):
    return dg.DagsterEvent(dg.DagsterEventType.RUN_FAILURE.value, job, message="the process died")


def location(**config):
    return build_definitions(make_manifest(), Config(**config))


def test_without_a_receiver_there_is_no_sensor(defs):
    assert not list(defs.sensors)


def test_a_failed_check_is_told_with_its_table_and_a_link(hook, fakes):
    fakes.failing = {"snapshot.values"}
    run_id = fail_and_tick(location(webserver="dagster.example:3000"))
    [(path, kind, message)] = hook.taken
    assert (path, kind) == ("/hooks/canary-hook", "application/json; charset=utf-8")
    assert message["failures"] == [
        {"table": "sales.orders", "step": "mssql_snapshot, check values", "error": "1 difference"}
    ]
    assert message["run_url"] == f"http://dagster.example:3000/runs/{run_id}"
    assert message["text"].splitlines()[1] == "sales.orders (mssql_snapshot, check values): 1 difference"


def test_a_failed_stage_is_told_without_secrets(hook, fakes):
    fakes.errors["load"] = [SourceError("login with canary-warehouse refused")]
    fail_and_tick(location())
    [(_, _, message)] = hook.taken
    [failure] = message["failures"]
    assert (failure["table"], failure["step"]) == ("sales.orders", "starrocks_table__sales__orders")
    assert "login with *** refused" in failure["error"]
    assert message["run_url"] is None
    assert "canary" not in json.dumps(message)


def test_whoever_makes_a_failure_its_error_is_one_short_line_without_secrets():
    StarRocksSettings(host="h", user="u", password=SecretStr("canary-own-secret"))
    error = Failed("dbo.t", "run", f"refused\n canary-own-secret {'x' * 2_000}").error
    assert "canary-own-secret" not in error
    assert "\n" not in error
    assert len(error) < 1_100


def test_each_failed_table_of_one_run_is_named(hook, fakes):
    fakes.errors["snapshot"] = [SourceError("one"), SourceError("two")]
    others = [dg.AssetKey([key.path[0], "sales", "order_details"]) for key in KEYS]
    fail_and_tick(location(), keys=[*KEYS, *others])
    [(_, _, message)] = hook.taken
    assert {f["table"] for f in message["failures"]} == {"sales.orders", "sales.Order Details"}


def test_a_run_that_is_tried_again_is_not_told(hook, fakes):
    fakes.failing = {"snapshot.values"}
    fail_and_tick(location(), **{"dagster/will_retry": "true"})
    assert not hook.taken


def test_a_receiver_of_ones_own(fakes):
    told = []
    fakes.failing = {"warehouse.row_count"}
    fail_and_tick(build_definitions(make_manifest(), Config(), receiver=told.append))
    assert [(f.table, f.step) for f in told[0].failures] == [("sales.orders", "starrocks_table, check row_count")]


def test_a_check_of_a_renamed_asset_is_told_with_its_stage(fakes):
    told = []
    fakes.failing = {"warehouse.values"}
    renamed = build_definitions(make_manifest(), Config(), translator=OurTranslator(), receiver=told.append)
    fail_and_tick(renamed, keys=[key.with_prefix("erp-2.x") for key in KEYS])
    [failure] = told[0].failures
    assert (failure.table, failure.step) == ("sales.orders", "starrocks_table, check values")


@pytest.mark.parametrize("name", ["", "erp"])
def test_a_rollback_is_told_with_the_table_that_it_was_asked_for(fakes, monkeypatch, name):
    def refuse(*_):
        raise SourceError("there is no earlier load")

    monkeypatch.setattr(stages, "rollback", refuse)
    told, own = [], Own(name)
    defs = build_definitions(make_manifest(), Config(name=name), receiver=told.append)
    asked = SILENT | {"ops": {own.named("take_back"): {"config": {"table": "sales.orders"}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def(own.named("rollback"))
        result = job.execute_in_process(run_config=asked, instance=instance, raise_on_error=False)
        tick(defs, instance, result.get_run_failure_event(), result.dagster_run, own.named("alerts"))
        died = dg.DagsterRun(own.named("rollback"), run_config=asked)
        tick(defs, instance, died_event("rollback"), died, own.named("alerts"))
    assert [(f.table, f.error) for alert in told for f in alert.failures] == [
        ("sales.orders", "sales.orders: there is no earlier load"),
        ("sales.orders", "the process died"),
    ]


@pytest.mark.parametrize("ops", [None, {}, {"take_back": None}, {"take_back": {"config": {"table": {"env": "T"}}}}])
def test_a_rollback_that_names_no_table_is_told_too(ops):
    told = []
    defs = build_definitions(make_manifest(), Config(), receiver=told.append)
    with dg.DagsterInstance.ephemeral() as instance:
        tick(defs, instance, died_event("rollback"), dg.DagsterRun("rollback", run_config={"ops": ops}))
    assert told[0].failures == (Failed("", "run", "the process died"),)


def test_a_run_whose_process_died():
    told = []
    event = died_event("copy_sales")
    run = dg.DagsterRun("copy_sales", run_id="r1")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_run_status_sensor_context("alerts", event, instance, run).for_run_failure()
        make_alert_sensor(told.append)(context)
    assert told[0].failures == (Failed("", "run", "the process died"),)


def test_who_does_not_take_it_is_named_without_the_url(hook):
    hook.status = 500
    with pytest.raises(
        AlertError, match=r"ALERT_WEBHOOK_URL \(127\.0\.0\.1\) did not take the alert: HTTP 500"
    ) as caught:
        post(ALERT)
    assert len(hook.taken) == 3
    assert "canary-hook" not in str(caught.value)


def test_nobody_is_there(environment):
    environment.setenv("ALERT_WEBHOOK_URL", "http://127.0.0.1:9/canary-hook")
    with pytest.raises(AlertError, match="ConnectionError") as caught:
        post(ALERT)
    assert "canary-hook" not in str(caught.value)
