"""The server's shared state: databases, tables, catalogs, users. All changes happen under `lock`."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping

from mssql_starrocks.sandbox.starrocks.errors import plain, unknown_database, unknown_table
from mssql_starrocks.sandbox.starrocks.meta.grants import ROOT, Grants
from mssql_starrocks.sandbox.starrocks.meta.labels import Labels
from mssql_starrocks.sandbox.starrocks.meta.model import AlterJob, Catalog, MaterializedView, Table
from mssql_starrocks.sandbox.starrocks.wire.packets import password_hash

DEFAULT_CATALOG = "default_catalog"
INFORMATION_SCHEMA = "information_schema"


class Store:
    def __init__(self, users: Mapping[str, str], version: str, backends: int) -> None:
        self.version, self.backends = version, backends
        self.lock = threading.RLock()
        self._last_id = 10000
        self.databases: dict[str, dict[str, Table]] = {}
        self.catalogs: dict[str, Catalog] = {}
        self.views: list[MaterializedView] = []
        self.users = {name: password_hash(password) for name, password in users.items()}
        self.users.setdefault(ROOT, b"")
        self.built_in_roles = frozenset({"root", "db_admin", "cluster_admin", "user_admin", "security_admin", "public"})
        self.roles = set(self.built_in_roles)
        self.grants = Grants()
        self.labels = Labels(self.new_id)
        self.globals: dict[str, str] = {}
        self.alters: list[AlterJob] = []
        self._write_locks: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)

    @property
    def release(self) -> tuple[int, int]:
        """The version as the rules compare it; `main` is after every release."""
        if self.version == "main":
            return (4, 2)
        major, minor, *_ = self.version.split(".")
        return (int(major), int(minor))

    def new_id(self) -> int:
        with self.lock:
            self._last_id += 1
            return self._last_id

    def database(self, name: str) -> dict[str, Table]:
        found = self.databases.get(name)
        if found is None:
            raise unknown_database(name)
        return found

    def table(self, database: str, name: str) -> Table:
        found = self.database(database).get(name)
        if found is None:
            raise unknown_table(f"{database}.{name}")
        return found

    def tables(self) -> Iterator[Table]:
        with self.lock:
            every = [table for tables in self.databases.values() for table in tables.values()]
        yield from every

    def write_lock(self, table: Table) -> threading.RLock:
        with self.lock:
            return self._write_locks[table.id]

    def rename(self, table: Table, new_name: str) -> None:
        with self.lock:
            tables = self.database(table.database)
            if new_name in tables:
                raise plain(f"Table name[{new_name}] is already used")
            del tables[table.name]
            table.name = new_name
            tables[new_name] = table

    def swap(self, table: Table, other: Table) -> None:
        """Names move, ids stay; materialized views on either table become inactive (judged B SWAP)."""
        with self.lock:
            tables = self.database(table.database)
            for view in self.views:
                hit = next((t for t in (table, other) if t.id in view.base_tables), None)
                if hit is not None:
                    view.active, view.reason = False, f"base-table swapped: {hit.name}"
            table.name, other.name = other.name, table.name
            tables[table.name], tables[other.name] = table, other

    def drop(self, table: Table) -> None:
        with self.lock:
            del self.database(table.database)[table.name]
            self.grants.forget_table(table)
            for view in self.views:
                if table.id in view.base_tables:
                    view.active, view.reason = False, f"base-table dropped: {table.name}"
