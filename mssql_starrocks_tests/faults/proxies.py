"""What stands between the chain and its servers: a TCP proxy, and a door to the AWS stand-in that can be faulty."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Tick = Callable[[], None]


class TcpProxy:
    """Passes bytes on; `cut` ends every connection, `lose` ends the one that the server answers next, unheard."""

    def __init__(self, port: int, tick: Tick) -> None:
        self._upstream, self._tick, self._losing = port, tick, False
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """How many connections it hit."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._end(pair)
        return len(pairs)

    def lose(self) -> None:
        self._losing = True

    def forget(self) -> bool:
        """Lose nothing any more; whether that is still to happen."""
        left, self._losing = self._losing, False
        return left

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream))
            except OSError:
                return
            pair = (client, server)
            for one in pair:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._pump, args=(pair, client, server), daemon=True).start()
            threading.Thread(target=self._pump, args=(pair, server, client), daemon=True).start()

    def _pump(self, pair: tuple[socket.socket, socket.socket], source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._tick()
                if self._losing and source is pair[1]:
                    self._losing = False
                    break
                target.sendall(data)
        self._end(pair)

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            known = pair in self._pairs
            self._pairs.discard(pair)
        for one in pair if known else ():
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@dataclass
class _Rule:
    how: str
    text: str
    left: int


class FaultyAws:
    """A second port of the running moto server, for the chain alone; readers use the first."""

    def __init__(self, aws: Any, tick: Tick) -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        self._application, self._tick = aws._server.app, tick
        self._rules: list[_Rule] = []
        self._lock, self._struck = threading.Lock(), 0
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=MotoRequestHandler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def arm(self, how: str, text: str, times: int) -> None:
        """Each word of `text` is looked for in `glue UpdateTable` or `s3 PUT /bucket/path`."""
        with self._lock:
            self._rules.append(_Rule(how, text, times))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def struck(self) -> int:
        return self._struck

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._tick()
        glue = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix("AWSGlue.")
        request = f"glue {glue}" if glue else f"s3 {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        how = self._take(request)
        if how is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        if how == "lost":
            b"".join(self._application(environ, lambda *_: None))
        if how in ("lost", "cut"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError(how)
        return _refusal(how, bool(glue), start_response)

    def _take(self, request: str) -> str | None:
        with self._lock:
            for rule in self._rules:
                if rule.left and all(word in request for word in rule.text.split()):
                    rule.left -= 1
                    self._struck += 1
                    return rule.how
        return None


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the Glue API's "Common Errors"
_S3 = {
    "500": ("500 Internal Server Error", "InternalError"),
    "503": ("503 Service Unavailable", "ServiceUnavailable"),
    "throttle": ("503 Slow Down", "SlowDown"),
    "expired": ("400 Bad Request", "ExpiredToken"),
}
_GLUE = {
    "500": ("500 Internal Server Error", "InternalServiceException"),
    "503": ("503 Service Unavailable", "ServiceUnavailable"),
    "throttle": ("400 Bad Request", "ThrottlingException"),
    "expired": ("400 Bad Request", "ExpiredTokenException"),
}


def _refusal(how: str, glue: bool, start_response: Any) -> Iterable[bytes]:
    status, code = (_GLUE if glue else _S3)[how]
    kind = "application/x-amz-json-1.1" if glue else "application/xml"
    body = f'{{"__type": "{code}", "message": "a fault of the tests"}}' if glue else _XML.format(code)
    start_response(status, [("Content-Type", kind), ("Connection", "close")])
    return [body.encode()]


_XML = '<?xml version="1.0"?><Error><Code>{}</Code><Message>a fault of the tests</Message></Error>'
