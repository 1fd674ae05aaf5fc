"""A real dagster-webserver in a process of its own."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from mssql_starrocks.sandbox.certificate import Certificate

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


class Proxy(ThreadingHTTPServer):
    """Stands before a webserver at the path /dagster, with TLS if asked, and answers 502 when it is told to.

    Attributes:
        refused: how many of the next requests that hold a word get a 502.
        passed: bodies of the requests that reached the webserver.

    """

    def __init__(self, behind: str, certificate: Certificate | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.refused: Counter[str] = Counter()
        self.passed: list[str] = []
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}/dagster"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert_file, certificate.key_file)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def refuses(self, body: str) -> bool:
        word = next((word for word, times in self.refused.items() if times > 0 and word in body), None)
        if word is not None:
            self.refused[word] -= 1
        return word is not None

    def passed_with(self, word: str) -> int:
        return sum(word in body for body in self.passed)


class _Passing(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuses(body.decode()):
            self._answer(502, b"<html>\nBad Gateway\n</html>")
            return
        self.server.passed.append(body.decode())
        target = f"http://{self.server.behind}{self.path.removeprefix('/dagster')}"
        request = urllib.request.Request(target, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as found:
                self._answer(found.status, found.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def proxy(address: str, certificate: Certificate | None = None) -> Iterator[Proxy]:
    """A proxy before the webserver at an address."""
    with Proxy(address, certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
