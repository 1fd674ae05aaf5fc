"""Canary secrets through Dagster, in good runs and failing ones: nowhere, and each place was really looked at."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.orchestration.jobs import EVERYTHING
from mssql_starrocks.orchestration.resources import default_resources
from mssql_starrocks.sandbox import aws, stack
from mssql_starrocks.settings import Settings, redacted
from mssql_starrocks.source.discover import discover

RIGHT = (stack.PASSWORD, stack.STARROCKS_PASSWORD, aws.SECRET_KEY)
WRONG = {
    "good": {},
    "SQL Server": {"MSSQL_PASSWORD": "Canary-Mssql-4711"},
    "StarRocks": {"STARROCKS_PASSWORD": "Canary-StarRocks-4711"},
    "AWS": {"AWS_ACCESS_KEY_ID": "AKIACANARY0000000000", "AWS_SECRET_ACCESS_KEY": "Canary-Aws-4711"},
    "URL": {"ICEBERG_CATALOG_TYPE": "sql", "ICEBERG_CATALOG_URI": "nodialect://me:Canary-Url-4711@h/db"},
}
SAID = {
    "good": "Finished execution of run",
    "SQL Server": "refused the login of sandbox_reader",
    "StarRocks": "refused the login of root",
    "AWS": "AWS refused the credentials",
    "URL": "nodialect",
}


@dataclass
class Run:
    """Everything that a run left behind, by place."""

    places: dict[str, str]
    secrets: list[str]
    success: bool


class _Everything(logging.Handler):
    """Every record of every logger, at its lowest level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.name}: {record.getMessage()} {record.exc_text or ''}")


@dataclass
class Children:
    """Command lines of this process's children, looked at while stages run."""

    seen: set[str] = field(default_factory=set)

    def look(self, context, props, run):
        self._look()
        try:
            return run()
        finally:
            self._look()

    def _look(self) -> None:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    self.seen.add((stat.parent / "cmdline").read_text().replace("\0", " "))
            except (OSError, ValueError):
                continue


@pytest.fixture(scope="module")
def manifest(box):
    return discover(Settings.load(box.environment(), dotenv=None).mssql)


@pytest.fixture(params=WRONG)
def run(request, box, manifest, tmp_path, monkeypatch, capfd):
    for name, value in {**box.environment(), **WRONG[request.param]}.items():
        monkeypatch.setenv(name, value)
    children, heard, root = Children(), _Everything(), logging.getLogger()
    config = Config(include=("hr.shifts",), lake_prefix="secrets_", targets={"hr": "secrets_hr"})
    defs = build_definitions(manifest, config, execute=children.look)
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
            job = defs.resolve_job_def(EVERYTHING)
            result = job.execute_in_process(instance=instance, raise_on_error=False)
            records = "\n".join(str(r) for r in instance.all_logs(result.run_id))
            configured = str(instance.get_run_by_id(result.run_id))
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
    out, err = capfd.readouterr()
    stored = b"".join(f.read_bytes() for f in sorted(tmp_path.rglob("*")) if f.is_file()).decode(errors="replace")
    places = {
        "storage": stored,
        "events": records,
        "run": configured,
        "output": out + err,
        "logs": "\n".join(heard.said),
        "processes": "\n".join(children.seen) + Path("/proc/self/cmdline").read_text().replace("\0", " "),
        "reprs": repr(Settings.load(dotenv=None)) + " ".join(map(repr, default_resources().values())),
    }
    secrets = [*RIGHT, *(v for n, v in WRONG[request.param].items() if "PASSWORD" in n or "SECRET" in n)]
    made = Run(places, [*secrets, "Canary-Url-4711"], result.success)
    return request.param, made


# A word that each place must have, else nothing was looked at.
SEEN = {
    "storage": "hr.shifts",
    "events": "hr.shifts",
    "run": EVERYTHING,
    "output": EVERYTHING,
    "logs": "botocore",
    "processes": "mssql_starrocks.sandbox.sqlserver.child",
    "reprs": "sandbox_reader",
}


def test_secrets_are_nowhere(run):
    kind, made = run
    assert made.success == (kind == "good")
    assert SAID[kind] in made.places["events"] + made.places["storage"]
    for place, word in SEEN.items():
        if not (place == "logs" and kind in ("SQL Server", "URL")):  # which do not get as far as AWS
            assert word in made.places[place], place
    found = [(place, secret) for place, text in made.places.items() for secret in made.secrets if secret in text]
    assert found == []


def test_what_drivers_and_servers_say_is_cleaned(box):
    Settings.load(box.environment(), dotenv=None)
    text = f"failed for {stack.PASSWORD} with {aws.SECRET_KEY} at postgresql://me:s3cr3t-p@ss@host/db"
    assert redacted(text) == "failed for *** with *** at postgresql://me:***@host/db"
    assert redacted("nothing to hide") == "nothing to hide"


def defect(text):
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError("in between") from error


def test_a_defect_that_tells_a_secret_keeps_no_cause(box):
    from mssql_starrocks.orchestration.failures import one_line_failures

    Settings.load(box.environment(), dotenv=None)
    for text, kept in ((f"bad value {stack.PASSWORD}", False), ("bad value", True)):
        with pytest.raises(dg.Failure) as failure, one_line_failures("t"):
            defect(text)
        assert stack.PASSWORD not in str(failure.value.description)
        assert (failure.value.__cause__ is not None) is kept


def test_keys_in_the_statement_of_the_catalog_are_said_and_avoidable(box, caplog, monkeypatch):
    from mssql_starrocks import transport
    from mssql_starrocks.warehouse.connect import warehouse_session
    from mssql_starrocks.warehouse.external import catalog_properties, ensure_catalog

    monkeypatch.setattr(transport, "_said", set())
    settings = Settings.load(box.environment() | {"STARROCKS_CATALOG": "secrets_keys"}, dotenv=None)
    with warehouse_session(settings.starrocks) as session:
        ensure_catalog(session, settings.starrocks, settings.lake)
        session.run("DROP CATALOG secrets_keys")
        ensure_catalog(session, settings.starrocks, settings.lake)
        shown = str(session.rows("SHOW CREATE CATALOG secrets_keys"))
        session.run("DROP CATALOG secrets_keys")
    assert aws.SECRET_KEY not in shown
    assert [r.getMessage()[:22] for r in caplog.records if "STARROCKS_LAKE_ROLE" in r.getMessage()] == [
        "The statement that cre"
    ]
    for role in ("instance_profile", "arn:aws:iam::123456789012:role/starrocks"):
        properties = catalog_properties(settings.lake, role)
        assert not [key for key in properties if key.endswith(("_key", "token"))]
        assert properties["aws.s3.use_instance_profile"] == properties["aws.glue.use_instance_profile"] == "true"
        assert properties.get("aws.s3.iam_role_arn") == (role if role.startswith("arn") else None)
