"""The generated pages say what the code says, and leave nothing unsaid."""

import re
from pathlib import Path

import pytest
import yaml

from mssql_starrocks.config import Config
from mssql_starrocks.reference import PAGES
from mssql_starrocks.reference.configuration import EXAMPLE
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


def test_the_example_of_a_configuration_is_one():
    assert Config.parse(yaml.safe_load(EXAMPLE), "the example").tables["sales.orders"].engine == "spark"


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_named_in_the_readme():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme] == []


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_no_figure_is_left_to_be_filled_in(page):
    assert not re.findall(r"\b(?:[A-Z]+_TIME|TODO|TBD|XXX)\b", page.read_text(encoding="utf-8"))
