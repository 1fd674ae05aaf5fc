"""A reader of lake and StarRocks who looks all the time, and complains of whatever is no complete certified load."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pymysql

from mssql_starrocks.lake.catalog import open_catalog
from mssql_starrocks.naming import LEDGER
from mssql_starrocks_tests.faults import contents
from mssql_starrocks_tests.faults.world import Target, World

# The stand-in finds a table and reads its rows in two steps; SWAP and DROP between them leave it without an answer.
_RACED = "Catalog Error: Table with name"
_UNKNOWN_TABLE = (1049, 1146, 5501, 5502)
_IDLE = 0.1  # seconds between two readings when the chain says nothing
_REST = 0.05  # seconds between two readings, for the servers of this process have work to do
ABSENT = ("absent",)


class Reader:
    """`allowed` are the readings in the order in which they may appear; a later one never gives way to an earlier."""

    def __init__(self, world: World, target: Target, allowed: Sequence[tuple[Any, ...]]) -> None:
        self._world, self._target, self._allowed = world, target, list(allowed)
        self._settings = world.settings(target.kind)
        self._reached = {"main": 0, "StarRocks": 0}
        self._snapshots: dict[int, tuple[Any, ...]] = {}
        self._stop, self._lock = threading.Event(), threading.Lock()
        self.readings, self.failed = 0, ""
        self.wrong: list[str] = []
        self._connection = _connect(self._settings.starrocks)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(pymysql.Error):
            self._connection.close()

    def look(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What main and the StarRocks table hold now."""
        with self._lock:
            ledger = self._ledger()
            warehouse, load_id = self._warehouse()
            lake = self._lake()
            self.readings += 1
            self._judge("StarRocks", warehouse)
            self._judge("main", lake)
            if ledger > load_id:
                self._complain(f"the ledger promises load {ledger}, StarRocks holds {load_id or 'nothing'}")
            return lake, warehouse

    def _work(self) -> None:
        seen = -1
        try:
            while not self._stop.is_set():
                seen = self._world.traffic.wait(seen, _IDLE)
                self.look()
                self._stop.wait(_REST)
        except Exception as error:
            self.failed = f"the reader failed: {type(error).__name__}: {error}"

    def _judge(self, where: str, reading: tuple[Any, ...]) -> None:
        if reading not in self._allowed:
            rows = f"{len(reading[1]):,} rows" if len(reading) == 2 else reading[0]
            self._complain(f"{where} showed {rows} that are no complete load")
            return
        at = self._allowed.index(reading)
        if at < self._reached[where]:
            self._complain(f"{where} went back to an earlier load")
        self._reached[where] = at

    def _complain(self, text: str) -> None:
        if text not in self.wrong:
            self.wrong.append(text)

    def _ledger(self) -> str:
        """The load that the ledger promises; it is read before the rows."""
        chain = self._target.chain
        database, target = chain.names.warehouse_database, ".".join(chain.names.warehouse)
        rows = self._rows(f"SELECT load_id FROM {database}.{LEDGER} WHERE target = '{target}' AND snapshot_id <> 0")[1]
        return str(rows[0][0]) if rows else ""

    def _warehouse(self) -> tuple[tuple[Any, ...], str]:
        names, rows = self._rows(f"SELECT * FROM {'.'.join(self._target.chain.names.warehouse)}")
        if not names:
            return ABSENT, ""
        loads = {str(row[names.index("load_id")]) for row in rows}
        return (contents.seen(names, rows) if len(loads) == 1 else (f"{len(loads)} loads",)), max(loads, default="")

    def _rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """No names where there is no such table."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                return [d[0] for d in cursor.description], [tuple(row) for row in cursor.fetchall()]
        except pymysql.Error as error:
            if _RACED in str(error):
                return self._rows(sql)
            if error.args[0] not in _UNKNOWN_TABLE:
                raise
            return [], []

    def _lake(self) -> tuple[Any, ...]:
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        try:
            table = open_catalog(self._settings.lake).load_table(self._target.chain.names.lake)
        except (NoSuchTableError, NoSuchNamespaceError):
            return ABSENT
        main = table.current_snapshot()
        if main is None:
            return ABSENT
        if main.snapshot_id not in self._snapshots:  # which never change
            rows = table.scan(snapshot_id=main.snapshot_id).to_arrow()
            self._snapshots[main.snapshot_id] = contents.seen(
                rows.column_names, [tuple(row.values()) for row in rows.to_pylist()]
            )
        return self._snapshots[main.snapshot_id]


def _connect(starrocks: Any) -> Any:
    return pymysql.connect(
        host=starrocks.host,
        port=starrocks.port,
        user=starrocks.user,
        password=starrocks.password.get_secret_value(),
        ssl_ca=starrocks.ca_file,
        autocommit=True,
    )
