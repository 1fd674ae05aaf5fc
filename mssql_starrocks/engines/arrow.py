"""The arrow engine: rows through mssql-python's Arrow reader into Parquet, in this process, without a JVM.

One thread a connection takes chunks from a queue and writes files of its own; all files become one snapshot, those of
big tables a few (lake/journal.py). Driver and Parquet writer release the interpreter's lock, but the driver not inside
long values (guard.py). A chunk whose connection was chosen as deadlock victim, or waited too long for a lock, is read
again alone, with what shares its unfinished file: nothing is in the result twice.
"""

from __future__ import annotations

import queue
import resource
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mssql_starrocks.engines.progress import Progress
from mssql_starrocks.engines.shape import shape
from mssql_starrocks.engines.watchdog import Watchdog
from mssql_starrocks.errors import MssqlStarrocksError, SourceBusyError
from mssql_starrocks.lake.branch import AuditBranch
from mssql_starrocks.lake.files import RollingWriter, file_schema
from mssql_starrocks.lake.journal import Journal
from mssql_starrocks.model import Checkpoint, Chunk, CopyResult, ExtractionPlan, Grade
from mssql_starrocks.settings import MssqlSettings
from mssql_starrocks.source.connect import ReaderSession
from mssql_starrocks.source.select import extraction

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 65536
_TRIES = 3  # of one chunk
_LAST_WORDS = 5.0  # seconds for a thread whose connection was ended
_REREAD = (Grade.A, Grade.D, Grade.E)  # a snapshot transaction that failed is gone, and with it the point


class ArrowEngine:
    """Reads chunks through the sessions that hold the point."""

    name = "arrow"

    def __init__(
        self,
        sessions: Sequence[ReaderSession],
        catalog: Catalog,
        mssql: MssqlSettings,
        log: Callable[[str], None],
    ) -> None:
        self._sessions, self._catalog, self._mssql, self._log = sessions, catalog, mssql, log

    def copy(self, plan: ExtractionPlan, branch: AuditBranch) -> CopyResult:
        """Copy the plan's rows and commit them to the branch, the last ones with the branch's properties.

        Raises:
            SourceError: the source refused or the connection died; what is committed is no load.
            LakeError: the store refused, or another run goes on with this load.
        """
        from mssql_starrocks.lake.schemas import writing

        started, spent = time.monotonic(), time.process_time()
        table = writing(self._catalog.load_table((branch.database, branch.table)), branch.schema_id)
        with Progress(plan, self._log) as progress:
            journal = Journal(self._catalog, branch)
            _Reading(plan, table, self._mssql, progress, journal).run(self._sessions)
            snapshot_id = journal.finish()
        files, before = journal.files, branch.so_far or Checkpoint.none()
        return CopyResult(
            rows=sum(f.record_count for f in files) + before.rows,
            bytes=sum(f.file_size_in_bytes for f in files) + before.bytes,
            files=len(files) + before.files,
            seconds=time.monotonic() - started,
            peak_rss=peak_rss(),
            snapshot_id=snapshot_id,
            cpu_seconds=time.process_time() - spent,
            resumed_rows=before.rows,
        )


