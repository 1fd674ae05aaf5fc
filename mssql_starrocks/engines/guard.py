"""The guard: a process beside ours that ends connections which fell silent, whatever their driver does to us.

mssql-python's Rust driver holds the interpreter's lock while it waits inside a long value: no thread of our process
runs then, and no handler of a signal. guarding.py runs this file as a script, so it imports the standard library only.
It ends when the other end of its channel is closed, by whatever end of our process.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import signal
import socket
import struct
import sys
import termios
import time
from collections.abc import Sequence

ORDER = struct.Struct("=Id")  # slot, patience in seconds: watch what is enclosed; a patience of 0: no longer
READY = b"+"
BOARD_BYTES = 1 << 16
SLOTS = range(1, BOARD_BYTES // 16)
ALIVE = 0  # the board's cell in which our process says when it last ran
_GRACE = 1.5  # seconds that our process has to react to a signal
_TICK = 0.25
_TCP_INFO_BYTES = 192
_BYTES_RECEIVED = 128  # offset in struct tcp_info (linux/tcp.h), since Linux 4.1


def cells(memory: mmap.mmap) -> memoryview[float]:
    """The board that both sides see, with times of time.monotonic(), a clock that all processes share."""
    return memoryview(memory).cast("d")


def waiting(slot: int) -> int:
    """The cell that says since when the driver is waited for; 0 while it is not."""
    return 2 * slot


def struck(slot: int) -> int:
    """The cell that says when the guard gave the connection up."""
    return 2 * slot + 1


class Watched:
    """A connection for the time of one statement."""

    def __init__(self, board: memoryview[float], slot: int, patience: float, descriptors: Sequence[int]) -> None:
        self._board, self._slot, self._patience = board, slot, patience
        self._sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        self._received = [_received(s) for s in self._sockets]
        self._sign = 0.0

    def look(self, now: float) -> None:
        """Give the connection up if nothing came; what lies unread came, and waits for a driver that is held up."""
        received = [_received(s) for s in self._sockets]
        if received != self._received or any(_unread(s) for s in self._sockets):
            self._received, self._sign = received, now
        since = self._board[waiting(self._slot)]
        if since and max(since, self._sign) < now - self._patience:
            self._board[struck(self._slot)] = now
            self.shut()

    def shut(self) -> None:
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # has ended by itself

    def close(self) -> None:
        for connection in self._sockets:
            connection.close()


class Post:
    """What is watched, and whether a signal waits to be handled by our process."""

    def __init__(self, board: memoryview[float]) -> None:
        self._board = board
        self.watched: dict[int, Watched] = {}
        self._signalled = math.inf

    def obey(self, message: bytes, descriptors: Sequence[int], now: float) -> None:
        """Follow an order, or note the number of a signal, which Python writes as one byte."""
        if len(message) == ORDER.size:
            slot, patience = ORDER.unpack(message)
            if slot in self.watched:
                self.watched.pop(slot).close()
            if patience:
                self.watched[slot] = Watched(self._board, slot, patience, descriptors)
        elif message[0] in (signal.SIGINT, signal.SIGTERM):
            self._signalled = min(self._signalled, now)

    def look(self, now: float) -> None:
        for connection in self.watched.values():
            connection.look(now)
        if not self.watched or self._board[ALIVE] > self._signalled:
            self._signalled = math.inf
        if self._signalled < now - _GRACE:
            for connection in self.watched.values():
                connection.shut()


def serve(channel: socket.socket, board: memoryview[float]) -> None:
    """Do what the channel says until its other end is closed."""
    post = Post(board)
    while True:
        channel.settimeout(_TICK if post.watched else None)
        try:
            message, descriptors, _, _ = socket.recv_fds(channel, ORDER.size, 16)
            if not message:
                return
            post.obey(message, descriptors, time.monotonic())
        except TimeoutError:
            pass
        post.look(time.monotonic())


def _received(connection: socket.socket) -> int:
    """Bytes that ever came; 0 where the kernel does not count them."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0
    return int.from_bytes(info[_BYTES_RECEIVED : _BYTES_RECEIVED + 8], sys.byteorder)


def _unread(connection: socket.socket) -> bool:
    """Asked so that an error that waits for the driver stays there, unlike with MSG_PEEK."""
    return any(fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = int(sys.argv[1])
    board = cells(mmap.mmap(descriptor, BOARD_BYTES))
    os.close(descriptor)
    with socket.socket(fileno=sys.stdin.fileno()) as channel:
        channel.send(READY)
        serve(channel, board)


if __name__ == "__main__":
    _main()
