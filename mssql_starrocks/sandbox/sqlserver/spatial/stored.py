"""How a value lies in DuckDB: the SRID in four bytes, then well-known binary with Z and M; nothing for POINT EMPTY."""

import struct

from mssql_starrocks.sandbox.sqlserver.spatial import binary, text
from mssql_starrocks.sandbox.sqlserver.spatial.shape import POINT, Shape, check, malformed, refused

_EARTH = 4326


def from_text(well_known: str, srid: int, kind: str) -> bytes:
    return _stored(text.parse(well_known, kind), srid, kind)


def from_binary(raw: bytes, srid: int, kind: str) -> bytes:
    return _stored(binary.read(raw, kind), srid, kind)


def _stored(shape: Shape, srid: int, kind: str) -> bytes:
    if kind == "geography" and srid != _EARTH:
        raise refused(f"geography with SRID {srid}")
    if not 0 <= srid <= 999_999:
        raise malformed(kind, "System.ArgumentException: 24204: The spatial reference identifier (SRID) is not valid.")
    return struct.pack("<i", srid) + _packed(check(shape, kind))


def _packed(shape: Shape) -> bytes:
    return b"" if shape.empty and shape.code == POINT else binary.with_marks(shape)


def _shape(stored: bytes) -> Shape:
    return binary.read(stored[4:], "geometry") if len(stored) > 4 else Shape(POINT)


def srid(stored: bytes) -> int:
    return int.from_bytes(stored[:4], "little")


def as_text(stored: bytes, marks: bool) -> str:
    return text.write(_shape(stored), marks=marks)


def as_binary(stored: bytes, marks: bool) -> bytes:
    return binary.write(_shape(stored), marks=marks)
