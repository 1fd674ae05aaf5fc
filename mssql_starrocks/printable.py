"""Texts of others on a terminal: no name steers it, hides itself or begins a line of its own."""

from __future__ import annotations

import re

# C0 and C1 controls, and what turns the direction of writing.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"[\n\t]")


def printable(text: str) -> str:
    r"""The text with its control characters spelled out, as `\x1b`; lines stay lines."""
    return _CONTROLS.sub(_spelled, text)


def one_line(text: str) -> str:
    """The text as one line, with its control characters spelled out."""
    return _BREAKS.sub(_spelled, printable(text))


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
