"""Names that somebody may have given to a table, and what a statement made of them consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from sqlglot.tokens import TokenType

from mssql_starrocks.sandbox.sqlserver.tsql import dialect as tsql
from mssql_starrocks.sandbox.starrocks.sql import lexer as starrocks

FRAGMENTS = (
    "]", "]]", "[", "[x]", "'", "''", '"', '""', "`", "``", ";", ";--", "--", "/*", "*/", "; DROP TABLE t; --",
    "\\", "\\'", '\\"', "\\\\", "{c}", "{e}", "{0}", "{{", "}", "%s", "%(a)s", "%d", "%", "?", ":id", "@x",
    "@@TRANCOUNT", "#t", "$", "$x", "${env}", ".", "..", " ", "  ", "\n", "\r\n", "\t", "\x01", "\x1b[31m", "\u00a0",
    "\u200b", "\u2028", "\ufeff", "N'", "x'41'", "0x41", "a", "A", "Z", "1", "_", "select", "FROM", "null", "größe",
    "\u017f", "\u0131", "\u0130", "数量", "😀", "𠀀", "e\u0301", "[/red]", "<b>", "=", ",", "(", ")", "*", "GO\n",
)  # fmt: skip
_LONGEST = 128  # UTF-16 units of sysname


def _fits(name: str) -> bool:
    return 0 < len(name.encode("utf-16-le")) // 2 <= _LONGEST


_any_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=_LONGEST)
names = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=12).map("".join),
    _any_text,
    st.sampled_from("x]'`数").map(lambda letter: letter * _LONGEST),
).filter(_fits)
texts = st.one_of(st.lists(st.sampled_from((*FRAGMENTS, "\0")), max_size=12).map("".join), _any_text)


@dataclass(frozen=True)
class Shape:
    """A statement with its names and strings taken out, and what these were."""

    skeleton: tuple[str, ...]
    names: tuple[str, ...]
    strings: tuple[str, ...]

    def renamed(self, name: Callable[[str], str], string: Callable[[str], str]) -> Shape:
        return Shape(self.skeleton, tuple(map(name, self.names)), tuple(map(string, self.strings)))


def shape_tsql(sql: str) -> Shape:
    """As a T-SQL tokenizer reads it; comments count as a part."""
    skeleton, found, strings = [], [], []
    for token in tsql.tokenize(sql):
        if token.token_type is TokenType.IDENTIFIER:
            skeleton.append("name")
            found.append(token.text)
        elif token.token_type in (TokenType.STRING, TokenType.NATIONAL_STRING):
            skeleton.append(token.token_type.name)
            strings.append(token.text)
        else:
            skeleton.append(token.text)
        skeleton += [f"comment {comment}" for comment in token.comments]
    return Shape(tuple(skeleton), tuple(found), tuple(strings))


def shape_starrocks(sql: str) -> Shape:
    """As StarRocks' lexer reads it."""
    skeleton, found, strings = [], [], []
    for token in starrocks.tokens(sql):
        if token.kind == "quoted":
            skeleton.append("name")
            found.append(starrocks.unquote_name(token.text))
        elif token.kind == "string":
            skeleton.append("string")
            strings.append(starrocks.unquote_string(token.text))
        else:
            skeleton.append(token.text)
    return Shape(tuple(skeleton), tuple(found), tuple(strings))
