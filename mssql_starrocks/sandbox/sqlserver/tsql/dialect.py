"""T-SQL text to statements: sqlglot's parser with its rewriting of functions and types switched off."""

import re
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from mssql_starrocks.sandbox.sqlserver.errors import SqlError, unsupported

_KEPT = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT")


class SandboxTsql(TSQL):  # type: ignore[misc]
    """Every function call stays as written (exp.Anonymous), every type stays text: nothing is normalised away."""

    class Parser(TSQL.Parser):  # type: ignore[misc]
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {name: TSQL.Parser.FUNCTION_PARSERS[name] for name in _KEPT}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}

        def _parse_type(self, parse_interval: bool = True, fallback_to_identifier: bool = False) -> Any:
            return self._parse_column()

        def _parse_types(self, *args: Any, **kwargs: Any) -> Any:
            first = self._advance_any()
            if first is None:
                return None
            text = first.text
            if self._match(TokenType.L_PAREN):
                inside = []
                while self._curr and not self._match(TokenType.R_PAREN):
                    inside.append(self._curr.text)
                    self._advance()
                text += f"({''.join(inside)})"
            return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=text)


def tokenize(sql: str) -> list[Token]:
    try:
        return list(SandboxTsql().tokenize(sql))
    except TokenError as failure:
        raise SqlError(105, f"Unclosed quotation mark or comment: {str(failure)[:80]}", 15) from failure


def split(sql: str) -> list[str]:
    """The parts of a batch between semicolons."""
    parts, start = [], 0
    for token in tokenize(sql):
        if token.token_type == TokenType.SEMICOLON:
            parts.append(sql[start : token.start])
            start = token.end + 1
    parts.append(sql[start:])
    return [part.strip() for part in parts if _has_content(part)]


def _has_content(part: str) -> bool:
    return bool(part.strip()) and bool(tokenize(part))


def parse(sql: str) -> exp.Expression:
    """One statement."""
    try:
        found = sqlglot.parse_one(sql, read=SandboxTsql)
    except ParseError as failure:
        raise _parse_failure(sql, failure) from failure
    if isinstance(found, exp.Command):
        raise unsupported(f"statement {sql[:80]}")
    return found


def parse_expression(sql: str) -> exp.Expression:
    try:
        return sqlglot.parse_one(sql, read=SandboxTsql)
    except ParseError as failure:
        raise _parse_failure(sql, failure) from failure


def _parse_failure(sql: str, failure: ParseError) -> SqlError:
    """Error 102 only where the text simply ends too early; otherwise it may be valid T-SQL that sqlglot lacks."""
    if re.match(r"\s*SELECT\s+FROM\b", sql, re.I):
        return SqlError(156, "Incorrect syntax near the keyword 'FROM'.", 15)
    last = sql.rstrip().rstrip(";").rstrip()
    if re.search(r"([+\-*/,(=<>]|\b(WHERE|AND|OR|BY|FROM|SELECT))$", last, re.I):
        return SqlError(102, f"Incorrect syntax near '{last.split()[-1]}'.", 15)
    return unsupported(f"syntax in {sql[:120]}")
