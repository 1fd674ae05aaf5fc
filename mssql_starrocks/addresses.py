"""Addresses of settings: what would show a password, or cannot be read, is refused without repeating it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_UNREADABLE = (
    "it cannot be read as an address: write https://host:port/path, and user and password in it percent-encoded "
    "(@ as %40, / as %2F)"
)
_QUERY = (
    "an address with a query or a fragment (? or #) is refused, because it would be shown and kept in logs: leave it "
    "out, and write ? and # of a password as %3F and %23"
)
_SECRET_OF_QUERY = re.compile("pass|pwd|secret|token|key", re.IGNORECASE)


def address(url: str) -> SplitResult:
    """Its parts. What is wrong is not repeated: a password with @ or / in it stands where a host or port would."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(_UNREADABLE) from None
    at = parts.netloc.count("@")
    if not parts.scheme or at > 1 or url.count("@") > at or " " in url or not url.isprintable():
        raise ValueError(_UNREADABLE)
    return parts


def web_address(url: str) -> SplitResult:
    """Of a server that speaks HTTP. Drivers, logs and Dagster's storage would keep a query."""
    if "?" in url or "#" in url:
        raise ValueError(_QUERY)
    parts = address(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_UNREADABLE)
    return parts


def has_host(url: str) -> bool:
    """Any address but the file of an SQLite catalog."""
    return not url.startswith("sqlite:")


def secrets_of(url: str) -> Iterator[str]:
    """Password, or a user that stands alone, and what a query calls a secret; each as written and as sent."""
    parts = urlsplit(url)
    written = parts.password or parts.username or ""
    yield from (written, unquote(written))
    yield from (value for name, value in parse_qsl(parts.query) if _SECRET_OF_QUERY.search(name))
