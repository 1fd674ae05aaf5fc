"""Many small tables through the whole chain, and how soon one table is certified.

The original's real job was 342 tables (facts/peers.md 1.1). Ours runs with every check on; the original's way is run on
fewer tables, without checks as it had none, and scaled: the table says so. Usage: python benchmarks/many.py
[--tables N] [--original N]
"""

from __future__ import annotations

import argparse
from typing import Any

import pymysql
from harness import contest, place, report, table
from harness.contest import Contender, Outcome
from harness.place import Place
from rich.console import Console
from rich.table import Table

ROWS = 1_000
TABLES, ORIGINAL, PARALLEL = 342, 10, 3
# The original's rules for StarRocks (facts/peers.md 1.1), but SMALLINT for tinyint, which its TINYINT could not hold.
STARROCKS = {
    "int": "INT", "bigint": "BIGINT", "decimal(18,4)": "DECIMAL(18,4)", "money": "DECIMAL(19,4)",
    "nvarchar(60)": "VARCHAR(170)", "nvarchar(40)": "VARCHAR(130)", "varchar(24)": "VARCHAR(74)",
    "datetime2(3)": "DATETIME", "datetime2(6)": "DATETIME", "float": "DOUBLE", "date": "DATE", "bit": "BOOLEAN",
    "tinyint": "SMALLINT", "smallint": "SMALLINT", "uniqueidentifier": "VARCHAR(36)",
}  # fmt: skip
screen = Console(width=140)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--original", type=int, default=ORIGINAL, help="tables that the original's way is run on")
    parser.add_argument("--parallel", type=int, default=PARALLEL, help="tables of ours at a time")
    asked = parser.parse_args()
    about = report.machine()
    screen.print(report.headline(about))
    with place.running(warehouse=True) as servers:
        servers.sqlserver.execute(f"CREATE SCHEMA {table.SCHEMA}")
        table.fill(servers.sqlserver, ROWS, "t000")
        first = Contender("first row", "first_row.py", copies=False)  # the stand-in's catalog is slow with many tables
        found = {"first row": contest.run(first, servers, ROWS, {})}
        for number in range(1, asked.tables):
            table.fill(servers.sqlserver, ROWS, f"t{number:03d}")
        found |= run(servers, asked)
    show(found, asked)
    results = {name: one.as_json() for name, one in found.items()}
    screen.print(f"written to {report.save('many', {'about': about, 'asked': vars(asked), 'results': results})}")


def run(servers: Place, asked: argparse.Namespace) -> dict[str, Outcome]:
    plain = {"place": servers, "rows": asked.tables * ROWS, "wanted": {}}
    ours = Contender("ours", "many_ours.py", (str(asked.parallel),), copies=False)
    found = {"ours": contest.run(ours, **plain)}
    if asked.original:
        prepare_original(servers.environment, asked.original)
        arguments = (str(asked.original),)
        one = contest.run(Contender("the original's way", "many_original.py", arguments, copies=False), **plain)
        found["original"] = one
        if not one.error:
            one.told["rows_in_starrocks"] = count_original(servers.environment, asked.original)
    return found


def prepare_original(environment: dict[str, str], tables: int) -> None:
    columns = [f"`{c.name}` {STARROCKS[c.declared.split()[0]]}" for c in table.COLUMNS]
    columns += ["`migrated_at` VARCHAR(64)", "`source_schema` VARCHAR(255)"]
    with _starrocks(environment) as link, link.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS bench")
        for number in range(tables):
            cursor.execute(
                f"CREATE TABLE bench.t{number:03d}_o ({', '.join(columns)}) DUPLICATE KEY(`id`) "
                "DISTRIBUTED BY HASH(`id`) BUCKETS 10 PROPERTIES ('replication_num' = '1')"
            )


def count_original(environment: dict[str, str], tables: int) -> int:
    with _starrocks(environment) as link, link.cursor() as cursor:
        total = 0
        for number in range(tables):
            cursor.execute(f"SELECT count(*) FROM bench.t{number:03d}_o")
            total += cursor.fetchone()[0]
        return total


def _starrocks(environment: dict[str, str]) -> Any:
    return pymysql.connect(
        host=environment["STARROCKS_HOST"],
        port=int(environment["STARROCKS_PORT"]),
        user=environment["STARROCKS_USER"],
        password=environment["STARROCKS_PASSWORD"],
        ssl_ca=environment["STARROCKS_CA_FILE"],
        autocommit=True,
    )


def show(found: dict[str, Outcome], asked: argparse.Namespace) -> None:
    titles = ("way", "tables", "checks", "wall s", "s a table", f"wall s for {TABLES}")
    shown = Table(*titles, "client CPU s", "SQL Server CPU s", "other servers CPU s", "result")
    for name, tables, checks in (("ours", asked.tables, "6 each"), ("original", asked.original, "none")):
        one = found.get(name)
        if one is None:
            continue
        if one.error:
            shown.add_row(one.name, str(tables), checks, *[""] * 6, f"did not run: {one.error}")
            continue
        each = one.wall / tables
        scaled = f"{each * TABLES:.0f}" + ("" if tables == TABLES else " (scaled)")
        cpu = (f"{seconds:.1f}" for seconds in (one.cpu, one.server_cpu, one.others_cpu))
        shown.add_row(
            one.name, str(tables), checks, f"{one.wall:.1f}", f"{each:.2f}", scaled, *cpu, _result(one, tables)
        )
    screen.print(shown)
    ours, other, first = found["ours"], found.get("original"), found["first row"]
    if other and not (ours.error or other.error):
        ratio = (other.wall / asked.original) / (ours.wall / asked.tables)
        screen.print(f"a table takes the original's way {ratio:.1f}x as long (without its session start)")
    if first.error or first.told["failed"]:
        screen.print(f"first row to certified: {first.error or first.told['failed']}", markup=False)
        return
    screen.print(f"first row to certified, {ROWS:,} rows, warm, median: {first.told['median_alone']:.2f} s by stages, "
                 f"{first.told['median_dagster']:.2f} s through Dagster with its checks")  # fmt: skip


def _result(one: Outcome, tables: int) -> str:
    failed = one.told["failed"]
    if failed:
        return f"WRONG: {len(failed)} failures, first: {failed[0]}"
    arrived = one.told.get("rows_in_starrocks")
    if arrived is not None and arrived != tables * ROWS:
        return f"WRONG: {arrived:,} rows in StarRocks"
    return "certified" if arrived is None else f"{arrived:,} rows arrived, values unchecked"


if __name__ == "__main__":
    main()
