"""The generated pages say what the code says, and leave nothing unsaid."""

from pathlib import Path

import pytest

from mssql_starrocks.reference import PAGES
from mssql_starrocks.settings import NAMES

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", PAGES)
def test_page_is_current(page):
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run  make docs"


@pytest.mark.parametrize("page", ["configuration.md", "errors.md"])
def test_every_row_is_described(page):
    rows = [line for line in PAGES[page]().splitlines() if line.startswith("| `")]
    empty = [row for row in rows if not row.split(" | ")[-1 if page == "configuration.md" else 2].strip(" |")]
    assert not empty


def test_every_variable_is_there():
    assert [name for name in NAMES if f"`{name}`" not in PAGES["configuration.md"]()] == []
