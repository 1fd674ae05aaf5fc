"""docs/types.md says what the matrix says."""

from pathlib import Path

from mssql_starrocks.types.page import types_page


def test_the_page_is_not_stale():
    page = Path(__file__).parents[2] / "docs" / "types.md"
    assert page.read_text(encoding="utf-8") == types_page(), "run: make docs"
