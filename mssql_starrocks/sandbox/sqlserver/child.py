"""The server's process: `python -m mssql_starrocks.sandbox.sqlserver.child ADDRESS`, the key on standard input."""

import sys
from functools import reduce
from multiprocessing.connection import Client, Connection
from typing import Any

from mssql_starrocks.sandbox.sqlserver.errors import translate
from mssql_starrocks.sandbox.sqlserver.server import LocalServer

METHODS = ("execute", "load_table", "fill", "deny_select", "replay")
FAULTS = (
    "faults.stall",
    "faults.kill",
    "faults.cut",
    "faults.deadlock",
    "faults.fail",
    "faults.silence",
    "faults.release",
    "faults.clear",
    "faults.struck",
)


def main() -> None:
    key = sys.stdin.buffer.readline().strip()
    with Client(sys.argv[1], "AF_UNIX", authkey=key) as control, LocalServer(**control.recv()) as server:
        control.send((True, server.port))
        _serve(control, server)


def _serve(control: Connection, server: LocalServer) -> None:
    while True:
        try:
            method, arguments = control.recv()
        except (EOFError, OSError):
            return  # the parent closed, or died
        try:
            answer = (True, _call(server, method, arguments))
        except Exception as failure:
            answer = (False, translate(failure))
        try:
            control.send(answer)
        except OSError:
            return  # it died meanwhile


def _call(server: LocalServer, method: str, arguments: tuple[Any, ...]) -> Any:
    if method not in (*METHODS, *FAULTS):
        raise ValueError(f"no method {method}")
    return reduce(getattr, method.split("."), server)(*arguments)  # type: ignore[operator]


if __name__ == "__main__":
    main()
