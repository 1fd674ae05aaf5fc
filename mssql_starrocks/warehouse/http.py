"""StarRocks over HTTP: `Expect: 100-continue`, and the front end's 307 followed by hand.

`requests` sends `Expect` as text without waiting, and drops the password on the redirect from port 8030 to 8040
(facts/starrocks_measured.md 8), hence plain sockets. Each call is one connection, and no message holds the password.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from mssql_starrocks.errors import WarehouseError, WarehouseUnreachableError
from mssql_starrocks.settings import StarRocksSettings
from mssql_starrocks.warehouse.connect import tls_context

Body = Sequence[bytes | memoryview]
# A step may think for hours, as a statement may (connect.py); keep-alive tells a dead peer from a busy one.
_CONNECT_SECONDS, _SILENCE_SECONDS = 15, 14400
_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 8))
_HOPS = 4  # a follower sends to the leader, which sends to a back end
_MOST_ANSWER = 1 << 20
_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass(frozen=True)
class Place:
    """Where a request goes."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


@dataclass(frozen=True)
class _Answer:
    status: int
    location: str
    text: str


class StarRocksHttp:
    """The front end's HTTP port, as one user."""

    def __init__(self, starrocks: StarRocksSettings) -> None:
        self._starrocks = starrocks
        self.front = Place(starrocks.http_host or starrocks.host, starrocks.http_port, starrocks.https)

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Body | None = None
    ) -> dict[str, Any]:
        """One request and the JSON object that answers it, whatever its `Status` says: HTTP 200 is not success.

        Raises:
            WarehouseError: wrong password, a redirect to a host that is not allowed, or an answer that is no JSON.
            WarehouseUnreachableError: no connection, or it was lost; what was asked may have been done.
        """
        place, target = self.front, path
        for _ in range(_HOPS):
            answer = self._exchange(place, method, target, headers or {}, body)
            if answer.status not in _REDIRECTS:
                return self._object(place, answer)
            place, target = self._redirected(place, answer.location)
        raise WarehouseError(f"StarRocks {self.front}: more than {_HOPS} redirects; check STARROCKS_HTTP_HOST.")

    def _redirected(self, origin: Place, location: str) -> tuple[Place, str]:
        url = urlsplit(location)
        try:
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError:
            port = 0
        if url.scheme not in ("http", "https") or not url.hostname or not port:
            raise WarehouseError(f"StarRocks {origin} redirects to an address that cannot be read.")
        place = Place(url.hostname, port, url.scheme == "https")
        named = place.host.lower() in {host.lower() for host in self._starrocks.http_hosts}
        if not (named or place.host.lower() == self.front.host.lower() or _is_loopback(place.host)):
            raise WarehouseError(
                f"StarRocks {self.front} sends loads to {place.host}:{place.port}, which is not allowed to get the "
                f"password: add {place.host} to STARROCKS_HTTP_HOSTS if it is a back end of this cluster."
            )
        if origin.tls and not place.tls and not named:
            raise WarehouseError(
                f"StarRocks {self.front} redirects from https to {place}: password and rows would go in clear. Add "
                f"{place.host} to STARROCKS_HTTP_HOSTS to accept that, or load with catalog_insert."
            )
        return place, url.path + (f"?{url.query}" if url.query else "")

    def _exchange(
        self, place: Place, method: str, target: str, headers: Mapping[str, str], body: Body | None
    ) -> _Answer:
        try:
            with self._connected(place) as sock, sock.makefile("rb") as stream:
                sock.sendall(self._head(place, method, target, headers, body))
                answer = _read_answer(stream)
                if answer.status == http.client.CONTINUE:
                    with suppress(BrokenPipeError, ConnectionResetError):  # an early answer may still be readable
                        for piece in body or ():
                            sock.sendall(piece)
                    answer = _read_answer(stream)
                return answer
        except ssl.SSLCertVerificationError as error:
            raise WarehouseError(
                f"StarRocks {place}: its certificate is not trusted ({error.verify_message}): set STARROCKS_CA_FILE."
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise WarehouseUnreachableError(
                f"StarRocks {place} does not answer ({reason}): check STARROCKS_HTTP_HOST, STARROCKS_HTTP_PORT and "
                "that this machine reaches the back ends."
            ) from error

    def _connected(self, place: Place) -> socket.socket:
        sock = socket.create_connection((place.host, place.port), timeout=_CONNECT_SECONDS)
        try:
            if place.tls:
                sock = tls_context(self._starrocks).wrap_socket(sock, server_hostname=place.host)
            sock.settimeout(_SILENCE_SECONDS)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEP_ALIVE:
                if hasattr(socket, name):  # not on every platform
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        except BaseException:
            sock.close()
            raise
        return sock

    def _head(self, place: Place, method: str, target: str, headers: Mapping[str, str], body: Body | None) -> bytes:
        user = f"{self._starrocks.user}:{self._starrocks.password.get_secret_value()}"
        lines = {
            "Host": f"{place.host}:{place.port}",
            "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
            "Connection": "close",
            "Content-Length": str(sum(len(piece) for piece in body or ())),
            **headers,
        }
        if method != "GET":
            lines["Expect"] = "100-continue"
        text = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
        if any(char in line for line in text for char in "\r\n\0"):
            raise WarehouseError("A name with a line break cannot be sent over HTTP; load with catalog_insert.")
        return "\r\n".join([*text, "", ""]).encode()

    def _object(self, place: Place, answer: _Answer) -> dict[str, Any]:
        if answer.status == http.client.UNAUTHORIZED:
            raise WarehouseError(
                f"StarRocks {place} refused the login of {self._starrocks.user}: check STARROCKS_USER and "
                "STARROCKS_PASSWORD."
            )
        try:
            found = json.loads(answer.text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            said = " ".join(answer.text.split())[:200]
            raise WarehouseError(f"StarRocks {place} answered HTTP {answer.status} without a JSON object: {said}")
        return found


def _read_answer(stream: BinaryIO) -> _Answer:
    line = stream.readline(65536).decode("latin-1").split(None, 2)
    if len(line) < 2 or not line[0].startswith("HTTP/1."):
        raise http.client.BadStatusLine("the connection was closed" if not line else "no HTTP answer")
    status = int(line[1])
    headers = http.client.parse_headers(stream)
    if status == http.client.CONTINUE:
        return _Answer(status, "", "")
    body = _chunks(stream) if headers.get("Transfer-Encoding", "").lower() == "chunked" else None
    if body is None:
        length = min(int(headers.get("Content-Length", _MOST_ANSWER)), _MOST_ANSWER)
        body = stream.read(length)
        if "Content-Length" in headers and len(body) < length:
            raise http.client.IncompleteRead(body, length - len(body))
    return _Answer(status, headers.get("Location", ""), body.decode(errors="replace"))


def _chunks(stream: BinaryIO) -> bytes:
    found = b""
    while size := int(stream.readline(65536).split(b";")[0] or b"0", 16):
        found += stream.read(size)
        stream.readline(65536)
        if len(found) > _MOST_ANSWER:
            raise http.client.HTTPException("the answer is too long")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
