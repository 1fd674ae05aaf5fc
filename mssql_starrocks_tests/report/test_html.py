"""The page: everything escaped, nothing from elsewhere, readable by a parser, small."""

import re

import pytest
from hypothesis import HealthCheck, given, settings

from mssql_starrocks.report import render
from mssql_starrocks.report.plots import LEFT, MOST, WIDTH, Series, plot
from mssql_starrocks_tests.report.conftest import EVIL
from mssql_starrocks_tests.report.pages import Page, retold, some_report
from mssql_starrocks_tests.security.names import texts

HARMLESS = Page(render(some_report()))
BREAKOUTS = (
    EVIL,
    '"><script>alert(1)</script>',
    "' onload='alert(1)",
    "</style><script>",
    "</title>",
    "-->",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "&lt;",
    "javascript:alert(1)",
    "]]>",
    "</svg></table>",
    "\u202egnp.exe",
    "\u2028",
)


def shape(page: Page):
    return [(tag, names) for tag, names in page.elements]


def test_the_page_is_well_formed():
    assert HARMLESS.wrong == []
    assert HARMLESS.comments == []
    assert HARMLESS.elements[0][0] == "html"


def test_every_part_is_told():
    summary = ("not certified", "1 of 3 certified", "a load waits", "not there", "values: a differs", "0f")
    detail = ("rounded", "accept_loss", "label", "1.50 s", "10 B", "64 MiB", "Change Tracking version 5")
    for text in summary + detail:
        assert text in HARMLESS.text, text


def test_a_difference_is_marked_and_an_equality_is_said():
    assert "✗ 0 NULL, digest 13" in HARMLESS.text
    assert "✗ absent" in HARMLESS.text
    assert "✗ 1 NULL" in HARMLESS.text
    assert HARMLESS.text.count("equal") >= 8


def test_nothing_comes_from_elsewhere_and_nothing_runs():
    tags = {tag for tag, _ in HARMLESS.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert [
        value for _, name, value in HARMLESS.attributes if name == "href" and not re.fullmatch(r"#t\d+", value)
    ] == []
    assert [name for _, name, _ in HARMLESS.attributes if name.startswith("on") or name in ("src", "style")] == []
    style = HARMLESS.source.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in HARMLESS.attributes


def test_tables_have_captions_and_headers_with_a_scope():
    tags = [tag for tag, _ in HARMLESS.elements]
    assert tags.count("table") == tags.count("caption") == tags.count("thead")
    assert all("scope" in names for tag, names in HARMLESS.elements if tag == "th")
    assert all(
        names[:2] == ("role", "aria-label") or "aria-hidden" in names
        for tag, names in HARMLESS.elements
        if tag == "svg"
    )


def test_links_lead_somewhere():
    ids = {value for _, name, value in HARMLESS.attributes if name == "id"}
    assert {value[1:] for _, name, value in HARMLESS.attributes if name == "href"} <= ids


@pytest.mark.parametrize("text", BREAKOUTS)
def test_no_text_becomes_markup(text):
    page = Page(render(retold(some_report(), lambda said: f"{said}{text}")))
    assert shape(page) == shape(HARMLESS)
    assert page.wrong == []
    assert text in page.text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=texts)
def test_no_text_at_all_becomes_markup(text):
    page = Page(render(retold(some_report(), lambda said: f"{said}{text}")))
    assert shape(page) == shape(HARMLESS)
    assert (page.wrong, page.comments) == ([], [])


def test_a_table_called_script_through_the_whole_chain(copied):
    report = copied.report(EVIL, "lossy")
    page = Page(render(report))
    assert report.certified
    assert page.wrong == []
    assert f"dbo.{EVIL}" in page.text
    assert "2 tables, 6 certified rows, every table certified" in page.text
    assert not {tag for tag, _ in page.elements} & {"script", "img", "b"}


def test_a_page_is_small(copied):
    """About 5 KiB a table of four columns, and 13 for the rest."""
    one, two = (len(render(copied.report(*names)).encode()) for names in (("fine",), ("fine", "lossy")))
    assert one < 22_000
    assert two - one < 9_000


def test_bars_share_one_scale_and_leave_room_for_their_numbers():
    found = plot(
        "t", ("x", "y"), [Series("a", (10, None), "10"), Series("b", (20, 5), "20 / 5"), Series("c", (None, 0), "")]
    )
    assert [line.label for line in found.lines] == ["b", "a"]
    long, short = found.lines[0].bars[0].width, found.lines[1].bars[0].width
    assert long == pytest.approx(2 * short, abs=0.2)
    assert LEFT < found.lines[0].end < WIDTH - 40


def test_stacked_bars_stand_behind_each_other():
    (line,) = plot("t", ("x", "y"), [Series("a", (3.0, 1.0), "4")], stacked=True).lines
    one, other = line.bars
    assert other.x == pytest.approx(one.x + one.width, abs=0.2)
    assert one.width == pytest.approx(3 * other.width, abs=0.5)


def test_only_the_largest_are_drawn_and_the_rest_is_counted():
    found = plot("t", ("x",), [Series(str(n), (float(n),), str(n)) for n in range(50)])
    assert (len(found.lines), found.left_out) == (MOST, 29)  # one is zero
    assert found.lines[0].label == "49"


def test_without_a_number_there_is_no_plot():
    assert plot("t", ("x",), [Series("a", (None,), "unknown")]) is None
