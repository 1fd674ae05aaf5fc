"""How long Spark takes to start without a class-data archive and with it, and to make one (engines/archive.py).

Each run is a process of its own, from its start to the first SELECT 1 and to the first rows in a new Iceberg table; all
CPU seconds are of its process tree. Usage: python benchmarks/spark_start.py [--runs N]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import report
from rich.console import Console
from rich.table import Table

from mssql_starrocks.engines.archive import make_archive
from mssql_starrocks.engines.jars import jars_folder, verify
from mssql_starrocks.engines.java import find_java
from mssql_starrocks.settings import SparkSettings

HERE = Path(__file__).parent
RUNS = 3
screen = Console(width=140)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    about = report.machine() | {"java": java_version()}
    screen.print(f"{report.headline(about)}, Java {about['java']}")
    with jars_of_its_own() as jars:
        found = {"without an archive": [start(jars, "plain") for _ in range(runs)]}
        begun = time.monotonic()
        made = make_archive(find_java(), verify(jars), jars)
        screen.print(f"the archive was made in {time.monotonic() - begun:.1f} s")
        found["with it"] = [start(jars) for _ in range(runs)]
        size = made.stat().st_size if made else 0
    show(found, size)
    screen.print(f"written to {report.save('spark_start', {'about': about, 'archive bytes': size, 'runs': found})}")


def java_version() -> str:
    found = re.search(r'^JAVA_VERSION="(.+)"', (find_java() / "release").read_text(), re.MULTILINE)
    return found.group(1) if found else "unknown"


@contextmanager
def jars_of_its_own() -> Iterator[Path]:
    """The project's jars beside an archive of this benchmark's own."""
    jars = jars_folder(SparkSettings())
    with tempfile.TemporaryDirectory(prefix="mssql_starrocks_bench_") as folder:
        for file in (*verify(jars), jars / "jars.lock"):
            (Path(folder) / file.name).symlink_to(file)
        yield Path(folder)


def start(jars: Path, *arguments: str) -> dict[str, Any]:
    """Seconds and CPU seconds to each mark, and of the whole process with the JVM's end."""
    with tempfile.TemporaryDirectory(prefix="mssql_starrocks_bench_") as folder:
        script = str(HERE / "contenders" / "spark_session.py")
        command = [sys.executable, str(HERE / "harness" / "meter.py"), sys.executable, script, folder, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "SPARK_JARS_FOLDER": str(jars)}
        environment |= {"SPARK_DRIVER_MEMORY": "1g", "SPARK_MASTER": "local[2]"}
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    usage = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    if usage.get("code", 1) != 0 or '"rows": 2' not in done.stdout:
        raise SystemExit(f"Spark did not start: {(done.stderr or done.stdout)[-2000:]}")
    return usage


def show(found: dict[str, list[dict[str, Any]]], size: int) -> None:
    shown = Table("Spark", "SELECT 1, s", "CPU s", "first Iceberg table, s", "CPU s", "to the JVM's end, s", "peak MiB")
    for name, runs in found.items():
        cells = [_median(run["marks"][mark][i] for run in runs) for mark in ("SELECT", "TABLE") for i in (0, 1)]
        cells += [_median(run["wall"] for run in runs), f"{statistics.median(r['peak_mib'] for r in runs):.0f}"]
        shown.add_row(name, *cells)
    screen.print(shown, f"medians of {len(found['with it'])}; the archive has {size >> 20} MiB")


def _median(values: Any) -> str:
    return f"{statistics.median(values):.1f}"


if __name__ == "__main__":
    main()
