"""A class-data archive (AppCDS) that makes Spark start sooner, made by the first session and used by later ones.

Java 17 writes it when the first JVM ends (`-XX:ArchiveClassesAtExit`), and maps it afterwards. It fits only the same
Java, pyspark and jars, hence the key in its name (facts/lake_measured.md 5); others would ignore it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

_SETTLED = 10  # seconds since the last byte was written
_QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"


def archive_options(java_home: Path, jars: Sequence[Path], folder: Path) -> str:
    """JVM options that use the archive, or make it; empty where the folder cannot be written."""
    file = folder / f"spark-{_key(java_home, jars)}.jsa"
    _adopt(file)
    if file.exists():
        return f"-XX:SharedArchiveFile={file} -Xshare:auto -XX:+VerifySharedSpaces {_QUIET}"
    if " " in str(file) or not os.access(folder, os.W_OK):
        return ""
    return f"-XX:ArchiveClassesAtExit={file}.{os.getpid()} {_QUIET}"


def _key(java_home: Path, jars: Sequence[Path]) -> str:
    """What an archive depends on; the JVM itself compares the jars' times."""
    parts = [version("pyspark"), str(java_home)]
    with suppress(OSError):
        parts.append((java_home / "release").read_text(encoding="utf-8", errors="replace"))
    for jar in jars:
        found = jar.stat()
        parts.append(f"{jar.resolve()}|{found.st_size}|{found.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _adopt(file: Path) -> None:
    """An archive is written under its process's name, by a JVM that outlives it by seconds; then it counts."""
    for made in sorted(file.parent.glob(f"{file.name}.*")):
        if _alive(made.suffix.removeprefix(".")) or time.time() - made.stat().st_mtime < _SETTLED:
            continue
        with suppress(OSError):
            if file.exists():
                made.unlink()
            else:
                made.rename(file)


def _alive(process: str) -> bool:
    return not process.isdigit() or Path(f"/proc/{process}").exists()
