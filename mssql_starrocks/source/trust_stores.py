"""Whose certificates the drivers believe: both take their trust store from the process environment, at connect time.

Other threads' libraries read the environment without our lock, and glibc may show them freed memory while it changes:
so it is changed as seldom as can be, not with every session.
"""

from __future__ import annotations

import atexit
import os
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from mssql_starrocks.settings import MssqlSettings

_FREETDS, _CERTIFICATES = "FREETDSCONF", "SSL_CERT_FILE"
_OURS = "mssql_starrocks_verified.conf"
_given = os.environ.get(_FREETDS)
if _given is not None and Path(_given).name == _OURS:  # of a process that started this one
    _given = None
_lock = threading.Lock()
_read = threading.Event()  # mssql-python's drivers have read their trust store, which they do once a process


@contextmanager
def for_pymssql(mssql: MssqlSettings) -> Iterator[None]:
    """pymssql has no parameter for it; FreeTDS reads it from the file that FREETDSCONF names, which stays set."""
    with _lock:
        verified = mssql.encrypt and not mssql.trust_server_certificate
        authorities = mssql.ca_file or ssl.get_default_verify_paths().openssl_cafile
        _set(_FREETDS, _verifying(authorities) if verified else _given)
        yield


@contextmanager
def for_mssql_python(mssql: MssqlSettings) -> Iterator[None]:
    """SSL_CERT_FILE until a session has been verified by it. Left there, Python's own TLS would believe it, too."""
    with _lock:
        verified = mssql.encrypt and not mssql.trust_server_certificate
        if not verified or mssql.ca_file is None or _read.is_set():
            yield
            return
        before = os.environ.get(_CERTIFICATES)
        _set(_CERTIFICATES, mssql.ca_file)
        try:
            yield
            _read.set()
        finally:
            _set(_CERTIFICATES, before)


@cache
def _verifying(authorities: str) -> str:
    """A configuration of FreeTDS that lives as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="mssql_starrocks_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / _OURS
    file.write_text(
        f"[global]\n\tca file = {authorities}\n\tcheck certificate hostname = yes\n\tencryption = require\n"
    )
    return str(file)


def _set(name: str, value: str | None) -> None:
    if value == os.environ.get(name):
        return
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value
