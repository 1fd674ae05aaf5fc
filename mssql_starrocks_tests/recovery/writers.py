"""Other writers of a table's main, by PyIceberg and by Spark: they commit at the same time as a block of ours."""

import itertools
import threading
from contextlib import contextmanager

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table.snapshots import ancestors_of

WRITER = "writer"
# ValueError: PyIceberg's "sequence number older than last sequence number" (facts/lake_measured.md 3.2, traps 2 and 7)
_LOST_RACES = (CommitFailedException, ValidationException, ValueError)


class Writers:
    """`acknowledged` are the names of the commits that a writer was told are done."""

    commits, threads = 2, 2

    def __init__(self, kept, chain):
        self.load = lambda: kept.lake_table(chain)
        self.acknowledged = []
        self._names = itertools.count(1000)
        self._failed = []

    @contextmanager
    def busy(self):
        """Each writer commits some times while the block runs; at least one commit is done at its end."""
        done = len(self.acknowledged)
        threads = [threading.Thread(target=self._write) for _ in range(self.threads)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for thread in threads:
                thread.join()
        assert not self._failed, self._failed
        if len(self.acknowledged) == done:
            self.once()

    def once(self):
        """One commit, now."""
        done = len(self.acknowledged)
        while len(self.acknowledged) == done:
            self._commit(next(self._names))

    def _write(self):
        try:
            for _ in range(self.commits):
                self._commit(next(self._names))
        except Exception as error:
            self._failed.append(error)

    def _commit(self, number):
        """Append a row, every other time also rewrite all of them; losing a race is no acknowledgement."""
        name = str(number)
        try:
            table = self.load()
            rows = pa.Table.from_pylist([{"id": number, "v": "foreign"}], schema=table.schema().as_arrow())
            table.append(rows, snapshot_properties={WRITER: name})
            self.acknowledged.append(name)
            if number % 2:
                table = self.load()
                table.overwrite(table.scan().to_arrow(), snapshot_properties={WRITER: f"{name} compacts"})
                self.acknowledged.append(f"{name} compacts")
        except _LOST_RACES:
            pass

    def found(self, table):
        """The commits of writers that main descends from."""
        main = ancestors_of(table.current_snapshot(), table.metadata)
        return {s.summary.additional_properties[WRITER] for s in main if WRITER in s.summary.additional_properties}

    def lost(self, table):
        return set(self.acknowledged) - self.found(table)


class SparkWriters(Writers):
    """One Spark session that appends and compacts (`rewrite_data_files`, whose commits have no name: see `found`)."""

    threads = 1

    def __init__(self, kept, chain, session):
        super().__init__(kept, chain)
        self._session, self._name = session, "lake." + ".".join(chain.names.lake)

    def _commit(self, number):
        row = f"SELECT {number} AS id, 'foreign' AS v, CAST(NULL AS TIMESTAMP_NTZ) AS migrated_at, '' AS source_schema"
        rows = self._session.sql(f"{row}, '' AS load_id")
        rows.writeTo(self._name).option(f"snapshot-property.{WRITER}", str(number)).append()
        self.acknowledged.append(str(number))
        if number % 2:
            sql = f"CALL lake.system.rewrite_data_files(table => '{self._name}', options => map('rewrite-all', 'true'))"
            assert self._session.sql(sql).collect()[0][0]
            self.acknowledged.append(f"compaction {sum('compaction' in n for n in self.acknowledged) + 1}")

    def found(self, table):
        main = ancestors_of(table.current_snapshot(), table.metadata)
        compactions = sum(s.summary.operation.value == "replace" for s in main)
        return super().found(table) | {f"compaction {i + 1}" for i in range(compactions)}
