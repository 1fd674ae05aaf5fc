"""A working folder against the sandbox, and the command line in this process."""

import json
import os
import signal
import warnings
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from mssql_starrocks.settings import NAMES


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture(scope="module")
def source(certificate):
    """A sandbox of this module's own, with tables of its own."""
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        yield box


@pytest.fixture
def folder(source, tmp_path, monkeypatch):
    """The working folder; settings in the environment."""
    for name in (*NAMES, "MSSQL_STARROCKS_CONFIG", "DAGSTER_HOME", "DAGSTER_WEBSERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in source.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(folder):
    """The command line; what it changes in the process is changed back."""
    from mssql_starrocks.cli import app

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments):
        with warnings.catch_warnings():
            done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def home(folder, monkeypatch):
    """A persistent Dagster instance."""
    found = folder / "home"
    found.mkdir()
    (found / "dagster.yaml").write_text("telemetry: {enabled: false}\nconcurrency: {pools: {default_limit: 1}}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(found))
    assert os.environ["DAGSTER_HOME"]
    return found
