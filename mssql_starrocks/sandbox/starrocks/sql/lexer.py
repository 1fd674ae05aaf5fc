"""StarRocks' lexical rules: tokens, quoting, statement split (facts/starrocks_judged.md B Names, Comments, D1, D2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mssql_starrocks.sandbox.starrocks.errors import syntax_error

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*(?!\+).*?\*/|[\#\\])
    |(?P<hint>/\*\+.*?\*/)
    |(?P<quoted>`(?:[^`]|``)*`)
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<number>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])|\d+[eE][+-]?\d+(?![\w$])|\d+(?![\w$]|[^\x00-\x7f]))
    |(?P<word>(?:[\w$]|[^\x00-\x7f])+)
    |(?P<op><=>|<=|>=|<>|!=|\|\||&&|:=|::|@@|->|=>|.)""",
    re.X | re.S,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a", "%": "\\%", "_": "\\_"}
ESCAPE = re.compile(r"\\(.)", re.S)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int
    upper: str


def tokens(sql: str) -> Iterator[Token]:
    for match in TOKEN.finditer(sql):
        kind = match.lastgroup or "op"
        if kind == "space":
            continue
        text = match[0]
        upper = text.upper() if kind == "word" else text if kind == "op" else "\0"
        yield Token(kind, text, match.start(), match.end(), upper)


def unquote_name(text: str) -> str:
    return text.replace("`", "")


def unquote_string(text: str) -> str:
    quote, body = text[0], text[1:-1]
    if "\\" not in body:
        return body.replace(quote * 2, quote)
    parts = re.split(r"(\\.)", body, flags=re.S)
    return "".join(
        ESCAPES.get(part[1], part[1]) if part[:1] == "\\" else part.replace(quote * 2, quote) for part in parts
    )


def split_statements(sql: str) -> list[str]:
    """The statements of one packet; an empty packet is an error, a lone `;` is not (truth foreign-syntax-083..086)."""
    found: list[str] = []
    start = 0
    for token in tokens(sql):
        if token.kind == "op" and token.text == ";":
            found.append(sql[start : token.start])
            start = token.end
    found.append(sql[start:])
    full = [part for part in found if next(tokens(part), None) is not None]
    if not full and len(found) == 1:
        raise syntax_error("<EOF>", len(sql))
    return full


def source(text: str) -> str:
    """A string literal StarRocks reads back as `text`."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
