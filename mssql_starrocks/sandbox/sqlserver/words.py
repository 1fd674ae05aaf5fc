"""The words of a statement, one by one, for what is read from tokens."""

from sqlglot.tokens import Token, TokenType

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported
from mssql_starrocks.sandbox.sqlserver.tsql import dialect


def name_parts(text: str) -> tuple[str, ...]:
    """'[a b].t' -> ('a b', 't')."""
    tokens = dialect.tokenize(text)
    return tuple(token.text for token in tokens if token.token_type != TokenType.DOT)


def split_commas(text: str) -> list[str]:
    pieces, depth, start = [], 0, 0
    for token in dialect.tokenize(text):
        if token.token_type == TokenType.L_PAREN:
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
        elif token.token_type == TokenType.COMMA and not depth:
            pieces.append(text[start : token.start])
            start = token.end + 1
    return [*pieces, text[start:]]


def _words(token: Token) -> list[Token]:
    """sqlglot joins some keywords ('PRIMARY KEY'); here they come one by one."""
    if token.token_type in (TokenType.IDENTIFIER, TokenType.STRING, TokenType.NATIONAL_STRING) or " " not in token.text:
        return [token]
    pieces = token.text.split()
    return [Token(TokenType.VAR, piece, start=token.start, end=token.end) for piece in pieces]


class Words:
    """A cursor over the tokens of one statement."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [word for token in dialect.tokenize(text) for word in _words(token)]
        self.place = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place].text.upper() if place < len(self.tokens) else ""

    def more(self) -> bool:
        return self.place < len(self.tokens)

    def take(self) -> Token:
        if not self.more():
            raise SqlError(102, f"Incorrect syntax near '{self.tokens[-1].text}'.", 15)
        self.place += 1
        return self.tokens[self.place - 1]

    def accept(self, *words: str) -> bool:
        """Take these words when they come next."""
        if all(self.peek(n) == word and not self._quoted(n) for n, word in enumerate(words)):
            self.place += len(words)
            return True
        return False

    def _quoted(self, ahead: int) -> bool:
        token = self.tokens[self.place + ahead]
        return token.token_type in (TokenType.IDENTIFIER, TokenType.STRING)

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            near = self.peek().lower() or self.tokens[-1].text
            raise SqlError(102, f"Incorrect syntax near '{near}'.", 15)

    def end(self) -> None:
        if self.more():
            raise unsupported(f"'{self.take().text}' in {self.text[:60]}")

    def name(self) -> str:
        return str(self.take().text)

    def dotted(self) -> tuple[str, ...]:
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return tuple(parts)

    def parenthesised(self) -> str:
        """The text inside the parentheses that come next."""
        self.expect("(")
        start, depth = self.tokens[self.place - 1].end + 1, 1
        while depth:
            token = self.take()
            depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        return self.text[start : self.tokens[self.place - 1].start].strip()

    def computed(self) -> str:
        """The text of a computed column's expression."""
        start, depth = self.tokens[self.place].start, 0
        while self.more() and (depth or self.peek() not in (",", ")", "PERSISTED")):
            depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(self.take().token_type, 0)
        return self.text[start : self.tokens[self.place - 1].end + 1]

    def expression(self) -> str:
        """The text of an expression up to a comma, a closing parenthesis or a word of a column definition."""
        if self.peek() == "(":
            return f"({self.parenthesised()})"
        start = self.tokens[self.place].start
        self.take()
        while self.peek() == "(":
            self.parenthesised()
        if self.tokens[self.place - 1].token_type == TokenType.DASH:
            self.take()
        return self.text[start : self.tokens[self.place - 1].end + 1]
