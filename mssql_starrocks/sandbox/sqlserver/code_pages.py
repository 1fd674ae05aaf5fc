"""Text in a code page, as char and varchar store it. A best-fit mapping that Windows may know is refused."""

import re

from mssql_starrocks.sandbox.sqlserver import utf16
from mssql_starrocks.sandbox.sqlserver.errors import marked

DOUBLE_BYTE = ("cp932", "cp936")
_LIMIT = "not supported by the sandbox: "
# Windows' best-fit tables (bestfit1252.txt and its like) map letters with accents, Greek, symbols and wide forms
_MAY_FIT = re.compile("[\x80-\x9f\u0100-\u036f\u0391-\u03c9\u2000-\u2bff\u3000-\u303f\ue000-\uf8ff\uff00-\uffef]")
# scripts for which no best-fit table has an entry; surrogates are one '?' a unit
_NEVER_FITS = re.compile(
    "[\u0590-\u06ff\u0900-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00010000-\U0010ffff]|[\u0410-\u044f]"
)


def encode(text: str, page: str) -> bytes:
    """Bytes of a text; a character outside the code page becomes '?'."""
    if text.isascii():
        return text.encode()
    if page == "utf-8":
        if utf16.has_half(text):
            raise ValueError(marked(50000, _LIMIT + "half of a surrogate pair as UTF-8"))
        return text.encode()
    return b"".join(_character(character, page) for character in text)


def _character(character: str, page: str) -> bytes:
    if character < "\x80":
        return character.encode()
    try:
        raw = character.encode(page)
    except UnicodeEncodeError:
        raw = b""
    if raw and not (page in DOUBLE_BYTE and character < "\u0100" and len(raw) == 1) and raw.decode(page) == character:
        return raw
    never = _NEVER_FITS.match(character) if page != "cp1252" else not _MAY_FIT.match(character)
    if not never:
        raise ValueError(marked(50000, f"{_LIMIT}best-fit mapping of U+{ord(character):04X} to code page {page[2:]}"))
    return b"?" * (2 if character > "\uffff" and not utf16.is_half(character) else 1)


def decode(raw: bytes, page: str) -> str:
    return raw.decode(page)


def narrowed(text: str, page: str) -> str:
    """The text as the code page can hold it."""
    return text if text.isascii() else decode(encode(text, page), page)


def cut(text: str, page: str, count: int) -> str:
    """The characters of the first `count` bytes; a cut inside a character is refused."""
    raw = encode(text, page)
    if len(raw) <= count:
        return text
    try:
        return decode(raw[:count], page)
    except UnicodeDecodeError:
        raise ValueError(marked(50000, _LIMIT + "cutting text inside a character of several bytes")) from None
