"""TABLESAMPLE: about so many per cent of a table's pages, each whole; which ones is SQL Server's own affair."""

import random

from sqlglot import exp

from mssql_starrocks.sandbox.sqlserver.errors import unsupported

_PAGE_ROWS = 64


def sampled(sql: str, node: exp.Expression) -> str:
    """`table AS alias` with the pages of TABLESAMPLE SYSTEM (p PERCENT) REPEATABLE (seed) only."""
    known = {"method", "percent", "seed"}
    method, percent, seed = node.args.get("method"), node.args.get("percent"), node.args.get("seed")
    extra = {part for part, content in node.args.items() if content and part not in known}
    if extra or not _number(percent) or (method is not None and method.name.upper() != "SYSTEM"):
        raise unsupported("TABLESAMPLE other than SYSTEM (a number PERCENT)")
    if seed is not None and not _number(seed):
        raise unsupported("REPEATABLE with something other than a number")
    share = float(percent.this)
    if not 0 <= share <= 100:
        raise unsupported("TABLESAMPLE of less than 0 or more than 100 PERCENT")
    number = int(float(seed.this)) if seed is not None else random.getrandbits(31)
    physical, alias = sql.rsplit(" AS ", 1)
    page = f"hash(rowid // {_PAGE_ROWS}, {number}) % 1000000"
    return f"(SELECT * FROM {physical} WHERE {page} < {round(share * 10_000)}) AS {alias}"


def _number(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string
