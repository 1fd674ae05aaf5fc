"""The first packets of a connection: greeting, TLS, native password, auth switch."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.wire.packets import AUTOCOMMIT, PLUGIN, read_length

CONNECT_WITH_DB, SSL, PLUGIN_AUTH, LENGTH_ENCODED_AUTH = 0x8, 0x800, 0x80000, 0x200000
# LONG_PASSWORD FOUND_ROWS LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE MULTI_STATEMENTS MULTI_RESULTS
# PLUGIN_AUTH CONNECT_ATTRS LENENC_AUTH
CAPABILITIES = 0x1 | 0x2 | 0x4 | CONNECT_WITH_DB | 0x200 | 0x2000 | 0x8000 | 0x10000 | 0x20000 | PLUGIN_AUTH | 0x300000


@dataclass(frozen=True)
class LoginRequest:
    user: str
    answer: bytes
    database: str
    plugin: bytes


def new_salt() -> bytes:
    return bytes(byte % 127 + 1 for byte in secrets.token_bytes(20))


def greeting(server_version: str, connection_id: int, salt: bytes, tls: bool) -> bytes:
    capabilities = CAPABILITIES | (SSL if tls else 0)
    head = b"\x0a" + server_version.encode() + b"\0" + struct.pack("<I", connection_id) + salt[:8] + b"\0"
    middle = struct.pack("<HBHHB", capabilities & 0xFFFF, 33, AUTOCOMMIT, capabilities >> 16, 21)
    return head + middle + b"\0" * 10 + salt[8:] + b"\0" + PLUGIN + b"\0"


def wants_tls(packet: bytes) -> bool:
    return bool(struct.unpack_from("<I", packet)[0] & SSL)


def parse_login(packet: bytes) -> LoginRequest:
    flags = struct.unpack_from("<I", packet)[0]
    user, at = _until_zero(packet, 32)
    if flags & LENGTH_ENCODED_AUTH:
        size, at = read_length(packet, at)
    else:
        size, at = packet[at], at + 1
    answer, at = packet[at : at + size], at + size
    database = plugin = b""
    if flags & CONNECT_WITH_DB and at < len(packet):
        database, at = _until_zero(packet, at)
    if flags & PLUGIN_AUTH and at < len(packet):
        plugin, at = _until_zero(packet, at)
    return LoginRequest(user.decode(), answer, database.decode(), plugin if flags & PLUGIN_AUTH else PLUGIN)


def auth_switch(salt: bytes) -> bytes:
    return b"\xfe" + PLUGIN + b"\0" + salt + b"\0"


def _until_zero(packet: bytes, at: int) -> tuple[bytes, int]:
    end = packet.find(b"\0", at)
    end = len(packet) if end < 0 else end
    return packet[at:end], end + 1
