"""The socket side: one thread per connection, text protocol; PREPARE is answered 1295 (starrocks_measured.md 8)."""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import socketserver
import ssl
import struct
from collections.abc import Callable
from typing import Protocol

from mssql_starrocks.sandbox.starrocks.errors import DropConnection, SqlError
from mssql_starrocks.sandbox.starrocks.wire import handshake, packets
from mssql_starrocks.sandbox.starrocks.wire.packets import AUTOCOMMIT, MORE_RESULTS, Result

SERVER_VERSION = "8.0.33"
MAX_PART = 0xFFFFFF
# packet 32 MiB (facts/starrocks_judged.md A17)
MAX_PACKET = 32 << 20
QUIT, INIT_DB, QUERY, FIELD_LIST, PING, PREPARE, LONG_DATA, CLOSE, RESET = 1, 2, 3, 4, 14, 22, 24, 25, 31
log = logging.getLogger(__name__)


class SessionLike(Protocol):
    def execute(self, sql: str, reply: Callable[[Result, bool], None]) -> None: ...
    def use(self, name: str) -> None: ...
    def close(self) -> None: ...


Login = Callable[[str, Callable[[bytes], bool], bool, int], SessionLike]


class Handler(socketserver.BaseRequestHandler):
    server: MysqlListener

    def setup(self) -> None:
        self.sock: socket.socket = self.request
        self.buffer = b""
        self.sequence = 0
        self.read_ahead = 0  # before TLS: the client's hello may come in the segment of its request for TLS
        self.server.open.add(self.sock)

    def finish(self) -> None:
        self.server.open.discard(self.sock)
        # a TLS socket is not the one that the base class closes
        self.sock.close()

    def handle(self) -> None:
        with contextlib.suppress(EOFError, OSError, DropConnection):
            session = self.log_in()
            if session is None:
                return
            try:
                self.serve(session)
            finally:
                session.close()

    def read_bytes(self, size: int) -> bytes:
        parts, missing = [self.buffer[:size]], size - len(self.buffer)
        self.buffer = self.buffer[size:]
        while missing > 0:
            data = self.sock.recv(max(missing, self.read_ahead))
            if not data:
                raise EOFError
            parts.append(data[:missing])
            self.buffer += data[missing:]
            missing -= len(data)
        return b"".join(parts)

    def read_packet(self) -> bytes:
        body = b""
        while True:
            head = self.read_bytes(4)
            size = int.from_bytes(head[:3], "little")
            self.sequence = (head[3] + 1) & 255
            body += self.read_bytes(size)
            if len(body) > MAX_PACKET:
                self.send(packets.error_packet(SqlError(1153, "08S01", "Got a packet bigger than 33554432 bytes")))
                raise EOFError
            if size < MAX_PART:
                return body

    def framed(self, body: bytes) -> bytes:
        out = bytearray()
        while True:
            part, body = body[:MAX_PART], body[MAX_PART:]
            out += struct.pack("<I", len(part))[:3] + bytes([self.sequence]) + part
            self.sequence = (self.sequence + 1) & 255
            if len(part) < MAX_PART:
                return bytes(out)

    def send(self, body: bytes) -> None:
        self.sock.sendall(self.framed(body))

    def log_in(self) -> SessionLike | None:
        salt, number = handshake.new_salt(), next(self.server.numbers)
        self.send(handshake.greeting(SERVER_VERSION, number, salt, self.server.tls is not None))
        packet = self.read_packet()
        if self.server.tls is not None and handshake.wants_tls(packet):
            self.server.open.discard(self.sock)
            self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            self.server.open.add(self.sock)
            packet = self.read_packet()
        self.read_ahead = 65536
        request = handshake.parse_login(packet)
        answer = request.answer
        if request.plugin != packets.PLUGIN:
            self.send(handshake.auth_switch(salt))
            answer = self.read_packet()
        try:
            session = self.server.login(
                request.user, lambda stored: packets.scramble_matches(stored, salt, answer), bool(answer), number
            )
            if request.database:
                session.use(request.database)
        except SqlError as error:
            # the connection ends here: no command is read after a refusal
            self.send(packets.error_packet(error))
            return None
        self.send(packets.ok_packet(Result(), AUTOCOMMIT))
        return session

    def serve(self, session: SessionLike) -> None:
        while True:
            self.sequence = 0
            packet = self.read_packet()
            if not packet or packet[0] == QUIT:
                return
            try:
                self.command(session, packet[0], packet[1:])
            except SqlError as error:
                self.send(packets.error_packet(error))
            except (EOFError, OSError, DropConnection):
                raise
            except Exception as error:  # a bug of the sandbox must not look like a hang
                log.exception("sandbox failure")
                text = f"sandbox failure: {type(error).__name__}: {error}"
                self.send(packets.error_packet(SqlError(1105, "HY000", text)))

    def command(self, session: SessionLike, number: int, body: bytes) -> None:
        if number == QUERY:
            session.execute(body.decode("utf-8", "surrogateescape"), self.reply)
        elif number == INIT_DB:
            session.use(body.decode())
            self.send(packets.ok_packet(Result(), AUTOCOMMIT))
        elif number in (PING, RESET):
            self.send(packets.ok_packet(Result(), AUTOCOMMIT))
        elif number == FIELD_LIST:
            self.send(packets.eof_packet(0, AUTOCOMMIT))
        elif number == PREPARE:
            raise SqlError(1295, "HY000", "This command is not supported in the prepared statement protocol yet")
        elif number not in (LONG_DATA, CLOSE):  # these two expect no answer
            raise SqlError(1047, "08S01", f"Unknown command ({number})")

    def reply(self, result: Result, more: bool) -> None:
        status = AUTOCOMMIT | (MORE_RESULTS if more else 0)
        if not result.columns:
            self.send(packets.ok_packet(result, status))
            return
        end = packets.eof_packet(result.warnings, status)
        heads = [packets.length_encoded(len(result.columns)), *map(packets.column_packet, result.columns), end]
        out, size = [self.framed(head) for head in heads], 0
        for row in result.rows:
            framed = self.framed(packets.row_packet(row))
            out.append(framed)
            size += len(framed)
            if size > 1 << 18:
                self.sock.sendall(b"".join(out))
                out, size = [], 0
        self.sock.sendall(b"".join(out) + self.framed(end))


class MysqlListener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, login: Login, tls: ssl.SSLContext | None) -> None:
        self.login, self.tls, self.numbers = login, tls, itertools.count(1)
        self.open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        log.exception("connection failed")

    def disconnect_all(self) -> None:
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
