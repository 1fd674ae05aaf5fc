"""A class-data archive (AppCDS) from which Spark starts faster, made once for each Java, pyspark and set of jars.

A short session of its own makes it: Java 17 may crash when it writes the archive of a JVM that has worked for long.
Other Javas or jars would ignore it, hence the key in its name (facts/lake_measured.md 5).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO

from mssql_starrocks.errors import EngineError

_QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"
_SECONDS = 300
_background: dict[Path, subprocess.Popen[bytes]] = {}


def archive_file(java_home: Path, jars: Sequence[Path], folder: Path) -> Path:
    """Where the archive is, or would be."""
    return folder / f"spark-{_key(java_home, jars)}.jsa"


def archive_options(java_home: Path, jars: Sequence[Path], folder: Path) -> str:
    """JVM options that use the archive; without one it is begun beside this process, for the sessions to come."""
    file = archive_file(java_home, jars, folder)
    if file.exists():
        return f"-XX:SharedArchiveFile={file} -Xshare:auto -XX:+VerifySharedSpaces {_QUIET}"
    if os.access(folder, os.W_OK) and file not in _background:
        _background[file] = _trainer(folder)
    return ""


def make_archive(java_home: Path, jars: Sequence[Path], folder: Path) -> Path | None:
    """Make the archive if it is not there, which takes about 20 s; None where the folder cannot be written.

    Raises:
        EngineError: the session that makes it failed.
    """
    file = archive_file(java_home, jars, folder)
    if file.exists():
        return file
    if not os.access(folder, os.W_OK):
        return None
    with tempfile.TemporaryFile() as said, _trainer(folder, said) as process:
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        said.seek(0)
        reason = " ".join(said.read().decode(errors="replace").split())[-300:]
    if not file.exists():
        raise EngineError(f"The class-data archive of Spark was not made ({reason}); Spark works without it.")
    return file


def making_options(file: Path) -> str:
    """JVM options of the session that makes it."""
    return f"-XX:ArchiveClassesAtExit={file} {_QUIET}"


def _trainer(folder: Path, said: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """It ends with this process: its standard input is ours to close."""
    command = [sys.executable, "-m", "mssql_starrocks.engines.train", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)


def _key(java_home: Path, jars: Sequence[Path]) -> str:
    """What an archive depends on; the JVM itself compares the jars' times."""
    parts = [version("pyspark"), str(java_home)]
    with suppress(OSError):
        parts.append((java_home / "release").read_text(encoding="utf-8", errors="replace"))
    for jar in jars:
        found = jar.stat()
        parts.append(f"{jar.resolve()}|{found.st_size}|{found.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
