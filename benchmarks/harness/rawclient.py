"""A TDS client that logs in, sends one batch and throws the reply away: the most that a source can serve."""

from __future__ import annotations

import socket
import struct


def drain(port: int, sql: str, packet: int = 4096) -> tuple[int, int]:
    """Rows, as the last DONE token counts them, and bytes of the reply."""
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _login(link, packet)
        _send(link, 1, struct.pack("<IIHQI", 22, 18, 2, 0, 1) + sql.encode("utf-16-le"))
        return _throw_away(link)


def _throw_away(link: socket.socket) -> tuple[int, int]:
    """Walk the packet headers only; keep the end of the last packet."""
    buffer, total, skip = bytearray(1 << 20), 0, 0
    head, last, tail = b"", False, bytearray()
    while count := link.recv_into(buffer):
        total += count
        view, at = memoryview(buffer)[:count], 0
        while at < count:
            if not skip:
                part = bytes(view[at : at + 8 - len(head)])
                head, at = head + part, at + len(part)
                if len(head) < 8:
                    break
                skip, last, head = struct.unpack(">H", head[2:4])[0] - 8, bool(head[1] & 1), b""
            taken = min(skip, count - at)
            if last:
                tail += view[at : at + taken]
            skip, at = skip - taken, at + taken
        if last and not skip:
            return struct.unpack("<Q", tail[-8:])[0], total
    raise ConnectionError("the server closed the connection")


def _login(link: socket.socket, packet: int) -> None:
    from harness.place import DATABASE, PASSWORD, USER

    _send(link, 18, struct.pack(">BHHB", 1, 6, 1, 255) + b"\2")
    _message(link)
    texts = [t.encode("utf-16-le") for t in ("drain", USER, PASSWORD, "drain", "", "", "drain", "", DATABASE)]
    texts[2] = bytes(((x << 4 | x >> 4) & 255) ^ 0xA5 for x in texts[2])
    where, data = b"", b""
    for text in texts:
        where += struct.pack("<HH", 94 + len(data), len(text) // 2)
        data += text
    where += bytes(6) + struct.pack("<HH", 94 + len(data), 0) * 3 + bytes(4)
    body = struct.pack("<IIIII", 0x74000004, packet, 7, 1, 0) + bytes([0xE0, 3, 0, 0]) + bytes(8) + where + data
    _send(link, 16, struct.pack("<I", len(body) + 4) + body)
    if (reply := _message(link))[:1] == b"\xaa":
        raise ConnectionError(f"login refused: {reply!r}")


def _send(link: socket.socket, kind: int, body: bytes) -> None:
    link.sendall(struct.pack(">BBHHBB", kind, 1, len(body) + 8, 0, 1, 0) + body)


def _message(link: socket.socket) -> bytes:
    out = b""
    while True:
        head = _exact(link, 8)
        out += _exact(link, struct.unpack(">H", head[2:4])[0] - 8)
        if head[1] & 1:
            return out


def _exact(link: socket.socket, count: int) -> bytes:
    out = b""
    while len(out) < count:
        found = link.recv(count - len(out))
        if not found:
            raise ConnectionError("the server closed the connection")
        out += found
    return out
