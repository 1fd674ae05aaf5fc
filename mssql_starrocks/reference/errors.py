"""docs/errors.md, made from the error classes."""

from __future__ import annotations

import inspect

from mssql_starrocks import errors
from mssql_starrocks.reference.markdown import MADE, table

_ABOUT = """
Each message names the table and what to do; exit code 1, or a failed step in Dagster. Nothing wrong is ever published,
whatever fails. What may pass is tried again `retries` times, with a pause that doubles.
"""


def errors_page() -> str:
    """Every error class: what happened, why, what to do, and whether it is tried again."""
    rows = []
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, errors.MssqlStarrocksError) and kind.__base__ is not Exception:
            what, why, do = _told(kind)
            rows.append((f"`{name}`", what, why, do, "yes" if kind.transient else ""))
    heads = ("error", "what happened", "why", "what to do", "tried again")
    return "# Errors\n" + MADE.format("errors.py") + _ABOUT + "\n" + table("", heads, rows)


def _told(kind: type[errors.MssqlStarrocksError]) -> tuple[str, str, str]:
    what, _, rest = inspect.getdoc(kind).partition("\n\nWhy: ")  # type: ignore[union-attr]
    why, _, do = rest.partition("\nDo: ")
    return what, why, do