class _Reading:
    """The chunks of one plan on their way into files."""

    def __init__(
        self, plan: ExtractionPlan, table: Table, mssql: MssqlSettings, progress: Progress, journal: Journal
    ) -> None:
        self._plan, self._table, self._mssql = plan, table, mssql
        self._progress, self._journal = progress, journal
        self._files = f"{plan.load_id}-{secrets.token_hex(2)}"  # each run of a load writes files of its own
        self._schema = file_schema(table)
        self._chunks: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
        self._tries = dict.fromkeys((c.number for c in plan.chunks), 0)
        for chunk in plan.chunks:
            self._chunks.put(chunk)
        self._stop = threading.Event()
        self._errors: list[BaseException] = []

    def run(self, sessions: Sequence[ReaderSession]) -> None:
        """Read every chunk; on the first failure, or Ctrl-C, every connection is ended before this returns."""
        readers = sessions[: len(self._plan.chunks)]
        with Watchdog(self._mssql.stall_timeout) as watchdog:
            threads = [
                threading.Thread(target=self._work, args=(number, readers, watchdog), daemon=True)
                for number in range(len(readers))
            ]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    while thread.is_alive():  # a join without time-out would not see Ctrl-C
                        thread.join(0.2)
                        watchdog.alive()
            except BaseException:
                self._end(sessions, threads)
                raise
        if self._errors:
            raise self._errors[0]

    def _work(self, number: int, readers: Sequence[ReaderSession], watchdog: Watchdog) -> None:
        with RollingWriter(self._table, f"{self._files}-{number:02d}", len(readers)) as writer:
            self._work_off(readers[number], writer, watchdog)

    def _work_off(self, session: ReaderSession, writer: RollingWriter, watchdog: Watchdog) -> None:
        pending: list[Chunk] = []
        try:
            while not self._stop.is_set():
                try:
                    chunk = self._chunks.get_nowait()
                except queue.Empty:
                    break
                pending.append(chunk)
                try:
                    self._read(chunk, session, writer, watchdog)
                except MssqlStarrocksError as error:
                    self._again(error, pending, writer)
                if self._stop.is_set():  # the chunk may not be whole
                    break
                if writer.settle(keep_open=not self._journal.due()):
                    self._settled(pending, writer)
                    pending = []
                if self._mssql.chunk_pause:
                    self._stop.wait(self._mssql.chunk_pause)
            if not self._stop.is_set():
                self._journal.done((c.number for c in pending), writer.finish())
        except BaseException as error:  # of any thread: the caller raises it
            self._errors.append(error)
            self._stop.set()
        finally:
            if self._stop.is_set():
                writer.discard()

    def _settled(self, chunks: Sequence[Chunk], writer: RollingWriter) -> None:
        self._journal.done((c.number for c in chunks), writer.take())
        if self._journal.due() and not self._chunks.empty():
            self._journal.checkpoint()

    def _read(self, chunk: Chunk, session: ReaderSession, writer: RollingWriter, watchdog: Watchdog) -> None:
        query = extraction(self._plan.table, self._plan.columns, chunk)
        with watchdog.over(session):
            for batch in session.batches(query, batch_rows(self._plan), self._plan.table):
                watchdog.rest(session)
                if self._stop.is_set():
                    session.abort()
                    return
                writer.write(shape(batch, self._schema, self._plan.audit))
                self._progress.add(chunk.number, batch.num_rows, batch.nbytes)
                watchdog.seen(session)

    def _again(self, error: MssqlStarrocksError, pending: list[Chunk], writer: RollingWriter) -> None:
        """Put back what the unfinished file holds, where the point allows it and the connection lives."""
        if not isinstance(error, SourceBusyError) or self._plan.grade not in _REREAD:
            raise error
        for chunk in pending:
            self._tries[chunk.number] += 1
            if self._tries[chunk.number] >= _TRIES:
                raise error
        writer.discard()
        self._progress.again(chunk.number for chunk in pending)
        for chunk in pending:
            self._chunks.put(chunk)
        pending.clear()

    def _end(self, sessions: Sequence[ReaderSession], threads: Sequence[threading.Thread]) -> None:
        self._stop.set()
        for session in sessions:
            session.abort()
        for thread in threads:
            if thread.is_alive():
                thread.join(_LAST_WORDS)


def peak_rss() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def batch_rows(plan: ExtractionPlan) -> int:
    """Rows whose bytes fill a batch, by the longest row that was measured, else by the catalog's average."""
    average = max(plan.estimated_bytes // max(plan.estimated_rows, 1), 1)
    return max(min(_BATCH_BYTES // max(average, plan.longest_row), _BATCH_ROWS), 1)
