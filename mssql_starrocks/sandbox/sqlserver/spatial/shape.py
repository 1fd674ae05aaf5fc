"""A shape in memory, and the rules it must keep."""

import itertools
from dataclasses import dataclass

from mssql_starrocks.sandbox.sqlserver.errors import marked

POINT, LINE, POLYGON, MULTIPOINT, MULTILINE, MULTIPOLYGON, COLLECTION = range(1, 8)
NAMES = {
    POINT: "POINT",
    LINE: "LINESTRING",
    POLYGON: "POLYGON",
    MULTIPOINT: "MULTIPOINT",
    MULTILINE: "MULTILINESTRING",
    MULTIPOLYGON: "MULTIPOLYGON",
    COLLECTION: "GEOMETRYCOLLECTION",
}
MEMBERS = {MULTIPOINT: POINT, MULTILINE: LINE, MULTIPOLYGON: POLYGON}
Position = tuple[float, float, float | None, float | None]  # x, y, z, m


@dataclass(frozen=True)
class Shape:
    """rings holds the positions: of a point or line in one ring; parts the members of a collection."""

    code: int
    rings: tuple[tuple[Position, ...], ...] = ()
    parts: tuple["Shape", ...] = ()

    @property
    def empty(self) -> bool:
        return not self.rings and not self.parts

    def positions(self) -> list[Position]:
        own = [position for ring in self.rings for position in ring]
        return own + [position for part in self.parts for position in part.positions()]


def refused(what: str) -> ValueError:
    return ValueError(marked(50000, f"not supported by the sandbox: {what}"))


def malformed(kind: str, message: str) -> ValueError:
    text = 'A .NET Framework error occurred during execution of user-defined routine or aggregate "'
    return ValueError(marked(6522, f'{text}{kind}": {message}'))


def check(shape: Shape, kind: str) -> Shape:
    """Refuse what SQL Server refuses, and what the sandbox cannot tell whether it would."""
    marks = {(z is not None, m is not None) for _, _, z, m in shape.positions()}
    if len(marks) > 1:
        raise refused("positions with and without Z or M in one shape")
    if any(part.empty for part in shape.parts):
        raise refused("an empty shape inside another")
    for part in shape.parts:
        check(part, kind)
    if shape.code == LINE and not shape.empty and len({p[:2] for p in shape.rings[0]}) < 2:
        raise refused("a line of fewer than two distinct points")
    if shape.code == POLYGON:
        for ring in shape.rings:
            _check_ring(ring, kind)
    if kind == "geography":
        _check_globe(shape)
    return shape


def _check_ring(ring: tuple[Position, ...], kind: str) -> None:
    if len(ring) < 4:
        raise malformed(kind, "24305: The Polygon input is not valid because the ring does not have enough points.")
    if ring[0] != ring[-1]:
        raise malformed(
            kind, "24119: The Polygon input is not valid because the start and end points are not the same."
        )
    if _area(ring) == 0:
        raise refused("a polygon without an area")


def _area(ring: tuple[Position, ...]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))


def _check_globe(shape: Shape) -> None:
    for longitude, latitude, _, _ in shape.positions():
        if not -90 <= latitude <= 90:
            raise malformed("geography", "24201: Latitude values must be between -90 and 90 degrees.")
        if not -180 < longitude <= 180:
            raise refused("a longitude that SQL Server would wrap")
    if shape.code == POLYGON and any((_area(ring) > 0) != (place == 0) for place, ring in enumerate(shape.rings)):
        raise refused("a geography polygon whose rings are turned the other way")
    for ring in shape.rings:
        for one, two in itertools.pairwise(ring):
            if abs(one[0] - two[0]) >= 180:
                raise refused("a geography edge across half the globe")
