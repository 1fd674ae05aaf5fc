"""The process environment is changed once, however many sessions there are: other threads read it meanwhile."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pymssql
import pytest

from mssql_starrocks.settings import Settings
from mssql_starrocks.source.connect import control_session, reader_session


@pytest.fixture
def mssql(box):
    return Settings.load({**os.environ, **box.environment()}, dotenv=None).mssql


def look(mssql):
    for session in (control_session, reader_session):
        with session(mssql) as opened:
            opened.rows("SELECT 1 AS one")


def test_sessions_of_many_threads_leave_the_environment_alone(mssql, monkeypatch):
    look(mssql)
    changed = []
    for name in ("putenv", "unsetenv"):
        monkeypatch.setattr(os, name, lambda *change: changed.append(change))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, [mssql] * 8))
    assert changed == []


def test_the_certificates_are_believed_by_nobody_else(mssql):
    before = os.environ.get("SSL_CERT_FILE")
    look(mssql)
    assert os.environ.get("SSL_CERT_FILE") == before != mssql.ca_file


def test_somebody_elses_pymssql_in_this_process_connects_as_ever(mssql, box):
    look(mssql)
    given = {"user": mssql.user, "password": mssql.password.get_secret_value(), "database": mssql.database}
    with pymssql.connect(server="127.0.0.1", port=str(mssql.port), **given):  # no name of its certificate
        pass


def test_what_somebody_configured_for_freetds_is_kept(tmp_path):
    file = tmp_path / "theirs.conf"
    file.write_text("[global]\n\ttext size = 12345\n")
    code = (
        "import os; from mssql_starrocks.source import environment;"
        "environment._section('h', 1433, '/ca.pem'); print(open(os.environ['FREETDSCONF']).read())"
    )
    environment = {**os.environ, "FREETDSCONF": str(file)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[global]\n\ttext size = 12345\n")
    assert "host = h\n\tport = 1433\n\tca file = /ca.pem" in done.stdout
