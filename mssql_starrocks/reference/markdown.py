"""What the generated pages share."""

from __future__ import annotations

from collections.abc import Sequence

MADE = "<!-- made by `make docs` from mssql_starrocks/{}; a test fails when it is stale -->\n"


def table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A section with a table; line ends and bars in cells are made harmless."""
    lines = [title.rstrip(), "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines).lstrip("\n") + "\n"
