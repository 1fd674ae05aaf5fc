"""PRELOGIN and LOGIN7: encryption is negotiated, the user and the database are really checked."""

import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mssql_starrocks.sandbox.sqlserver import tokens
from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.wire import LOGIN7, PRELOGIN

Encryption = Literal["optional", "required", "off"]
OFF, ON, NOT_SUPPORTED, REQUIRED = 0, 1, 2, 3
TDS_74, TDS_8 = 0x74000004, 0x08000000
_UTF8_FEATURE, _FEDAUTH_FEATURE = 10, 2


@dataclass(frozen=True)
class Login:
    version: int
    packet_size: int
    user: str
    password: str
    application: str
    database: str
    integrated: bool
    extended: bool
    features: Mapping[int, bytes]


def prelogin_options(payload: bytes) -> dict[int, bytes]:
    options, place = {}, 0
    while payload[place] != 0xFF:
        option, offset, length = struct.unpack(">BHH", payload[place : place + 5])
        options[option] = payload[offset : offset + length]
        place += 5
    return options


def answer_encryption(client: int, policy: Encryption, *, has_certificate: bool, strict: bool) -> int:
    """MS-TDS 2.2.6.5: what the server answers to the client's wish."""
    if strict or policy == "off" or not has_certificate:
        return NOT_SUPPORTED
    if client in (ON, REQUIRED):
        return ON
    if policy == "required":
        return REQUIRED
    return NOT_SUPPORTED if client == NOT_SUPPORTED else OFF


def prelogin_answer(encryption: int, options: Mapping[int, bytes]) -> bytes:
    values = [(0, bytes([16, 0, 0x03, 0xE8, 0, 0])), (1, bytes([encryption])), (2, b"\0"), (3, b""), (4, b"\0")]
    if 6 in options:
        values.append((6, b"\0"))
    header, body, start = b"", b"", 5 * len(values) + 1
    for option, value in values:
        header += struct.pack(">BHH", option, start + len(body), len(value))
        body += value
    return header + b"\xff" + body


def parse_login(kind: int, payload: bytes) -> Login:
    if kind != LOGIN7:
        raise ConnectionError(f"packet type {kind} where LOGIN7 ({LOGIN7}) or PRELOGIN ({PRELOGIN}) was due")
    version, packet_size = struct.unpack("<II", payload[4:12])
    secret = bytes(((byte ^ 0xA5) >> 4 | (byte ^ 0xA5) << 4) & 255 for byte in _field(payload, 2))
    extended = bool(payload[27] & 0x10)
    return Login(
        version=version,
        packet_size=min(max(packet_size or 4096, 512), 32767),
        user=_text(payload, 1),
        password=secret.decode("utf-16-le", "replace"),
        application=_text(payload, 3),
        database=_text(payload, 8),
        integrated=bool(payload[25] & 0x80),
        extended=extended,
        features=_features(payload) if extended else {},
    )


def _field(payload: bytes, index: int) -> bytes:
    offset, count = struct.unpack("<HH", payload[36 + 4 * index : 40 + 4 * index])
    return payload[offset : offset + 2 * count]


def _text(payload: bytes, index: int) -> str:
    return _field(payload, index).decode("utf-16-le")


def _features(payload: bytes) -> dict[int, bytes]:
    pointer = struct.unpack("<H", payload[56:58])[0]
    place = struct.unpack("<I", payload[pointer : pointer + 4])[0]
    found = {}
    while payload[place] != 0xFF:
        feature, length = payload[place], struct.unpack("<I", payload[place + 1 : place + 5])[0]
        found[feature] = payload[place + 5 : place + 5 + length]
        place += 5 + length
    return found


def check(login: Login, users: Mapping[str, str]) -> SqlError | None:
    """None when the password is right; integrated and token logins are refused."""
    expected = {user.lower(): password for user, password in users.items()}.get(login.user.lower())
    given = login.password.encode()
    right = expected is not None and hmac.compare_digest(expected.encode(), given)
    if right and not login.integrated and _FEDAUTH_FEATURE not in login.features:
        return None
    return SqlError(18456, f"Login failed for user '{login.user}'.", 14)


def welcome(login: Login, database: str, *, strict: bool) -> bytes:
    acknowledged = b""
    if login.extended:
        utf8 = b"\x0a" + struct.pack("<IB", 1, 1) if _UTF8_FEATURE in login.features else b""
        acknowledged = b"\xae" + utf8 + b"\xff"
    return (
        tokens.env_text(1, database, "master")
        + tokens.info(5701, f"Changed database context to '{database}'.")
        + tokens.env_bytes(7, tokens.COLLATION)
        + tokens.env_text(2, "us_english")
        + tokens.info(5703, "Changed language setting to us_english.")
        + tokens.login_ack(TDS_8 if strict else min(login.version, TDS_74))
        + tokens.env_text(4, str(login.packet_size), "4096")
        + acknowledged
        + tokens.done()
    )
