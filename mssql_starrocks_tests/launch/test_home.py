"""A DAGSTER_HOME that is wrong, read-only or full: one line that names it, never a traceback."""

import os
import resource
import subprocess
import sys

import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.launch.home import opened


@pytest.fixture(scope="module", autouse=True)
def tables(source):
    source.sqlserver.execute("CREATE SCHEMA homes")
    source.sqlserver.execute("CREATE TABLE homes.one (id int NOT NULL PRIMARY KEY)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "while parsing a flow node"),
        ("a: 2026-99-99", "month must be in|unexpected config entry"),
        ("[" * 200_000, "recursion"),
        ("- a", "to parse to dictionary"),
        ("unknown: 1", "unexpected config entry"),
        ("storage: {postgres: {postgres_url: 'postgresql://u:p@h/d'}}", "import module dagster_postgres"),
    ],
)
def test_a_wrong_dagster_yaml_is_wrong_use(tmp_path, text, message):
    (tmp_path / "dagster.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message) as error, opened(tmp_path):
        pass
    assert str(error.value).startswith(f"{tmp_path}/dagster.yaml: ")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def _file_for_folder(home):
    (home / "history").write_text("")


def _folder_for_database(home):
    (home / "history" / "runs.db").mkdir(parents=True)


def _no_database(home):
    (home / "history").mkdir()
    (home / "history" / "runs.db").write_text("no database" * 1_000)


@pytest.mark.parametrize("spoil", [_file_for_folder, _folder_for_database, _no_database])
@pytest.mark.parametrize("command_line", [("migrate", "homes.one", "--json"), ("validate", "homes.one", "--json")])
def test_a_home_that_cannot_be_used_is_told(command, home, spoil, command_line):
    spoil(home)
    done = command(*command_line)
    assert done.code == 1
    assert done.document["error"].startswith(f"DAGSTER_HOME {home}: Dagster's storage there cannot be used (")
    assert "make room" in done.document["error"]
    assert done.err.splitlines()[-1] == f"error: {done.document['error']}"


@pytest.mark.parametrize("room", [4_000, 150_000])  # for no database at all, and for all of them but not for a run
def test_a_full_disk(folder, home, room):
    """No file may grow over its room: a full disk is no other to SQLite."""
    done = subprocess.run(
        [sys.executable, "-m", "mssql_starrocks.cli", "migrate", "homes.one"],
        cwd=folder,
        env={**os.environ, "DAGSTER_HOME": str(home)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    told = f"DAGSTER_HOME {home}: Dagster's storage there cannot be used (disk I/O error): make room"
    assert told in done.stderr + done.stdout
