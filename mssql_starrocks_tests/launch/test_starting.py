"""Ctrl-C and SIGTERM while the command line is still being imported: one word and 130."""

import os
import signal
import subprocess
import sys

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Of the command line itself, before any command; and what `migrate` imports when it has begun.
MOMENTS = ("typer.models", "pydantic.types", "dagster._config.field", "dagster._core.events")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", MOMENTS)
def test_it_is_stopped_in_the_middle_of_an_import(tmp_path, module, number):
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "mssql_starrocks.cli", "migrate", "dbo.none"],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = iter(process.stderr.readline, "")
    assert any(line.rpartition("|")[2].strip() == module for line in told)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "stopped" in said.splitlines()
    assert "Traceback" not in said


def test_the_command_line_is_imported_by_its_entry_alone():
    """Else a Ctrl-C could come before anybody is ready for it."""
    code = (
        "import sys; before = set(sys.modules); import mssql_starrocks.cli.__main__; print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typer", "rich", "pydantic", "yaml", "dagster"} & set(done.stdout.split())
