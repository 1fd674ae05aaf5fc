"""Readers that read as often as they can, and a way to let all of them read between two steps of a load."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from itertools import groupby

import pymysql
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

from mssql_starrocks.lake.catalog import open_catalog

ABSENT = "absent"
_UNKNOWN = {1049, 1146, 5501, 5502}  # database, table


class Reader(threading.Thread):
    """`answers` are all rows that it was given, each time, with the phase that it began in."""

    def __init__(self, name: str, ask: Callable[[], object], changed: threading.Condition, step: list) -> None:
        super().__init__(name=name, daemon=True)
        self.answers, self.error = [], None
        self._ask, self._changed, self._step, self._stop_now = ask, changed, step, False

    def run(self):
        while not self._stop_now:
            with self._changed:
                self._changed.wait_for(lambda: self.reads(self._step[-1]) or self._stop_now)
            step = self._step[-1][0]
            try:
                found = self._ask()
            except Exception as error:
                self.error, self._stop_now = error, True
                found = error
            with self._changed:
                self.answers.append((step, found))
                self._changed.notify_all()

    def reads(self, step):
        return self.name.startswith(step[1])

    def stop(self):
        with self._changed:
            self._stop_now = True
            self._changed.notify_all()
        self.join()

    def seen(self):
        """Every answer, without repetitions of the one before."""
        return [key for key, _ in groupby(answer for _, answer in self.answers)]


class Readers:
    """Readers of one table: `threads` in StarRocks, one in the lake."""

    def __init__(self, kept, chain, threads=2):
        self.steps, self._changed = [("start", "")], threading.Condition()
        asks = {f"starrocks {i}": _StarRocks(kept) for i in range(threads)} | {"lake": _Lake(kept, chain)}
        self.all = [Reader(name, ask, self._changed, self.steps) for name, ask in asks.items()]

    @contextmanager
    def reading(self):
        for reader in self.all:
            reader.start()
        try:
            yield self
        finally:
            for reader in self.all:
                reader.stop()

    @property
    def phase(self):
        return self.steps[-1][0]

    def step(self, phase, where=""):
        """Every reader of `where` begins and ends a read before this returns, and reads on until the next step."""
        with self._changed:
            self.steps.append((phase, where))
            self._changed.notify_all()
            wanted = {reader: len(reader.answers) + 2 for reader in self.all if reader.reads(self.steps[-1])}
            self._changed.wait_for(lambda: all(r.error or len(r.answers) >= n for r, n in wanted.items()))


class _StarRocks:
    def __init__(self, kept):
        settings, self._sql = kept.settings.starrocks, f"SELECT id, v FROM {kept.name}"
        self._connection = pymysql.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password.get_secret_value(),
            ssl_ca=settings.ca_file,
            autocommit=True,
        )

    def __call__(self):
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(self._sql)
                return sorted(cursor.fetchall())
        except pymysql.MySQLError as error:
            if error.args[0] in _UNKNOWN:
                return ABSENT
            raise


class _Lake:
    def __init__(self, kept, chain):
        self._catalog, self._name = open_catalog(kept.settings.lake), chain.names.lake

    def __call__(self):
        try:
            table = self._catalog.load_table(self._name)
        except (NoSuchTableError, NoSuchNamespaceError):
            return ABSENT
        if table.current_snapshot() is None:
            return ABSENT
        found = table.scan(selected_fields=("id", "v")).to_arrow().to_pylist()
        return sorted((row["id"], row["v"]) for row in found)
