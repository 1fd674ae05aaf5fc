"""Well-known text as SQL Server reads and writes it: ordinates X Y [Z [M]], NULL for a Z or M that is missing."""

import re
from collections.abc import Callable
from typing import TypeVar

from mssql_starrocks.sandbox.sqlserver.spatial.shape import (
    COLLECTION,
    LINE,
    MEMBERS,
    NAMES,
    POINT,
    POLYGON,
    Position,
    Shape,
    malformed,
    refused,
)

_T = TypeVar("_T")
_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_CODES = {name: code for code, name in NAMES.items()}
_CURVES = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "FULLGLOBE")


def parse(text: str, kind: str) -> Shape:
    reader = _Reader(text, kind)
    shape = reader.shape()
    if reader.place != len(reader.tokens):
        raise reader.wrong()
    return shape


class _Reader:
    def __init__(self, text: str, kind: str) -> None:
        self.kind, self.place = kind, 0
        self.tokens: list[str] = []
        end, text = 0, text.rstrip()
        while end < len(text):
            found = _TOKEN.match(text, end)
            if found is None:
                raise self.wrong()
            self.tokens.append(found[1])
            end = found.end()

    def wrong(self) -> ValueError:
        return malformed(self.kind, "System.FormatException: 24142: the text is not well-known text.")

    def peek(self) -> str:
        return self.tokens[self.place].upper() if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise self.wrong()
        self.place += 1
        return token

    def shape(self) -> Shape:
        name = self.take()
        if name in _CURVES:
            raise refused(name)
        if name not in _CODES:
            raise malformed(self.kind, "System.FormatException: 24114: The label in the input is not valid.")
        return self.body(_CODES[name])

    def body(self, code: int) -> Shape:
        if self.peek() == "EMPTY":
            self.take()
            return Shape(code)
        if code == COLLECTION:
            return Shape(code, parts=tuple(self.listed(self.shape)))
        if code in MEMBERS:
            return Shape(code, parts=tuple(self.listed(lambda: self.body(MEMBERS[code]))))
        if code == POLYGON:
            return Shape(code, tuple(self.listed(self.ring)))
        ring = self.ring()
        if (code == POINT and len(ring) != 1) or (code == LINE and len(ring) < 2):
            raise self.wrong()
        return Shape(code, (ring,))

    def listed(self, item: Callable[[], _T]) -> list[_T]:
        self.take("(")
        items = [item()]
        while self.peek() == ",":
            self.take()
            items.append(item())
        self.take(")")
        return items

    def ring(self) -> tuple[Position, ...]:
        return tuple(self.listed(self.position))

    def position(self) -> Position:
        ordinates: list[float | None] = []
        while self.peek() not in (",", ")", ""):
            ordinates.append(self.ordinate())
        if not 2 <= len(ordinates) <= 4 or ordinates[0] is None or ordinates[1] is None:
            raise self.wrong()
        x, y, z, m = [*ordinates, None, None][:4]
        assert x is not None and y is not None  # noqa: S101, PT018 - narrows the types
        return x, y, z, m

    def ordinate(self) -> float | None:
        token = self.take()
        if token == "NULL":  # noqa: S105 - not a password
            return None
        if token[0].isalpha() or token[0] in "(),":
            raise self.wrong()
        return float(token)


def write(shape: Shape, *, marks: bool) -> str:
    """STAsText, with `marks` AsTextZM and ToString."""
    return f"{NAMES[shape.code]} {_body(shape, marks)}"


def _body(shape: Shape, marks: bool) -> str:
    if shape.empty:
        return "EMPTY"
    if shape.code == COLLECTION:
        return f"({', '.join(write(part, marks=marks) for part in shape.parts)})"
    if shape.parts:
        return f"({', '.join(_body(part, marks) for part in shape.parts)})"
    rings = [f"({', '.join(_position(p, marks) for p in ring)})" for ring in shape.rings]
    return f"({', '.join(rings)})" if shape.code == POLYGON else rings[0]


def _position(position: Position, marks: bool) -> str:
    ordinates: list[float | None] = list(position) if marks else list(position[:2])
    while ordinates[-1] is None:
        ordinates.pop()
    return " ".join("NULL" if ordinate is None else _ordinate(ordinate) for ordinate in ordinates)


def _ordinate(number: float) -> str:
    """.NET's and Python's shortest texts agree up to 15 digits without an exponent."""
    text = repr(number).removesuffix(".0")
    if "e" in text or text == "-0" or len(text.replace(".", "").lstrip("-0")) > 15:
        raise refused("an ordinate of more than 15 digits as text")
    return text
