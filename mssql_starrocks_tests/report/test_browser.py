"""The page in a real browser."""

import struct

import pytest

from mssql_starrocks.report import render
from mssql_starrocks_tests.chromium import chromium, needed
from mssql_starrocks_tests.report.conftest import EVIL
from mssql_starrocks_tests.report.pages import Page, retold, some_report

pytestmark = needed


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "report.html"
    file.write_text(render(retold(some_report(), lambda text: f"{text}{EVIL}")), encoding="utf-8")
    return file


def test_the_browser_builds_what_the_parser_saw_and_runs_nothing(page, tmp_path):
    done = chromium(tmp_path / "profile", "--dump-dom", page.as_uri())
    seen, written = Page(done.stdout), Page(page.read_text(encoding="utf-8"))
    # a browser adds nothing to a table that is whole: its elements are those of the file
    assert [e for e in seen.elements if e[0] != "html"] == [e for e in written.elements if e[0] != "html"]
    assert EVIL in seen.text
    assert "CONSOLE" not in done.stderr  # a refused script or style would be told


def test_it_prints(page, tmp_path):
    file = tmp_path / "report.pdf"
    chromium(tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={file}", page.as_uri())
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 2


@pytest.mark.parametrize("width", [1200, 600])
def test_it_can_be_seen(page, tmp_path, width):
    file = tmp_path / "report.png"
    chromium(tmp_path / "profile", f"--window-size={width},900", f"--screenshot={file}", page.as_uri())
    assert struct.unpack(">II", file.read_bytes()[16:24]) == (width, 900)
