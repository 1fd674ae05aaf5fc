"""Commits what a copy has finished: now and then a checkpoint, at last the load with its evidence."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mssql_starrocks.lake.branch import AuditBranch, commit
from mssql_starrocks.lake.checkpoints import checkpoint_properties

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile

CHECKPOINT_BYTES, CHECKPOINT_SECONDS = 1 << 30, 300.0  # of finished files, since the last commit


class Journal:
    """The commits of one copy, safe from any thread; a branch without `so_far` gets its one commit at the end."""

    def __init__(self, catalog: Catalog, branch: AuditBranch) -> None:
        self._catalog, self._branch = catalog, branch
        self._chunks = set(branch.so_far.chunks) if branch.so_far else set()
        self._head = branch.so_far.snapshot_id if branch.so_far else None
        self._waiting: list[DataFile] = []
        self.files: list[DataFile] = []  # committed by this copy
        self._lock, self._committing = threading.Lock(), threading.Lock()
        self._last = time.monotonic()

    def done(self, chunks: Iterable[int], files: Sequence[DataFile]) -> None:
        """These chunks are whole, in these files."""
        with self._lock:
            self._chunks.update(chunks)
            self._waiting += files

    def due(self) -> bool:
        """Whether a checkpoint is worth its commit."""
        if self._branch.so_far is None:
            return False
        with self._lock:
            size = sum(f.file_size_in_bytes for f in self._waiting)
            return size >= CHECKPOINT_BYTES or time.monotonic() - self._last >= CHECKPOINT_SECONDS

    def checkpoint(self) -> None:
        """Commit what is done; whoever comes while another thread commits goes on reading."""
        so_far = self._branch.so_far
        if so_far is None or not self._committing.acquire(blocking=False):
            return
        try:
            chunks, files = self._take()
            if files:
                self._commit(checkpoint_properties(replace(so_far, chunks=chunks)), files)
        finally:
            self._committing.release()

    def finish(self) -> int:
        """Commit the rest with the evidence; returns the load's snapshot id."""
        with self._committing:
            return self._commit(self._branch.properties, self._take()[1])

    def _take(self) -> tuple[frozenset[int], list[DataFile]]:
        """The files to commit, and all chunks that the branch then holds."""
        with self._lock:
            files, self._waiting = self._waiting, []
            return frozenset(self._chunks), files

    def _commit(self, properties: Mapping[str, str], files: list[DataFile]) -> int:
        self._head = commit(self._catalog, replace(self._branch, properties=properties), files, self._head)
        self.files += files
        self._last = time.monotonic()
        return self._head
