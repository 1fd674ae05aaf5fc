"""What somebody is told when a run fails: one message that names tables and errors and leads to the run."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.settings import redacted

WEBHOOK = "ALERT_WEBHOOK_URL"
_LONGEST = 1_000  # characters of one error
_WILL_RETRY = "dagster/will_retry"
_TRIES = 3


class AlertError(MssqlStarrocksError):
    """The alert did not reach its receiver."""


@dataclass(frozen=True)
class Failed:
    """One failed stage or check. `table` is empty when the run failed outside of any table."""

    table: str
    step: str
    error: str


@dataclass(frozen=True)
class Alert:
    """One failed run. `run_url` is None when the configuration does not say where the webserver is."""

    job: str
    run_id: str
    run_url: str | None
    failures: tuple[Failed, ...]

    @property
    def text(self) -> str:
        """Everything in a few lines, for people; chat services take a message with such a field."""
        lines = [f"{f.table or self.job} ({f.step}): {f.error}" for f in self.failures]
        return "\n".join(["mssql_starrocks: a run failed", *lines, self.run_url or f"run {self.run_id}"])

    def to_json(self) -> str:
        return json.dumps({"text": self.text, **asdict(self)}, ensure_ascii=False)


Receiver = Callable[[Alert], None]


def webhook_from_environment() -> Receiver | None:
    """Posts to the URL in ALERT_WEBHOOK_URL; None when it is not set."""
    return post if os.environ.get(WEBHOOK) else None


def post(alert: Alert) -> None:
    """POST the alert as JSON. The URL is read now, and never told: whoever knows it may write there.

    Raises:
        AlertError: nobody took it in three tries.

    """
    import requests
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    url = os.environ[WEBHOOK]
    again = Retrying(
        retry=retry_if_exception_type(requests.RequestException),
        stop=stop_after_attempt(_TRIES),
        wait=wait_exponential(0.5, max=5),
        reraise=True,
    )
    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        again(_send, lambda: requests.post(url, data=alert.to_json().encode(), headers=headers, timeout=10))
    except requests.RequestException as error:
        status = f"HTTP {error.response.status_code}" if error.response is not None else type(error).__name__
        raise AlertError(f"{WEBHOOK} ({urlsplit(url).hostname}) did not take the alert: {status}") from None


def _send(call: Callable[[], Any]) -> None:
    call().raise_for_status()


def make_alert_sensor(
    receiver: Receiver, loaded: Iterable[LoadedChain] = (), webserver: str | None = None
) -> dg.SensorDefinition:
    """A sensor that hands every failed run of this code location to `receiver`, once, when no retry of it follows.

    Args:
        receiver: is called with the alert.
        loaded: the chains, by which failed steps become table names.
        webserver: `host:port` or a URL, for the link to the run.

    Raises:
        ConfigError: `webserver` is no address.

    """
    tables = _tables(loaded)
    address = WebserverAddress.parse(webserver) if webserver is not None else None

    @dg.run_failure_sensor(
        name="alerts", default_status=dg.DefaultSensorStatus.RUNNING, description="Tells somebody of every failed run."
    )
    def alerts(context: dg.RunFailureSensorContext) -> None:
        if context.dagster_run.tags.get(_WILL_RETRY) != "true":
            receiver(_alert(context, tables, address))

    return alerts


def _tables(loaded: Iterable[LoadedChain]) -> dict[str, str]:
    """The table of each step and of each asset."""
    found: dict[str, str] = {}
    for one in loaded:
        table = str(one.chain.table.id)
        found |= {d.node_def.name: table for d in (*one.assets, *one.checks)}
        found |= {key.to_user_string(): table for key in one.keys}
    return found


def _alert(context: dg.RunFailureSensorContext, tables: Mapping[str, str], address: WebserverAddress | None) -> Alert:
    run = context.dagster_run
    failures = (*_checks(context, tables), *_steps(context, tables))
    if not failures:  # its process died, or it never began
        failures = (Failed("", "run", _shortened(context.failure_event.message or "no reason given")),)
    url = address.run(run.run_id) if address else None
    return Alert(run.job_name, run.run_id, url, failures)


def _checks(context: dg.RunFailureSensorContext, tables: Mapping[str, str]) -> list[Failed]:
    records = context.instance.get_records_for_run(
        context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    events = [record.event_log_entry.dagster_event for record in records]
    checks = [event.asset_check_evaluation_data for event in events if event is not None]
    return [
        Failed(
            tables.get(check.asset_key.to_user_string(), check.asset_key.to_user_string()),
            f"{check.asset_key.path[0]}, check {check.check_name}",
            _shortened(check.description or "failed"),
        )
        for check in checks
        if not check.passed
    ]


def _steps(context: dg.RunFailureSensorContext, tables: Mapping[str, str]) -> list[Failed]:
    """Failed steps, but not those that failed because of a check."""
    found = []
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        step = event.step_key or "run"
        if failure.error is not None and failure.error.cls_name == "DagsterAssetCheckFailedError":
            continue
        said = failure.user_failure_data.description if failure.user_failure_data else None
        message = said or (failure.error.message if failure.error else None) or event.message or "no reason given"
        found.append(Failed(tables.get(step, ""), step, _shortened(message)))
    return found


def _shortened(text: str) -> str:
    text = redacted(" ".join(text.split()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
