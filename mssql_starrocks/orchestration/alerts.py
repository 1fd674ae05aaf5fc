"""What somebody is told when a run fails: one message that names tables and errors and leads to the run."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.naming import LAKE, SNAPSHOT, WAREHOUSE
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.loaded import LoadedChain
from mssql_starrocks.orchestration.own import Own
from mssql_starrocks.orchestration.rolling_back import asked_table
from mssql_starrocks.settings import redacted

WEBHOOK = "ALERT_WEBHOOK_URL"
_LONGEST = 1_000  # characters of one error
_WILL_RETRY = "dagster/will_retry"
_TRIES = 3


class AlertError(MssqlStarrocksError):
    """The alert did not reach its receiver."""


@dataclass(frozen=True)
class Failed:
    """One failed stage or check.

    Attributes:
        table: empty when the run failed outside of any table.
        error: one line, shortened, without secrets, whatever is given.

    """

    table: str
    step: str
    error: str

    def __post_init__(self) -> None:
        text = redacted(" ".join(self.error.split()))
        object.__setattr__(self, "error", text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ...")


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


@dataclass(frozen=True)
class OwnRuns:
    """What the sensor of a named copy speaks of: its jobs, and its tables and reports in runs of other jobs."""

    name: str
    jobs: frozenset[str]
    reports: tuple[dg.AssetsDefinition, ...] = ()


def make_alert_sensor(
    receiver: Receiver,
    loaded: Iterable[LoadedChain] = (),
    webserver: str | None = None,
    own: OwnRuns | None = None,
) -> dg.SensorDefinition:
    """A sensor that hands every failed run of this code location to `receiver`, once, when no retry of it follows.

    Args:
        receiver: is called with the alert.
        loaded: the chains, by which failed steps become table names.
        webserver: `host:port` or a URL, for the link to the run.
        own: of a named copy; without it every failed run is told.

    Raises:
        ConfigError: `webserver` is no address.

    """
    known = _Known.of(loaded, own)
    address = WebserverAddress.parse(webserver) if webserver is not None else None

    @dg.run_failure_sensor(
        name=known.own.named("alerts"),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells somebody of every failed run{f' of {known.own.name}' if known.own.name else ''}.",
    )
    def alerts(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        failures = _failures(context, known) if run.tags.get(_WILL_RETRY) != "true" else ()
        if failures:
            receiver(Alert(run.job_name, run.run_id, address.run(run.run_id) if address else None, failures))

    return alerts


@dataclass(frozen=True)
class _Known:
    """What the sensor knows of its copy.

    Attributes:
        own: its names.
        jobs: whose runs it tells as a whole; None where these are all jobs.
        tables: by step and by asset key; a report has none, and an empty text.
        stages: what the chain calls an asset, by its key, which may have got another name.

    """

    own: Own
    jobs: frozenset[str] | None
    tables: Mapping[str, str]
    stages: Mapping[str, str]

    @staticmethod
    def of(loaded: Iterable[LoadedChain], own: OwnRuns | None) -> "_Known":
        tables: dict[str, str] = {}
        stages: dict[str, str] = {}
        for one in loaded:
            table, keys = str(one.chain.table.id), [key.to_user_string() for key in one.keys]
            tables |= {d.node_def.name: table for d in (*one.assets, *one.checks)} | dict.fromkeys(keys, table)
            stages |= dict(zip(keys, (SNAPSHOT, LAKE, WAREHOUSE), strict=True))
        for report in own.reports if own else ():
            tables |= {report.node_def.name: "", report.key.to_user_string(): ""}
        return _Known(Own(own.name if own else ""), own.jobs if own else None, tables, stages)

    def whole(self, run: dg.DagsterRun) -> bool:
        """Whether all of the run is this copy's business, and not only what it says of known tables."""
        return self.jobs is None or run.job_name in self.jobs

    def concerns(self, keys: Iterable[dg.AssetKey]) -> bool:
        return any(key.to_user_string() in self.tables for key in keys)


def _failures(context: dg.RunFailureSensorContext, known: _Known) -> tuple[Failed, ...]:
    """What to tell of the run; nothing where it is another copy's."""
    run = context.dagster_run
    asked = asked_table(run, known.own)
    found = [*_checks(context, known), *_steps(context, known, asked)]
    whole = known.whole(run)
    if found:
        return tuple(failed for where, failed in found if whole or where in known.tables)
    if whole or known.concerns(_assets(context)):  # its process died, or it never began
        return (Failed(asked, "run", context.failure_event.message or "no reason given"),)
    return ()


def _assets(context: dg.RunFailureSensorContext) -> Iterable[dg.AssetKey]:
    """The assets that the run was about; a run of a whole job does not list them."""
    run, repository = context.dagster_run, context.repository_def
    chosen = {*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())}
    if chosen or repository is None or not repository.has_job(run.job_name):
        return chosen
    return repository.get_job(run.job_name).asset_layer.executable_asset_keys


def _checks(context: dg.RunFailureSensorContext, known: _Known) -> list[tuple[str, Failed]]:
    """Failed checks, each with the key of its asset."""
    records = context.instance.get_records_for_run(
        context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    events = [record.event_log_entry.dagster_event for record in records]
    checks = [event.asset_check_evaluation_data for event in events if event is not None]
    found = []
    for check in checks:
        if not check.passed:
            key = check.asset_key.to_user_string()
            step = f"{known.stages.get(key, check.asset_key.path[0])}, check {check.check_name}"
            found.append((key, Failed(known.tables.get(key, key), step, check.description or "failed")))
    return found


def _steps(context: dg.RunFailureSensorContext, known: _Known, asked: str) -> list[tuple[str, Failed]]:
    """Failed steps, each with its name, but not those that failed because of a check."""
    found = []
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        step = event.step_key or "run"
        if failure.error is not None and failure.error.cls_name == "DagsterAssetCheckFailedError":
            continue
        said = failure.user_failure_data.description if failure.user_failure_data else None
        message = said or (failure.error.message if failure.error else None) or event.message or "no reason given"
        found.append((step, Failed(known.tables.get(step, asked), step, message)))
    return found
