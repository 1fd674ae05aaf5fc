"""SQL Server to the lake, side by side: rows per CPU-second of the client, memory, and whether the copy was right.

All contenders copy the same table of the same server in the same run, each in a process tree of its own.
The source replays encoded rows (benchmarks/drain.py shows its rate). Usage: python benchmarks/extract.py [--rows N]
[--runs N] [--only TEXT] [--tls] [--memory]
"""

from __future__ import annotations

import argparse
import sys

from harness import contest, place, report, table
from harness.contest import Contender, Outcome
from rich.console import Console
from rich.table import Table

BACKENDS = ("sqlalchemy", "pyarrow", "pandas", "connectorx")
CONNECTIONS = (1, 2, 4)
TINY_ROWS = 1_000
MEMORY_ROWS = (2_000_000, 10_000_000)
screen = Console(width=150)


def contenders(rows: int) -> list[Contender]:
    return [
        *(Contender(f"driver alone, {n} connections", "driver.py", (str(n), str(rows)), copies=False)
          for n in CONNECTIONS),
        Contender("ours arrow", "ours.py", ("arrow",)),
        Contender("ours arrow, to a local disk", "ours.py", ("arrow", "disk")),
        Contender("ours spark", "ours.py", ("spark",)),
        *(Contender(f"dlt {backend}", "with_dlt.py", (backend,), peer=True) for backend in BACKENDS),
        Contender("ConnectorX + PyIceberg", "with_connectorx.py", peer=True),
        Contender("Sling (Parquet)", "with_sling.py", peer=True),
        Contender("Spark JDBC", "with_spark.py", ("plain", str(rows))),
        Contender("the original's way", "with_spark.py", ("original", str(rows))),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=2, help="the first run of each also records its statements")
    parser.add_argument("--only", default="", help="contenders whose name contains one of these, comma between")
    parser.add_argument("--tls", action="store_true", help="ours and the driver over verified TLS")
    parser.add_argument("--memory", action="store_true", help="only ours arrow: peak memory at 2 and 10 million rows")
    asked = parser.parse_args()
    about = report.machine()
    screen.print(report.headline(about))
    found = memory() if asked.memory else race(asked)
    (show_memory if asked.memory else show)(found)
    path = report.save("memory" if asked.memory else "extract", {"about": about, "asked": vars(asked),
                       "results": [o.as_json() for o in found]})  # fmt: skip
    screen.print(f"written to {path}")
    return 0


def race(asked: argparse.Namespace) -> list[Outcome]:
    wanted = table.truth(asked.rows)
    found = []
    with place.running(tls=asked.tls) as server:
        place.with_table(server, asked.rows)
        for contender in contenders(asked.rows):
            if not any(text in contender.name for text in asked.only.split(",")):
                continue
            runs = [contest.run(contender, server, asked.rows, wanted) for _ in range(asked.runs)]
            found.append(contest.best(runs))
            _say(found[-1])
    return found


def memory() -> list[Outcome]:
    """Peak above the same process after it has copied a table of 1,000 rows."""
    found = []
    for rows in MEMORY_ROWS:
        wanted = table.truth(rows)
        with place.running() as server:
            server.sqlserver.execute(f"CREATE SCHEMA {table.SCHEMA}")
            table.fill(server.sqlserver, TINY_ROWS, "tiny")
            table.fill(server.sqlserver, rows)
            server.sqlserver.replay(f"{table.SCHEMA}.{table.NAME}")
            found.append(contest.run(Contender("ours arrow", "ours.py", ("arrow", "warm")), server, rows, wanted))
            _say(found[-1])
    return found


def _say(one: Outcome) -> None:
    text = one.error or f"{one.cpu:.1f} CPU s, {one.wall:.1f} s"
    screen.print(f"  {one.name}: {text}", markup=False, highlight=False)


def show(found: list[Outcome]) -> None:
    ours = next((o for o in found if o.name == "ours arrow" and not o.error), None)
    shown = Table("contender", "rows/CPU-s", "ours/it", "whole process", "rows/s", "CPU s", "server CPU s", "peak MiB",
                  "output MiB", "files", "copy")  # fmt: skip
    for one in found:
        if one.error:
            shown.add_row(one.name, "-", *[""] * 8, "did not run, see below")
            continue
        ratio = f"{ours.rows_per_cpu / one.rows_per_cpu:.2f}x" if ours and one.verdict else ""
        verdict = one.verdict
        output = (f"{verdict.bytes / (1 << 20):.0f}", str(verdict.files)) if verdict else ("", "")
        shown.add_row(one.name, f"{one.rows_per_cpu:,.0f}", ratio, f"{one.rows_per_cpu_total:,.0f}",
                      f"{one.rows / one.wall:,.0f}", f"{one.cpu:.1f}", f"{one.server_cpu:.1f}", f"{one.peak_mib:.0f}",
                      *output, copy_text(one))  # fmt: skip
    screen.print(shown)
    for line in [f"{o.name} did not run: {o.error}" for o in found if o.error] + conclusions(found):
        screen.print(line, markup=False)


def copy_text(one: Outcome) -> str:
    if one.verdict is None:
        return ""
    if one.verdict.wrong:
        return f"WRONG: {'; '.join(one.verdict.wrong)}"
    return "right" + (f" ({'; '.join(one.verdict.types)})" if one.verdict.types else "")


def conclusions(found: list[Outcome]) -> list[str]:
    """The two ratios of the targets."""
    by_name = {o.name: o for o in found if not o.error}
    ours, lines = by_name.get("ours arrow"), []
    if ours is None:
        return lines
    peers = [o for o in by_name.values() if o.verdict and not o.verdict.wrong and not o.name.startswith("ours")]
    if peers:
        top = max(peers, key=lambda o: o.rows_per_cpu)
        lines.append(f"best of the others whose copy is right: {top.name}; ours arrow makes "
                     f"{ours.rows_per_cpu / top.rows_per_cpu:.2f}x its rows per CPU-second")  # fmt: skip
    drains = [o for o in by_name.values() if o.verdict is None]
    for mine in (o for name, o in by_name.items() if name.startswith("ours arrow")):
        copied = mine.rows / mine.told["copy_seconds"]
        shares = ", ".join(f"{copied / (one.rows / one.wall):.0%} of {one.name}" for one in drains)
        lines.append(f"{mine.name}: {copied:,.0f} rows/s over {mine.told['connections']} connections, {shares}")
    return lines


def show_memory(found: list[Outcome]) -> None:
    shown = Table("rows", "peak MiB", "before the copy MiB", "above it MiB", "rows/s", "CPU s", "copy")
    for one in found:
        if one.error:
            shown.add_row(f"{one.rows:,}", one.error)
            continue
        shown.add_row(f"{one.rows:,}", f"{one.peak_mib:.0f}", f"{one.ready_mib:.0f}",
                      f"{one.peak_mib - one.ready_mib:.0f}",
                      f"{one.rows / one.wall:,.0f}", f"{one.cpu:.1f}", copy_text(one))  # fmt: skip
    screen.print(shown)


if __name__ == "__main__":
    sys.exit(main())
