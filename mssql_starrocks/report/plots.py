"""Horizontal bars as plain numbers for an inline SVG: a plotting library in the page would be megabytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 20
LEFT, WIDTH = 210, 760  # bars begin at LEFT and end where the longest number behind one still has room
_ROW, _BAR, _LONGEST, _LETTER = 22, 14, 30, 7.2


@dataclass(frozen=True)
class Series:
    """One line of a plot: what it is called, a number for each kind, and what is written at its end."""

    label: str
    values: tuple[float | None, ...]
    said: str


@dataclass(frozen=True)
class Bar:
    """A rectangle; `kind` picks the colour."""

    kind: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A label, its bars and the number behind them."""

    label: str
    full: str
    said: str
    y: float
    end: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Plot:
    """What the template draws. `left_out` counts lines that had no room."""

    title: str
    kinds: tuple[str, ...]
    lines: tuple[Line, ...]
    height: float
    left_out: int


def plot(title: str, kinds: tuple[str, ...], series: Sequence[Series], *, stacked: bool = False) -> Plot | None:
    """Bars of the largest lines, one scale from zero for all; None where there is no number at all.

    Stacked bars stand behind each other, others below each other.
    """
    known = [s for s in series if any(s.values)]
    if not known:
        return None
    extent = (lambda s: sum(v or 0 for v in s.values)) if stacked else (lambda s: max(v or 0 for v in s.values))
    shown = sorted(known, key=extent, reverse=True)[:MOST]
    room = WIDTH - LEFT - 10 - _LETTER * max(len(s.said) for s in shown)
    scale = room / max(map(extent, shown))
    lines = tuple(_line(s, number * _ROW, scale, stacked) for number, s in enumerate(shown))
    return Plot(title, kinds, lines, len(lines) * _ROW, len(known) - len(shown))


def _line(series: Series, y: float, scale: float, stacked: bool) -> Line:
    height = _BAR if stacked else _BAR / len(series.values)
    bars: list[Bar] = []
    x = float(LEFT)
    for kind, value in enumerate(series.values):
        if value:
            top = y + (_ROW - _BAR) / 2 + (0 if stacked else kind * height)
            bars.append(Bar(kind, round(x, 1), round(top, 1), max(round(value * scale, 1), 0.5), round(height, 1)))
            x = x + value * scale if stacked else x
    end = max(bar.x + bar.width for bar in bars) + 6
    return Line(_short(series.label), series.label, series.said, y + _ROW / 2 + 4, round(end, 1), tuple(bars))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
