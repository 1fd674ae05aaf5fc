"""What SQL Server's drivers take from the process environment: which one runs, and whose certificates they believe.

Other threads' libraries read the environment without our lock, and glibc may show them freed memory while it changes:
so it is changed once, and not with every session.
"""

from __future__ import annotations

import atexit
import hashlib
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

_PROVIDER = "MSSQL_PYTHON_NATIVE_PROVIDER"
_FREETDS, _CERTIFICATES = "FREETDSCONF", "SSL_CERT_FILE"
# Where FreeTDS looks by itself, https://www.freetds.org/userguide/freetdsconf.html
_USUAL = (Path("~/.freetds.conf"), Path("/etc/freetds/freetds.conf"), Path("/etc/freetds.conf"))
_lock = threading.Lock()
_read = threading.Event()  # mssql-python's drivers have read their trust store, which they do once a process


def prepare() -> None:
    """Set it, before there are threads."""
    with _lock:
        _configuration()
    choose_provider()


def choose_provider() -> None:
    """The Rust driver, which needs nothing of the machine and is what was measured; else Microsoft's, where it runs.

    Which one is there must not depend on what else somebody installed (libltdl7).
    """
    os.environ.setdefault(_PROVIDER, "mssql-odbc")


def verified_name(mssql: MssqlSettings) -> str:
    """What pymssql, which has no parameter for it, calls a server whose certificate is to be verified.

    A section of its own in FreeTDS' configuration: whoever else uses pymssql in this process sees nothing of it.
    """
    authorities = mssql.ca_file or ssl.get_default_verify_paths().openssl_cafile
    with _lock:
        return _section(mssql.host, mssql.port, authorities)


@contextmanager
def for_mssql_python(mssql: MssqlSettings) -> Iterator[None]:
    """SSL_CERT_FILE until a session has been verified by it. Left there, Python's own TLS would believe it, too."""
    with _lock:
        if not mssql.verified or mssql.ca_file is None or _read.is_set():
            yield
            return
        before = os.environ.get(_CERTIFICATES)
        os.environ[_CERTIFICATES] = mssql.ca_file
        try:
            yield
            _read.set()
        finally:
            if before is None:
                del os.environ[_CERTIFICATES]
            else:
                os.environ[_CERTIFICATES] = before


@cache
def _configuration() -> Path:
    """A copy of what FreeTDS would have read, which lives as long as the process."""
    given = os.environ.get(_FREETDS)
    usual = [Path(given)] if given else [file.expanduser() for file in _USUAL]
    known = next((file.read_bytes() for file in usual if file.is_file()), b"")
    folder = Path(tempfile.mkdtemp(prefix="mssql_starrocks_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "freetds.conf"
    file.write_bytes(known)
    os.environ[_FREETDS] = str(file)
    return file


@cache
def _section(host: str, port: int, authorities: str) -> str:
    name = f"mssql_starrocks_{hashlib.sha256(repr((host, port, authorities)).encode()).hexdigest()[:12]}"
    with _configuration().open("a", encoding="utf-8") as file:
        file.write(
            f"\n[{name}]\n\thost = {host}\n\tport = {port}\n\tca file = {authorities}\n"
            "\tcheck certificate hostname = yes\n\tencryption = require\n"
        )
    return name
