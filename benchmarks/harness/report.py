"""Where and when a benchmark ran, and its results as JSON beside the table on the screen."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "results"
_PACKAGES = ("mssql-starrocks", "mssql-python", "pyarrow", "pyiceberg", "duckdb", "pyspark", "dagster", "moto")


def machine() -> dict[str, Any]:
    model = next((ln for ln in Path("/proc/cpuinfo").read_text().splitlines() if ln.startswith("model name")), ":")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {
        "date": f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} CPUs, {model.partition(':')[2].strip()}, {memory:.0f} GiB",
        "load before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "commit": _commit(),
        "versions": {name: v for name in _PACKAGES if (v := _version(name))},
    }


def save(name: str, result: dict[str, Any]) -> Path:
    """One file a run; git ignores the folder."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{dt.datetime.now(dt.timezone.utc):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(result, indent=1, default=str) + "\n")
    return path


def headline(about: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return f"{about['date']}, {about['machine']}, load {about['load before']}\n{about['system']}, {versions}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
