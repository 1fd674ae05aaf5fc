"""The Spark engine on a cluster: certified copies by executors far from the driver, and no secret in sight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from mssql_starrocks.engines.jars import REPOSITORY
from mssql_starrocks.settings import Settings
from mssql_starrocks_tests.engines.cluster import prepare, standalone
from mssql_starrocks_tests.engines.cluster_copy import CHUNKS, FILES, TABLE, WRONG_PASSWORD, chain_of, copied
from mssql_starrocks_tests.platform import NoSpark

pytestmark = [pytest.mark.spark, pytest.mark.long]
LOCAL_CLUSTER = "local-cluster[2,1,1024]"
# Spark hides values that look like secrets; these do not.
CANARIES = {"AWS_SECRET_ACCESS_KEY": "canary-aws-4711", "AWS_SESSION_TOKEN": "canary-aws-4712"}


@dataclass(frozen=True)
class Run:
    folder: Path
    found: dict
    secrets: tuple[str, ...]

    def text(self, pattern: str) -> str:
        files = [file for file in self.folder.glob(pattern) if file.is_file()]
        assert files, pattern
        return "\n".join(file.read_text(errors="replace") for file in files)


@pytest.fixture(scope="module")
def settings(box):
    return Settings.load(box.environment(), dotenv=None)


@pytest.fixture(scope="module", params=["local-cluster", "standalone"])
def run(request, box, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("cluster")
    environment = dict(os.environ) | box.environment() | CANARIES | prepare(folder)
    environment |= {"SPARK_JARS_FOLDER": str(REPOSITORY / "jars"), "SPARK_MASTER": LOCAL_CLUSTER}
    with ExitStack() as stack:
        if request.param == "standalone":
            environment["SPARK_MASTER"] = stack.enter_context(standalone(folder, environment))
        command = [sys.executable, "-m", "mssql_starrocks_tests.engines.cluster_copy", str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=False)
    (folder / "driver.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr[-4000:]
    secrets = (*CANARIES.values(), environment["AWS_ACCESS_KEY_ID"], environment["MSSQL_PASSWORD"], WRONG_PASSWORD)
    return Run(folder, json.loads((folder / "found.json").read_text()), secrets)


def test_the_copy_is_certified_and_what_the_arrow_engine_makes(run, settings):
    assert run.found["failed"] == []
    assert run.found["properties"]
    assert f"{CHUNKS} chunks, {FILES} files expected" in str(run.found["said"])
    assert run.found["files"] == FILES
    arrow = copied(chain_of(settings, "arrow", "cluster_arrow_"), settings, NoSpark())
    for what in ("rows", "fingerprint", "failed"):
        assert run.found[what] == arrow[what], what


def test_driver_and_executors_run_in_utc_on_machines_that_do_not(run):
    assert run.found["zones"] == [["session", "UTC"], ["driver JVM", "UTC"], ["executor", "UTC"]]


def test_a_session_of_ours_ends_and_with_it_its_trust_store(run):
    assert run.found["ended"]
    assert run.found["trust store"] == [True, False]


def test_both_executors_read_rows_and_trust_the_authority_by_a_file_of_their_own(run):
    executors = [e for e in json.loads(run.text("rest-executors.json")) if e["id"] != "driver"]
    assert len(executors) == 2
    assert all(executor["totalTasks"] > 0 for executor in executors)
    assert len(list(run.folder.glob("home/work/*/*/mssql-ca-*.p12"))) == 2
    assert run.found["rows without the driver's file"] == run.found["rows"]


def test_executors_cpu_time_counts(run):
    stages = json.loads(run.text("rest-stages.json"))
    tasks = sum(s["executorCpuTime"] for s in stages if TABLE in s.get("description", "")) / 1e9
    assert 0 < tasks < run.found["cpu_seconds"]
    assert run.found["peak_rss"] > 100 << 20


# What is looked through, and a word that must be found there, else nothing was looked through.
SEEN = {
    "events/*": TABLE,
    "page-jobs.html": TABLE,
    "page-stages.html": "overwrite",
    "page-environment.html": "spark.master",
    "page-executors.html": "executors",
    "page-SQL.html": TABLE,
    "page-query-*.html": "JDBCRelation",
    "rest-environment.json": "spark.master",
    "rest-sql.json": "JDBCRelation",
    "rest-jobs.json": TABLE,
    "rest-stages.json": TABLE,
    "plan.txt": "events",
    "errors.txt": "Login failed",
    "processes.txt": "CoarseGrainedExecutorBackend",
    "driver.log": "WARN",
    "found.json": TABLE,
    "home/work/*/*/stderr": "mssql-ca-",
    "home/work/*/*/stdout": "",
}


@pytest.mark.parametrize("place", SEEN)
def test_secrets_are_nowhere(run, place):
    text = run.text(place)
    assert SEEN[place] in text
    assert [secret for secret in run.secrets if secret in text] == []
