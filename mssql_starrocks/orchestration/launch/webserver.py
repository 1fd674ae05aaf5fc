"""Runs through a running dagster-webserver, over GraphQL: launched there, followed from here.

The code location behind it has a configuration of its own: engine and target of a job cannot be overridden here. Where
runs are queued (dagster.yaml), a dagster-daemon must be running, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mssql_starrocks import retries
from mssql_starrocks.chain import Chain
from mssql_starrocks.errors import MssqlStarrocksError
from mssql_starrocks.orchestration.address import WebserverAddress
from mssql_starrocks.orchestration.launch import graphql
from mssql_starrocks.orchestration.launch.job import Job, TableEvent, Watch
from mssql_starrocks.orchestration.launch.outcome import Outcome
from mssql_starrocks.orchestration.launch.results import CheckResult, TableResult
from mssql_starrocks.orchestration.translator import Stage, default_keys

if TYPE_CHECKING:
    from dagster_graphql import DagsterGraphQLClient

_POLL = 0.5  # seconds
_TIMEOUT = 50  # seconds for an answer
_TIMEOUT_OF_STOP = 5  # somebody waits at the keyboard, and it is asked again
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
_TERMINATED = {"TerminateRunSuccess", "RunNotFoundError"}
_IMPLICIT_JOB = "__ASSET_JOB"  # what the UI's Materialize launches


class WebserverError(MssqlStarrocksError):
    """The webserver does not answer, or refuses."""


class SilentError(WebserverError):
    """Nobody answered; the same question may be answered later."""


class Webserver:
    """The door to a webserver, `host:port` or a URL."""

    def __init__(self, url: str) -> None:
        """Prepare a client.

        Raises:
            ConfigError: `url` is no address of a webserver.
        """
        self._address = WebserverAddress.parse(url)
        self._clients = threading.local()  # a client takes one request at a time
        self._running: dict[str, str] = {}  # job id by id of a run that is not known to end

    def __enter__(self) -> Webserver:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, job: Job, chain: Chain, watch: Watch) -> TableResult:
        """Launch the table's run and follow it to its end.

        Raises:
            WebserverError: nobody answers there, or the run was refused.
        """
        run_id = self._launch(job, chain)
        self._running[run_id] = job.job_id
        watch(TableEvent(chain.table.id, "launched", run_id))
        outcome, launched = Outcome(), time.monotonic()
        known = partial(outcome.result, chain.table.id, run_id, wanted=len(job.checks))
        try:
            run = self._follow(chain, run_id, outcome, watch)
        except SilentError as error:  # `stop` still asks for the run's end
            said = f"{chain.table.id}: {error} The run goes on there: look at {self._address.run(run_id)}"
            return replace(known(success=False, seconds=time.monotonic() - launched), error=said)
        self._running.pop(run_id, None)
        if run["status"] == "CANCELED":
            outcome.errors.insert(0, "the run was cancelled")
        seconds = (run["endTime"] or 0) - (run["startTime"] or run["endTime"] or 0)
        return known(success=run["status"] == "SUCCESS", seconds=seconds)

    def stop(self, job: Job) -> None:
        """Ask for the termination of the job's runs, again at each call until it is granted."""
        client = self._address.client(_TIMEOUT_OF_STOP)
        for run_id, job_id in tuple(self._running.items()):
            if job_id == job.job_id and self._terminated(run_id, client):
                self._running.pop(run_id, None)

    def abandon(self, job: Job) -> None:
        """The webserver was asked; its instance says what became of them."""

    def alive(self) -> None:
        """Nothing here waits for that."""

    def _client(self) -> DagsterGraphQLClient:
        if not hasattr(self._clients, "own"):
            self._clients.own = self._address.client(_TIMEOUT)
        own: DagsterGraphQLClient = self._clients.own
        return own

    def _launch(self, job: Job, chain: Chain) -> str:
        known = default_keys(chain)
        keys = {stage: known[stage].path for stage in job.stages}
        tags = [{"key": key, "value": value} for key, value in job.tags(chain).items()]
        selector = self._where(chain, list(keys.values())) | _selected(job, keys)
        params = {"selector": selector, "executionMetadata": {"tags": tags}, "mode": "default", "runConfigData": {}}
        found = self._ask(graphql.LAUNCH, {"params": params})["launchRun"]
        if found["__typename"] != "LaunchRunSuccess":
            messages = [e["message"] for e in found.get("errors", ())] or [found.get("message") or found["__typename"]]
            raise WebserverError(f"{chain.table.id}: {self._address} refused the run: {messages[0].strip()}")
        return str(found["run"]["runId"])

    def _where(self, chain: Chain, keys: Sequence[Sequence[str]]) -> dict[str, str]:
        """The repository and a job that hold all the assets."""
        nodes = self._ask(graphql.ASSETS, {"keys": [{"path": list(key)} for key in keys]})["assetNodes"]
        held = {tuple(node["assetKey"]["path"]): node for node in nodes if node["jobNames"]}
        missing = [key for key in keys if tuple(key) not in held]
        if missing:
            raise WebserverError(
                f"{chain.table.id}: {self._address} has no asset {'/'.join(missing[0])} to run: run mssql-starrocks "
                "discover where its code location lies, and reload it."
            )
        node = held[tuple(keys[0])]
        jobs = node["jobNames"]
        return {
            "repositoryName": node["repository"]["name"],
            "repositoryLocationName": node["repository"]["location"]["name"],
            "pipelineName": _IMPLICIT_JOB if _IMPLICIT_JOB in jobs else jobs[0],
        }

    def _follow(self, chain: Chain, run_id: str, outcome: Outcome, watch: Watch) -> Mapping[str, Any]:
        """The run when it has ended; what it says on its way goes to `outcome` and `watch`."""
        cursor = None
        while True:
            run, logs = retries.questions(SilentError)(self._poll, chain, run_id, cursor)
            cursor = logs["cursor"]
            for event in logs["events"]:
                _take(outcome, event)
                stage = _begun(event)
                if stage:
                    watch(TableEvent(chain.table.id, stage.value, run_id))
            if run["status"] in _ENDED and not logs["hasMore"]:
                return run
            if not logs["hasMore"]:
                time.sleep(_POLL)

    def _poll(self, chain: Chain, run_id: str, cursor: str | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        found = self._ask(graphql.FOLLOW, {"run": run_id, "cursor": cursor})
        run, logs = found["runOrError"], found["logsForRun"]
        for part in (run, logs):
            if part["__typename"] == "PythonError":  # its database is not there, for example
                raise self._silent(part["message"])
        if run["__typename"] != "Run" or logs["__typename"] != "EventConnection":
            raise WebserverError(f"{chain.table.id}: {self._address} has lost run {run_id}.")
        return run, logs

    def _terminated(self, run_id: str, client: DagsterGraphQLClient) -> bool:
        try:
            found = self._ask(graphql.TERMINATE, {"run": run_id}, client)
        except WebserverError:
            return False
        return found["terminateRun"]["__typename"] in _TERMINATED

    def _ask(
        self, document: str, variables: Mapping[str, Any], client: DagsterGraphQLClient | None = None
    ) -> dict[str, Any]:
        from dagster_graphql import DagsterGraphQLClientError
        from requests.exceptions import RequestException

        try:
            found: dict[str, Any] = (client or self._client())._execute(document, dict(variables))
        except (RequestException, DagsterGraphQLClientError) as error:
            # the client's own text repeats the document
            raise self._silent(error.__cause__ or error) from None
        return found

    def _silent(self, reason: object) -> SilentError:
        text = " ".join(str(reason).split()).rstrip(".")
        return SilentError(f"Webserver {self._address} did not answer: {text}.")


def _selected(job: Job, keys: Mapping[Stage, Sequence[str]]) -> dict[str, Any]:
    if not job.proofs_only:
        return {"assetSelection": [{"path": list(key)} for key in keys.values()]}
    checks = [{"assetKey": {"path": list(keys[stage])}, "name": name} for stage, name in job.checks]
    return {"assetSelection": [], "assetCheckSelection": checks}


def _begun(event: Mapping[str, Any]) -> Stage | None:
    """The stage whose step begins; checks are steps of their own."""
    step = event.get("stepKey") or ""
    if event["__typename"] != "ExecutionStepStartEvent" or step.endswith("__checks"):
        return None
    stages = {"mssql_snapshot": Stage.SNAPSHOT, "iceberg_table": Stage.LAKE, "starrocks_table": Stage.WAREHOUSE}
    return stages.get(step.split("__", 1)[0])


def _take(outcome: Outcome, event: Mapping[str, Any]) -> None:
    kind = event["__typename"]
    if kind == "MaterializationEvent":
        outcome.materialized(_plain(event["metadataEntries"]))
    elif kind == "AssetCheckEvaluationEvent":
        seen = event["evaluation"]
        said = CheckResult(seen["assetKey"]["path"][0], seen["checkName"], seen["success"], seen["description"] or "")
        outcome.checked(said, _plain(seen["metadataEntries"]))
    elif kind == "ExecutionStepFailureEvent":
        described = (event["failureMetadata"] or {}).get("description")
        error = described or (event["error"] or {}).get("message") or ""
        outcome.failed(error.strip())
    elif kind == "RunFailureEvent":
        outcome.errors.append(event["message"].strip())


def _plain(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = {}
    for entry in entries:
        value = entry.get("text", entry.get("floatValue"))
        found[entry["label"]] = int(entry["intRepr"]) if "intRepr" in entry else value
    return found
