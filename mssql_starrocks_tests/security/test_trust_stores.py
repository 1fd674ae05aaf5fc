"""The process environment is changed once, however many sessions there are: other threads read it meanwhile."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from mssql_starrocks.settings import Settings
from mssql_starrocks.source import trust_stores
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


def test_a_file_of_ours_is_no_configuration_that_somebody_gave():
    assert trust_stores._given is None or not trust_stores._given.endswith(trust_stores._OURS)
