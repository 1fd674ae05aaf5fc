"""What all sessions of a server share."""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any

import duckdb

from mssql_starrocks.sandbox.starrocks import json_text
from mssql_starrocks.sandbox.starrocks.errors import unknown_catalog
from mssql_starrocks.sandbox.starrocks.lake import Lake
from mssql_starrocks.sandbox.starrocks.meta.store import Store

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.faults import Faults


class Engine:
    """The store, DuckDB, the lakes, the faults."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults
        self.database = duckdb.connect(":memory:", config={"threads": 1})
        self.database.execute("SET TimeZone = 'UTC'")
        json_text.register(self.database)
        # DuckDB complains at exit of Python functions in a database that is still open
        weakref.finalize(self, self.database.close)
        self.lock = threading.Lock()
        self.lakes: dict[str, Lake] = {}
        self.sessions = itertools.count(1)

    def cursor(self) -> Any:
        with self.lock:
            return self.database.cursor()

    def lake(self, catalog: str) -> Lake:
        found = self.store.catalogs.get(catalog)
        if found is None:
            raise unknown_catalog(catalog)
        with self.lock:
            if catalog not in self.lakes:
                self.lakes[catalog] = Lake(found, self.store.release)
            return self.lakes[catalog]

    def forget_lake(self, catalog: str) -> None:
        with self.lock:
            self.lakes.pop(catalog, None)
