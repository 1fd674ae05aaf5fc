"""How long definitions of a big manifest take to load, in a fresh process each: `make bench` prints the table.

The goal is 1,000 tables in under 5 s on 2 cores. Nothing here is asserted in tests.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from mssql_starrocks.model import Column, Key, Manifest, Table, TableId

COLUMNS = 20
PROBE = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from mssql_starrocks.config import Config
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.manifest_file import load_manifest
imported = time.perf_counter()
manifest = load_manifest(Path(sys.argv[1]))
read = time.perf_counter()
defs = build_definitions(manifest, Config(), manifest_file=Path(sys.argv[1]))
built = time.perf_counter()
defs.get_repository_def()
loaded = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([imported - start, read - imported, built - read, loaded - built, loaded - imported, peak]))
"""


def make_manifest(tables: int) -> Manifest:
    """Tables of 20 columns in ten schemas."""
    return Manifest("Bench", "16.0", 3, True, True, "2026-01-01T00:00:00+00:00", tuple(map(make_table, range(tables))))


def make_table(number: int) -> Table:
    others = tuple(Column(f"column_{n}", n, "nvarchar", max_length=100) for n in range(2, COLUMNS + 1))
    columns = (Column("id", 1, "int", nullable=False), *others)
    keys = (Key("PK", ("id",), primary=True),)
    return Table(TableId(f"schema_{number % 10}", f"table_{number}"), number, columns, keys, rows=1000, bytes=1 << 20)


def measure(tables: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "manifest.json"
        file.write_text(make_manifest(tables).to_json())
        command = [sys.executable, "-W", "ignore", "-c", PROBE, str(file)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    titles = ("import s", "read s", "build s", "repository s", "load s", "peak MiB")
    print(f"{'tables':>8}" + "".join(f"{title:>14}" for title in titles))
    for tables in (1, 100, 1000):
        print(f"{tables:>8,}" + "".join(f"{value:>14.2f}" for value in measure(tables)))


if __name__ == "__main__":
    main()
