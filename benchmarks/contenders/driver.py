"""The driver alone: mssql-python's arrow_reader to nowhere, over disjoint ranges. Usage: driver.py CONNECTIONS ROWS"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

from result import mark, tell

from mssql_starrocks.model import TableId
from mssql_starrocks.settings import MssqlSettings, Settings
from mssql_starrocks.source.connect import reader_session

COLUMNS = ", ".join(f"[{part.split('=')[0]}]" for part in os.environ["BENCH_DECLARED"].split(";"))


def main(connections: int, rows: int) -> None:
    mssql = Settings.load(dotenv=None).mssql
    edges = [rows * i // connections for i in range(connections + 1)]
    wheres = [_between(low, high, rows) for low, high in pairwise(edges)]
    mark("READY")
    with ThreadPoolExecutor(connections) as pool:
        read = sum(pool.map(partial(drain, mssql), wheres))
    mark("COPIED")
    tell(rows=read)


def _between(low: int, high: int, rows: int) -> str:
    """The first and the last range are unbounded, as chunks are."""
    terms = ([f"[id] > {low}"] if low else []) + ([f"[id] <= {high}"] if high < rows else [])
    return " AND ".join(terms)


def drain(mssql: MssqlSettings, where: str) -> int:
    sql = f"SELECT {COLUMNS} FROM [bench].[wide]" + (f" WHERE {where}" if where else "")
    with reader_session(mssql) as session:
        return sum(batch.num_rows for batch in session.batches(sql, 65536, TableId("bench", "wide")))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
