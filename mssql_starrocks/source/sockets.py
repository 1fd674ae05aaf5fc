"""The sockets behind a driver's connection: the drivers cannot be interrupted, their sockets can.

Both providers of mssql-python hang on a stalled network whatever their time-outs say, and the Rust one reads a whole
result before it closes a cursor (facts/sqlserver_measured.md 5). Shutting the socket makes the waiting call fail at
once and the server end its query.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}  # seconds, seconds, probes


@dataclass
class Sockets:
    """The descriptors that a connection opened; empty where the system does not list them."""

    descriptors: list[tuple[int, int]] = field(default_factory=list)  # (descriptor, inode)

    def shut(self) -> None:
        """End the connection under the driver; safe to call from any thread and more than once."""
        for descriptor in self.live():
            with contextlib.suppress(OSError):
                _shutdown(descriptor)

    def live(self) -> list[int]:
        """The descriptors that are still this connection's."""
        return [descriptor for descriptor, inode in self.descriptors if _is(descriptor, inode)]

    def keep_alive(self) -> None:
        """Let the kernel find a dead peer within a minute, also while the driver holds the interpreter's lock."""
        for descriptor, _ in self.descriptors:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                for name, value in _KEEPALIVE.items():
                    if hasattr(socket, name):
                        peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@contextlib.contextmanager
def opened(port: int) -> Iterator[Sockets]:
    """Collect the sockets to `port` that are opened inside; callers open one connection at a time."""
    found, before = Sockets(), _to(port)
    yield found
    found.descriptors = sorted(_to(port) - before)
    found.keep_alive()


def _to(port: int) -> set[tuple[int, int]]:
    """Descriptors and inodes of this process's sockets whose peer has the port."""
    if not _DESCRIPTORS.is_dir():
        return set()
    return {(d, inode) for d in (int(p.name) for p in _DESCRIPTORS.iterdir()) if (inode := _inode(d, port))}


def _is(descriptor: int, inode: int) -> bool:
    with contextlib.suppress(OSError):
        return os.fstat(descriptor).st_ino == inode
    return False


def _inode(descriptor: int, port: int) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        if "socket:" not in str((_DESCRIPTORS / str(descriptor)).readlink()):
            return None
        with socket.socket(fileno=os.dup(descriptor)) as candidate:
            peer = candidate.getpeername()
            if isinstance(peer, tuple) and peer[1] == port:
                return os.fstat(descriptor).st_ino
    return None


def _shutdown(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as live:
        live.shutdown(socket.SHUT_RDWR)
