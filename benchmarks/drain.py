"""Is the benchmark's source a bottleneck? A raw TDS client reads the whole table and throws it away.

Usage: python benchmarks/drain.py [--rows N]
"""

from __future__ import annotations

import argparse
import time

from harness import place, report, table
from harness.rawclient import drain
from rich.console import Console
from rich.table import Table

SQL = f"SELECT * FROM {table.SCHEMA}.{table.NAME}"
PACKETS = (4096, 8000, 16384)


def measure(server: place.Place, packet: int) -> dict[str, float]:
    cpu, started = server.server_cpu(), time.perf_counter()
    rows, size = drain(server.sqlserver.port, SQL, packet)
    wall = time.perf_counter() - started
    return {
        "packet": packet,
        "rows": rows,
        "mib": size / (1 << 20),
        "bytes_a_row": size / rows,
        "wall": wall,
        "rows_per_s": rows / wall,
        "mb_per_s": size / wall / 1e6,
        "server_cpu": server.server_cpu() - cpu,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    about = report.machine()
    with place.running() as server:
        place.with_table(server, rows)
        found = [
            {"path": path, **measure(server, packet)}
            for packet in PACKETS
            for path in ("encoded and recorded", "replayed", "replayed")
        ]
    console = Console(width=120)
    console.print(report.headline(about))
    shown = Table("packet", "path", "rows", "bytes a row", "wall s", "rows/s", "MB/s", "server CPU s")
    for one in found:
        shown.add_row(str(one["packet"]), one["path"], f"{one['rows']:,}", f"{one['bytes_a_row']:.0f}",
                      f"{one['wall']:.2f}", f"{one['rows_per_s']:,.0f}", f"{one['mb_per_s']:,.0f}",
                      f"{one['server_cpu']:.2f}")  # fmt: skip
    console.print(shown)
    console.print(f"written to {report.save('drain', {'about': about, 'results': found})}")


if __name__ == "__main__":
    main()
