"""The two HTTP ports: requests, passwords, `100 Continue`, and answers before the body where StarRocks answers so."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from mssql_starrocks.sandbox.starrocks.errors import DropConnection, SqlError
from mssql_starrocks.sandbox.starrocks.wire.packets import password_hash

if TYPE_CHECKING:
    from mssql_starrocks.sandbox.starrocks.engine import Engine
    from mssql_starrocks.sandbox.starrocks.http.transactions import Transactions

log = logging.getLogger(__name__)
LINGER_SECONDS = 0.5


class Broken(Exception):  # noqa: N818 - the client's doing
    """The client closed the connection inside a body."""


class HttpListener(ThreadingHTTPServer):
    """One port. `peer` is the back end's address, for the front end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, host: str, handler: type[Handler], engine: Engine, transactions: Transactions, peer: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.engine, self.transactions, self.peer, self.tls = engine, transactions, peer, tls
        self.open: set[socket.socket] = set()
        super().__init__((host, 0), handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"{self.server_address[0]!s}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        log.debug("connection failed", exc_info=True)

    def stop(self) -> None:
        self.shutdown()
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    """What both ports share. A request ends its connection."""

    protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1
    server: HttpListener

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server.open.add(self.request)

    def finish(self) -> None:
        self.server.open.discard(self.request)
        with contextlib.suppress(OSError):
            super().finish()
        if self.server.tls is not None:
            self.request.close()

    def log_message(self, *args: object) -> None:
        pass

    def handle_expect_100(self) -> bool:
        return True  # answered when the body is wanted

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def route(self, user: str, path: list[str]) -> None:
        raise NotImplementedError

    @property
    def label(self) -> str:
        return self.headers.get("label", "") or "".join(parse_qs(urlsplit(self.path).query).get("label", []))

    def _serve(self) -> None:
        self.close_connection = True
        subject = f"{self.command} {self.path} label={self.label}"
        try:
            user = self._user()
            if user is None:
                self.answer({"status": "FAILED", "msg": "Access denied"}, 401, {"WWW-Authenticate": 'Basic realm=""'})
                return
            self._check(subject, "before")
            self.route(user, [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")])
        except (DropConnection, Broken):
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _check(self, subject: str, when: str) -> None:
        """A fault that is an error is HTTP 500 with its text."""
        try:
            self.server.engine.faults.check(subject, when)
        except SqlError as error:
            self.answer(error.text.encode(), 500)
            raise DropConnection from None

    def _user(self) -> str | None:
        kind, _, credentials = self.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(credentials).decode().partition(":")
        except ValueError:
            return None
        stored = self.server.engine.store.users.get(name)
        return name if kind == "Basic" and stored is not None and stored == password_hash(password) else None

    def body(self) -> bytes:
        """Raises Broken when the client goes away; `cut_body` of the faults does so on our side."""
        if self.headers.get("Transfer-Encoding"):
            raise SqlError(1064, "42000", "not supported by the sandbox: chunked bodies")
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        size = int(self.headers.get("Content-Length", "0"))
        cut = self.server.engine.faults.body_cut(f"{self.command} {self.path} label={self.label}")
        found = self.rfile.read(min(size, cut) if cut is not None else size)
        if cut is not None or len(found) < size:
            raise Broken
        return found

    def answer(
        self, document: Mapping[str, Any] | bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        if status == 200:
            self._check(f"{self.command} {self.path} label={self.label}", "after")
        body = document if isinstance(document, bytes) else json.dumps(document, indent=4).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self._linger()

    def _linger(self) -> None:
        """Read what was sent meanwhile: closing over unread bytes resets the connection and loses the answer."""
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.settimeout(LINGER_SECONDS)
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65536):
                pass
