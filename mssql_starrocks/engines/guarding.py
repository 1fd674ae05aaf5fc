"""Our process's side of the guard (guard.py): one for all copies, started by the first."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.util import Finalize

from mssql_starrocks.engines import guard

_START = 10.0  # seconds


class Watch:
    """One statement under guard: when its driver is waited for, and whether it was given up."""

    def __init__(self, board: memoryview[float], slot: int) -> None:
        self._board, self._slot = board, slot
        board[guard.struck(slot)] = 0

    def wait(self) -> None:
        self._board[guard.waiting(self._slot)] = time.monotonic()

    def rest(self) -> None:
        self._board[guard.waiting(self._slot)] = 0

    @property
    def struck(self) -> bool:
        return self._board[guard.struck(self._slot)] > 0


class Guard:
    """A process; where none can be started a thread, which is powerless only while the interpreter's lock is held."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._slots = deque(guard.SLOTS)  # the one that was free longest is taken next
        try:
            self._start_process()
        except OSError:
            self._start_thread()
        self._channel.setblocking(False)  # nothing waits for the guard

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is None or self._process.poll() is None

    @contextmanager
    def watch(self, descriptors: Sequence[int], patience: float) -> Iterator[Watch]:
        """Have these sockets shut once nothing came through them for so long while the driver is waited for."""
        slot = self._slots.popleft()
        watch = Watch(self._board, slot)
        watch.wait()
        self._order(slot, patience, descriptors)
        try:
            yield watch
        finally:
            watch.rest()
            self._order(slot, 0, ())
            self._slots.append(slot)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let the guard hear of SIGINT and SIGTERM, and shut all it watches unless `alive` follows within 1.5 s.

        Python's handlers wait for the interpreter's lock, its wakeup descriptor does not. In other threads than the
        main one, or if somebody (asyncio) uses that descriptor, nothing is changed.
        """
        self.alive()
        before = self._wake(self._channel.fileno())
        if before not in (None, -1):
            self._wake(before)
        try:
            yield
        finally:
            if before == -1:
                self._wake(before)
            self.alive()

    def alive(self) -> None:
        """The main thread runs, so it handles signals by itself."""
        self._board[guard.ALIVE] = time.monotonic()

    def close(self) -> None:
        self._channel.close()
        if self._process:
            try:
                self._process.wait(_START)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def disown(self) -> None:
        """In a forked child: the guard belongs to the parent, and must see that end."""
        before = self._wake(-1)
        if before not in (None, self._channel.fileno()):
            self._wake(before)
        self._channel.close()

    def _start_process(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as file:
            file.truncate(guard.BOARD_BYTES)
            self._board = guard.cells(mmap.mmap(file.fileno(), guard.BOARD_BYTES))
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(file.fileno())],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[file.fileno()],
                cwd=os.sep,
                start_new_session=True,  # a terminal's Ctrl-C is for us alone, also before the guard ignores it
            )
        self._channel.settimeout(_START)
        try:
            if self._channel.recv(1) != guard.READY:
                raise OSError("the guard did not start")
        except OSError:
            self._process.kill()
            self._process.wait()
            raise

    def _start_thread(self) -> None:
        self._process = None
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._board = guard.cells(mmap.mmap(-1, guard.BOARD_BYTES))
        threading.Thread(target=guard.serve, args=(theirs, self._board), daemon=True).start()

    def _order(self, slot: int, patience: float, descriptors: Sequence[int]) -> None:
        with contextlib.suppress(OSError):  # somebody killed the guard: the next copy starts another
            socket.send_fds(self._channel, [guard.ORDER.pack(slot, patience)], descriptors)

    @staticmethod
    def _wake(descriptor: int) -> int | None:
        with contextlib.suppress(ValueError):  # not the main thread
            return signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
        return None


class _Process:
    """What this process has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guard: Guard | None = None

    def current(self) -> Guard:
        with self._lock:
            if self._guard is None or not self._guard.running:
                self._guard = Guard()
                Finalize(None, self._guard.close, exitpriority=0)  # children of multiprocessing skip atexit
            return self._guard

    def forked(self) -> None:
        if self._guard:
            self._guard.disown()
        self._lock, self._guard = threading.Lock(), None


_process = _Process()
os.register_at_fork(after_in_child=_process.forked)


def current() -> Guard:
    """The guard of this process, started at the first call."""
    return _process.current()
