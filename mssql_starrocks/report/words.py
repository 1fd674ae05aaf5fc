"""Numbers as people read them; what is unknown is said to be unknown."""

from __future__ import annotations

UNKNOWN = "unknown"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def size(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    unit = 0
    while value >= 1024 and unit + 1 < len(_UNITS):
        value, unit = value / 1024, unit + 1
    return f"{value:,.0f} {_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {_UNITS[unit]}"


def seconds(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if value < 120:
        return f"{value:.2f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def rate(rows: int | None, took: float | None) -> float | None:
    """Rows per second; None where one of both is unknown or nothing was measured."""
    return rows / took if rows is not None and took else None
