"""A cursor over the tokens of one statement, shared by every hand-written parser of this server."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.errors import SqlError, syntax_error
from mssql_starrocks.sandbox.starrocks.sql.lexer import Token, tokens, unquote_name, unquote_string
from mssql_starrocks.sandbox.starrocks.sql.reserved import BASE

MAX_NESTING = 200


class Cursor:
    def __init__(self, sql: str, reserved: frozenset[str] = BASE) -> None:
        self.sql = sql
        self.reserved = reserved
        every = list(tokens(sql))
        self.hints = [token.text[3:-2] for token in every if token.kind == "hint"]
        self.tokens: list[Token] = [token for token in every if token.kind != "hint"]
        self.position = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> str:
        at = self.position + ahead
        return self.tokens[at].upper if at < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        at = self.position + ahead
        return self.tokens[at].kind if at < len(self.tokens) else ""

    def done(self) -> bool:
        return self.position >= len(self.tokens)

    def start(self) -> int:
        return len(self.sql) if self.done() else self.tokens[self.position].start

    def last_end(self) -> int:
        return self.tokens[self.position - 1].end if self.position else 0

    def fail(self) -> SqlError:
        near = "<EOF>" if self.done() else self.tokens[self.position].text
        return syntax_error(near, self.start())

    def at(self, words: str) -> bool:
        wanted = words.split()
        return all(self.peek(ahead) == word for ahead, word in enumerate(wanted))

    def accept(self, words: str) -> bool:
        if not self.at(words):
            return False
        self.position += len(words.split())
        return True

    def accept_any(self, *choices: str) -> str:
        return next((choice for choice in choices if self.accept(choice)), "")

    def expect(self, words: str) -> None:
        if not self.accept(words):
            raise self.fail()

    def take(self) -> Token:
        if self.done():
            raise self.fail()
        self.position += 1
        return self.tokens[self.position - 1]

    def at_name(self, ahead: int = 0) -> bool:
        kind = self.kind(ahead)
        return kind == "quoted" or (kind == "word" and self.peek(ahead) not in self.reserved)

    def name(self) -> str:
        if not self.at_name():
            raise self.fail()
        token = self.take()
        return unquote_name(token.text) if token.kind == "quoted" else token.text

    def string(self) -> str:
        if self.kind() != "string":
            raise self.fail()
        return unquote_string(self.take().text)

    def integer(self) -> int:
        if self.kind() != "number" or not self.tokens[self.position].text.isdigit():
            raise self.fail()
        return int(self.take().text)

    def path(self) -> list[str]:
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return parts

    def names(self) -> list[str]:
        self.expect("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return found

    def properties(self) -> dict[str, str]:
        self.expect("(")
        found: dict[str, str] = {}
        while True:
            key = self.string()
            self.expect("=")
            found[key] = self.string()
            if not self.accept(","):
                break
        self.expect(")")
        return found

    def rest(self) -> str:
        begin = self.start()
        self.position = len(self.tokens)
        return self.sql[begin:].strip()

    def end(self) -> None:
        if not self.done():
            raise self.fail()
