"""A real dagster-webserver in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

REPOSITORY = Path(__file__).parents[1]
WORKSPACE = ("-w", str(REPOSITORY / "workspace.yaml"))


def free_port() -> int:
    """dagster-webserver takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def webserver(home: Path, environment: Mapping[str, str], location: tuple[str, ...] = WORKSPACE) -> Iterator[str]:
    """Its address, once it answers; `home` is DAGSTER_HOME and the working folder, and gets the log."""
    port = free_port()
    command = [sys.executable, "-m", "dagster_webserver", *location, "-h", "127.0.0.1", "-p", str(port)]
    settings = {**os.environ, **environment, "DAGSTER_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=settings, stdout=log, stderr=log, start_new_session=True)
        try:
            again = Retrying(stop=stop_after_delay(120), wait=wait_fixed(0.3), retry=retry_if_exception_type(OSError))
            again(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5).close())
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the code server, and runs that a test left
