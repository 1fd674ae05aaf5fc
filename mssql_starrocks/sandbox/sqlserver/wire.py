"""Bytes on the socket: TDS packets, TLS wrapped in PRELOGIN packets (TDS 7.4), TLS first (TDS 8)."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable

import numpy as np

from mssql_starrocks.sandbox.certificate import Certificate

SQL_BATCH, RPC, REPLY, ATTENTION, FEDAUTH, TRANSACTION, LOGIN7, PRELOGIN = 1, 3, 4, 6, 8, 14, 16, 18
END_OF_MESSAGE, RESET_CONNECTION = 0x01, 0x18
_RECORD = 1 << 18


class Wire:
    """One client's stream: whole messages in, packets out, encrypted when `tls` is set."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.packet_size = 4096
        self.tls: ssl.SSLObject | None = None
        self.on_packets: Callable[[memoryview], memoryview] | None = None  # fault injection: gives what to send
        self.reset = False  # the last message asked for a reset of the session
        self._received = bytearray()
        self._unsent = bytearray()
        self._sequence = 0
        self._aborted = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._lock = threading.Lock()

    def message(self) -> tuple[int, bytes]:
        """The next whole message: packet type and payload."""
        payload = bytearray()
        while True:
            kind, status, length = struct.unpack(">BBH", self._take(8)[:4])
            payload += self._take(length - 8)
            self.reset = self.reset or bool(status & RESET_CONNECTION)
            if status & END_OF_MESSAGE:
                return kind, bytes(payload)

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            self._fill()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _fill(self) -> None:
        if self.tls is not None and self._decrypt():  # TDS 8: PRELOGIN may come with the client's Finished
            return
        chunk = self.sock.recv(_RECORD)
        if not chunk:
            raise ConnectionError("the client closed the connection")
        if self.tls is None:
            self._received += chunk
            return
        with self._lock:
            self._incoming.write(chunk)
        self._decrypt()

    def _decrypt(self) -> bool:
        assert self.tls is not None  # noqa: S101 - narrows the type
        before = len(self._received)
        with self._lock:
            try:
                while data := self.tls.read(_RECORD):
                    self._received += data
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                raise ConnectionError("the client closed TLS") from None
        return len(self._received) > before

    def put(self, data: bytes | memoryview) -> None:
        """Queue reply bytes; whole packets are sent at once, so that a slow client slows the producer."""
        self._unsent += memoryview(data)
        body = self.packet_size - 8
        count = (len(self._unsent) - 1) // body  # at least one byte stays for the closing packet
        if count > 0:
            self._send(self._packets(bytes(self._unsent[: count * body]), count))
            del self._unsent[: count * body]

    def place(self) -> tuple[bytes, int]:
        """What stands before the next byte of this message: unsent bytes and the last packet's number."""
        return bytes(self._unsent), self._sequence

    def go_on(self, unsent: bytes, sequence: int) -> None:
        """Continue as if everything before had been sent by `put`."""
        self._unsent[:] = unsent
        self._sequence = sequence

    def end(self, data: bytes = b"", kind: int = REPLY) -> None:
        """Send what is queued and close the message."""
        self.put(data)
        header = struct.pack(">BBHHBB", kind, END_OF_MESSAGE, len(self._unsent) + 8, 51, (self._sequence + 1) & 255, 0)
        packet = header + bytes(self._unsent)
        self._unsent.clear()
        self._sequence = 0
        self._send(packet)

    def _packets(self, data: bytes, count: int) -> memoryview:
        body = self.packet_size - 8
        out = np.empty((count, self.packet_size), np.uint8)
        out[:, 8:] = np.frombuffer(data, np.uint8).reshape(count, body)
        out[:, :8] = (REPLY, 0, self.packet_size >> 8, self.packet_size & 255, 0, 51, 0, 0)
        out[:, 6] = np.arange(self._sequence + 1, self._sequence + 1 + count) & 255
        self._sequence += count
        return out.reshape(-1).data

    def _send(self, data: bytes | memoryview) -> None:
        self.send(memoryview(data) if self.on_packets is None else self.on_packets(memoryview(data)))

    def send(self, view: bytes | memoryview) -> None:
        """Bytes of packets, whole or not."""
        if self.tls is None:
            self.sock.sendall(view)
            return
        for start in range(0, len(view), _RECORD):
            with self._lock:
                self.tls.write(view[start : start + _RECORD])
                encrypted = self._outgoing.read()
            self.sock.sendall(encrypted)

    def handshake(self, context: ssl.SSLContext, *, wrapped: bool) -> None:
        """TLS as server: records inside PRELOGIN packets (7.x) or bare (8.0)."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            finished = self._step(tls)
            records = self._outgoing.read()
            if records and wrapped:
                self.end(records, PRELOGIN)
            elif records:
                self.sock.sendall(records)
            if finished:
                self.tls = tls
                return
            self._incoming.write(self.message()[1] if wrapped else self._bare_records())

    @staticmethod
    def _step(tls: ssl.SSLObject) -> bool:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _bare_records(self) -> bytes:
        chunk = self.sock.recv(65536)
        if not chunk:
            raise ConnectionError("the client closed the connection during TLS")
        return chunk

    def close(self) -> None:
        """Shut down first; closing alone neither wakes the reader thread nor sends FIN (sqlserver_measured.md 3)."""
        try:
            if not self._aborted:
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def abort(self) -> None:
        """Close with RST; reading is shut first, since a blocked recv() would keep the socket alive."""
        self._aborted = True
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.shutdown(socket.SHUT_RD)
        self.sock.close()


def contexts(certificate: Certificate) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For TDS 7.x (at most TLS 1.2: later tickets would leave the framing) and for TDS 8."""
    made = []
    for _ in range(2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.cert_file, certificate.key_file)
        made.append(context)
    made[0].maximum_version = ssl.TLSVersion.TLSv1_2
    made[1].set_alpn_protocols(["tds/8.0"])
    return made[0], made[1]
