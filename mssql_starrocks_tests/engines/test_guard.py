"""The guard itself, on plain TCP connections: whom it gives up, whom it leaves alone, and when it ends."""

import mmap
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import mssql_starrocks
from mssql_starrocks.engines import guarding
from mssql_starrocks.engines.guard import ALIVE, BOARD_BYTES, ORDER, Post, cells, struck, waiting
from mssql_starrocks.engines.guarding import Guard

PATIENCE = 0.2
SLOT = 1


@contextmanager
def connection():
    """Our end and the server's; nothing here waits for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname(), timeout=30)
        theirs, _ = listener.accept()
    theirs.settimeout(30)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def guard():
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture
def threaded(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/python")
    return Guard()


@contextmanager
def posted(since=100.0):
    """A connection that a guard watches since 100 s, which gives up after 10 s, and the clock is ours."""
    board = cells(mmap.mmap(-1, BOARD_BYTES))
    post = Post(board)
    with connection() as (ours, theirs):
        post.obey(ORDER.pack(SLOT, 10), [os.dup(ours.fileno())], 100)
        board[waiting(SLOT)] = since
        yield post, board, ours, theirs
        post.obey(ORDER.pack(SLOT, 0), [], 200)


def open_still(ours, theirs):
    theirs.sendall(b"x")
    return ours.recv(1) == b"x"


@pytest.mark.parametrize("kind", ["guard", "threaded"])
def test_who_sends_nothing_is_given_up_and_who_is_not_waited_for_is_left_alone(request, kind):
    guard = request.getfixturevalue(kind)
    assert (guard.pid is None) == (kind == "threaded")
    with connection() as (ours, theirs), connection() as (idle, other):
        with guard.watch([idle.fileno()], PATIENCE) as resting, guard.watch([ours.fileno()], PATIENCE) as watch:
            resting.rest()
            assert theirs.recv(1) == b""
            assert watch.struck
            assert not resting.struck
        assert open_still(idle, other)


def test_after_a_statement_the_guard_holds_no_connection(guard):
    with connection() as (ours, theirs):
        with guard.watch([ours.fileno()], 300) as watch:
            pass
        ours.close()
        assert theirs.recv(1) == b""
        assert not watch.struck


def test_the_patience_begins_anew_with_whatever_comes():
    with posted() as (post, board, ours, theirs):
        post.look(105)
        assert open_still(ours, theirs)
        post.look(109)
        post.look(118)
        assert not board[struck(SLOT)]
        post.look(119.5)
        assert board[struck(SLOT)] == 119.5
        assert theirs.recv(1) == b""


def test_what_lies_unread_is_no_silence():
    """The driver of another connection holds us up."""
    with posted() as (post, board, ours, theirs):
        theirs.sendall(b"x")
        select.select([ours], [], [], 30)
        for now in (101, 120, 140):
            post.look(now)
        assert not board[struck(SLOT)]
        assert ours.recv(1) == b"x"
        post.look(151)
        assert board[struck(SLOT)]


def test_while_we_write_no_time_counts():
    with posted(since=0.0) as (post, board, *_):
        post.look(1000)
        board[waiting(SLOT)] = 995
        post.look(1001)
        assert not board[struck(SLOT)]
        post.look(1006)
        assert board[struck(SLOT)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_nobody_handles_ends_the_connections(number):
    with posted() as (post, board, ours, theirs):
        post.obey(bytes([number]), [], 101)
        post.look(102)
        assert open_still(ours, theirs)
        post.look(103)
        assert theirs.recv(1) == b""
        assert not board[struck(SLOT)], "nobody was silent"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGCHLD])
def test_a_signal_is_left_to_a_process_that_runs(number):
    with posted() as (post, board, ours, theirs):
        post.obey(bytes([number]), [], 101)
        board[ALIVE] = 101.2 if number == signal.SIGINT else 0
        post.look(102)
        post.look(105)
        assert open_still(ours, theirs)


def test_a_wakeup_descriptor_of_somebody_else_is_left_alone(guard):
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        with guard.signals():
            assert signal.set_wakeup_fd(writer.fileno()) == writer.fileno()
        assert signal.set_wakeup_fd(-1) == writer.fileno()
    with guard.signals():
        pass
    assert signal.set_wakeup_fd(-1) == -1


def test_one_guard_for_all_until_somebody_kills_it():
    first = guarding.current()
    assert guarding.current() is first
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    with connection() as (ours, _), first.watch([ours.fileno()], 300) as watch:
        assert not watch.struck
    second = guarding.current()
    assert second.pid != first.pid
    assert not Path(f"/proc/{first.pid}").exists(), "a zombie"


def test_the_guard_has_nothing_of_ours_and_we_leave_no_zombie():
    guard = Guard()
    held = [str(p.readlink()) for p in Path(f"/proc/{guard.pid}/fd").iterdir()]
    guard.close()
    assert sorted(h.split(":")[0] for h in held if "(deleted)" not in h) == ["/dev/null", "/dev/null", "socket"]
    assert len(held) == 4, "and the board"
    assert not Path(f"/proc/{guard.pid}").exists()


_FORKED = """
import os, signal, sys
from mssql_starrocks.engines import guarding
guard = guarding.current()
child = os.fork()
if not child:
    signal.pause()
print(guard.pid, child, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["killed", "ends"])
def test_the_guard_ends_with_its_process_though_a_forked_child_lives_on(way):
    root = str(Path(mssql_starrocks.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-c", _FORKED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as parent:
        guard, child = map(int, parent.stdout.readline().split())
        ended = os.pidfd_open(guard)
        parent.kill() if way == "killed" else parent.stdin.close()
        try:
            assert select.select([ended], [], [], 30)[0]
        finally:
            os.kill(child, signal.SIGKILL)
            os.close(ended)
