"""Text as UTF-16 code units. DuckDB holds only valid Unicode: half of a surrogate pair is one reserved character there.

The reserved characters are U+10F000 to U+10F7FF, the end of private plane 16; a client that sends one is refused.
"""

import re

import numpy as np
import numpy.typing as npt

FIRST = 0x10F000
_RESERVED = re.compile("[\U0010f000-\U0010f7ff]")
RESERVED_RE2 = r"[\x{10F000}-\x{10F7FF}]"
PAIR_RE2 = r"[\x{10F000}-\x{10F3FF}][\x{10F400}-\x{10F7FF}]"
_TO_RESERVED = {0xD800 + n: FIRST + n for n in range(2048)}
_TO_HALF = {FIRST + n: 0xD800 + n for n in range(2048)}
_HALF = re.compile("[\ud800-\udfff]")


class ReservedCharacterError(ValueError):
    """A client sent one of the characters that stand for halves of surrogate pairs."""

    def __init__(self) -> None:
        super().__init__("@@50000@@not supported by the sandbox: the private characters U+10F000 to U+10F7FF")


def encode(text: str) -> bytes:
    """The code units of a stored text, little-endian."""
    if _RESERVED.search(text):
        return text.translate(_TO_HALF).encode("utf-16-le", "surrogatepass")
    return text.encode("utf-16-le")


def decode(raw: bytes) -> str:
    """Code units as a text that DuckDB can hold."""
    text = raw.decode("utf-16-le", "surrogatepass")
    if text.isascii():
        return text
    if _RESERVED.search(text):
        raise ReservedCharacterError
    return text.translate(_TO_RESERVED) if _HALF.search(text) else text


def admit(text: str) -> str:
    """A Python string, which may hold surrogates, as a text that DuckDB can hold."""
    return text if text.isascii() else decode(text.encode("utf-16-le", "surrogatepass"))


def release(text: str) -> str:
    """A stored text as a Python string, halves of pairs as surrogates."""
    return text.translate(_TO_HALF) if not text.isascii() and _RESERVED.search(text) else text


def has_half(text: str) -> bool:
    return not text.isascii() and bool(_RESERVED.search(text))


def joined(text: str) -> str:
    """Two halves that came to stand side by side are one character."""
    return decode(encode(text))


def units(text: str) -> int:
    return len(text) if text.isascii() else len(encode(text)) // 2


def is_half(character: str) -> bool:
    return FIRST <= ord(character) < FIRST + 2048


def is_reserved(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Where in UTF-8 bytes a reserved character begins: F4 8F 80 80 to F4 8F 9F BF."""
    found = np.zeros(len(data), np.bool_)
    if len(data) >= 4:
        found[:-3] = (data[:-3] == 0xF4) & (data[1:-2] == 0x8F) & (data[2:-1] < 0xA0)
    return found
