"""Well-known binary: little-endian, types 1 to 7, plus 1000 with Z, 2000 with M, 3000 with both."""

import math
import struct

from mssql_starrocks.sandbox.sqlserver.spatial.shape import (
    COLLECTION,
    LINE,
    MULTIPOINT,
    POINT,
    POLYGON,
    Position,
    Shape,
    malformed,
    refused,
)


def write(shape: Shape, *, marks: bool) -> bytes:
    """STAsBinary, with `marks` AsBinaryZM. POINT EMPTY has no form of its own: a MULTIPOINT of nothing."""
    z, m = dimensions(shape) if marks else (False, False)
    if m and not z:
        raise refused("AsBinaryZM of a shape with M but no Z")
    return _shape(shape, z, m)


def with_marks(shape: Shape) -> bytes:
    """With the Z and M there are, also M alone."""
    return _shape(shape, *dimensions(shape))


def dimensions(shape: Shape) -> tuple[bool, bool]:
    first = next(iter(shape.positions()), (0.0, 0.0, None, None))
    return first[2] is not None, first[3] is not None


def _shape(shape: Shape, z: bool, m: bool) -> bytes:
    code = MULTIPOINT if shape.empty and shape.code == POINT else shape.code
    head = struct.pack("<BI", 1, code + 1000 * z + 2000 * m)
    if shape.empty or shape.parts:
        return head + struct.pack("<I", len(shape.parts)) + b"".join(_shape(part, z, m) for part in shape.parts)
    rings = [b"".join(_position(p, z, m) for p in ring) for ring in shape.rings]
    if code == POINT:
        return head + rings[0]
    counted = [struct.pack("<I", len(ring)) + raw for ring, raw in zip(shape.rings, rings, strict=True)]
    return head + (struct.pack("<I", len(rings)) if code == POLYGON else b"") + b"".join(counted)


def _position(position: Position, z: bool, m: bool) -> bytes:
    ordinates = [*position[:2], *([position[2]] if z else []), *([position[3]] if m else [])]
    return struct.pack(f"<{len(ordinates)}d", *ordinates)


def read(raw: bytes, kind: str) -> Shape:
    try:
        shape, end = _read(raw, 0, kind)
    except struct.error:
        raise _wrong(kind) from None
    if end != len(raw):
        raise _wrong(kind)
    return shape


def _wrong(kind: str) -> ValueError:
    return malformed(kind, "System.FormatException: 24210: The well-known binary (WKB) input is not valid.")


def _read(raw: bytes, at: int, kind: str) -> tuple[Shape, int]:
    order = raw[at : at + 1]
    if order not in (b"\0", b"\1"):
        raise _wrong(kind)
    sign = "<" if order == b"\1" else ">"
    (number,) = struct.unpack_from(sign + "I", raw, at + 1)
    level, code = divmod(number, 1000)
    if level > 3 or not POINT <= code <= COLLECTION:
        raise refused(f"well-known binary of type {number}")
    at += 5
    z, m = level in (1, 3), level in (2, 3)
    if code == POINT:
        position, at = _read_position(raw, at, sign, z, m, kind)
        return Shape(code, ((position,),)), at
    if code == LINE:
        ring, at = _read_ring(raw, at, sign, z, m, kind)
        return Shape(code, (ring,) if ring else ()), at
    (count,) = struct.unpack_from(sign + "I", raw, at)
    at += 4
    if code == POLYGON:
        rings = []
        for _ in range(count):
            ring, at = _read_ring(raw, at, sign, z, m, kind)
            rings.append(ring)
        return Shape(code, tuple(rings)), at
    parts = []
    for _ in range(count):
        part, at = _read(raw, at, kind)
        parts.append(part)
    if any(code < COLLECTION and part.code != code - 3 for part in parts):
        raise _wrong(kind)
    return Shape(code, parts=tuple(parts)), at


def _read_ring(raw: bytes, at: int, sign: str, z: bool, m: bool, kind: str) -> tuple[tuple[Position, ...], int]:
    (count,) = struct.unpack_from(sign + "I", raw, at)
    at += 4
    ring = []
    for _ in range(count):
        position, at = _read_position(raw, at, sign, z, m, kind)
        ring.append(position)
    return tuple(ring), at


def _read_position(raw: bytes, at: int, sign: str, z: bool, m: bool, kind: str) -> tuple[Position, int]:
    count = 2 + z + m
    ordinates = struct.unpack_from(f"{sign}{count}d", raw, at)
    if not all(math.isfinite(ordinate) for ordinate in ordinates):
        raise _wrong(kind)
    more = iter(ordinates[2:])
    return (ordinates[0], ordinates[1], next(more) if z else None, next(more) if m else None), at + 8 * count
