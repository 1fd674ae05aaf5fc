"""Dagster's own UI in a real browser, over the real product and the sandbox: what a person sees and clicks."""

import os
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest
from playwright.sync_api import Page, expect

from mssql_starrocks.config import Config
from mssql_starrocks.manifest_file import load_manifest, save_manifest
from mssql_starrocks.orchestration.build import build_definitions
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks_tests.chromium import browser, needed
from mssql_starrocks_tests.webserver import webserver

__all__ = ["browser"]
pytestmark = needed
LOCATION = "mssql_starrocks.definitions"
GRAPH = f"/locations/{LOCATION}/asset-groups/hr/lineage"
CONFIG = "include: [hr.departments, hr.shifts]\nlake_prefix: ui_\ntargets: {hr: ui_hr}\n"
# Runs start at once, without a daemon; no dialog of Dagster's about its newsletter.
INSTANCE = (
    "telemetry: {enabled: false}\nnux: {enabled: false}\n"
    "run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}\n"
)
STAGES = ("Microsoft SQL Server", "Iceberg", "Starrocks")
LONG = 60_000  # milliseconds


@pytest.fixture(scope="module")
def home(box, tmp_path_factory):
    """Configuration, manifest and Dagster's own files."""
    home = tmp_path_factory.mktemp("ui")
    (home / "dagster.yaml").write_text(INSTANCE)
    (home / "mssql_starrocks.yaml").write_text(CONFIG)
    save_manifest(discover(Settings.load(box.environment(), dotenv=None).mssql), home / "manifest.json")
    return home


@pytest.fixture(scope="module")
def address(box, home):
    """`dagster-webserver` over two tables of the sandbox."""
    with webserver(home, box.environment(), ("-m", LOCATION)) as found:
        yield f"http://{found}"


@pytest.fixture(scope="module")
def page(browser, address):
    found = browser.new_page(base_url=address, viewport={"width": 1280, "height": 560})
    found.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)
    return found


def node(page: Page, table: str, stage: str):
    """A box of the graph: a table at one of its stages."""
    named = page.locator("foreignObject").filter(has=page.locator(f'[data-tooltip="{table}"]'))
    return named.filter(has_text=stage)


def test_the_graph_shows_the_chains(page):
    page.goto(GRAPH)
    for table in ("departments", "shifts"):
        for stage in STAGES:
            expect(node(page, table, stage)).to_contain_text("Never materialized")
    assert page.locator("foreignObject").count() == 6


def test_a_click_on_materialize_ends_green(page):
    page.get_by_role("button", name="Materialize all").click()
    for table in ("departments", "shifts"):
        for stage in STAGES:
            expect(node(page, table, stage).locator('[style*="background-green"]')).to_contain_text("Materialized")
        for proven in (STAGES[0], STAGES[2]):
            expect(node(page, table, proven)).to_contain_text("3 / 3 Passed")
    _keep_picture(page)


def _keep_picture(page: Page) -> None:
    """`make picture`: the graph for the README."""
    if "PICTURE" in os.environ:
        page.goto(GRAPH)
        expect(node(page, "shifts", STAGES[2])).to_contain_text("3 / 3 Passed")
        page.screenshot(path=os.environ["PICTURE"])


def test_the_page_of_an_asset_tells_what_it_is(page):
    page.goto("/assets/starrocks_table/hr/shifts")
    for text in (
        "CREATE TABLE `ui_hr`.`shifts`",
        "PRIMARY KEY",
        "rows_per_second",
        "size_class: small",
        "mssql/schema: hr",
    ):
        expect(page.get_by_text(text).first).to_be_visible()


def test_one_chain_is_selected_by_its_name(page):
    page.goto("/asset-groups")
    page.locator(".CodeMirror").first.click()
    page.keyboard.type('key:"*/hr/shifts"')
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="shifts")).to_have_count(3)
    expect(page.get_by_role("button", name="departments")).to_have_count(0)


def test_a_failing_check_is_red_with_its_table(page, box, home, environment):
    box.starrocks.execute("DELETE FROM ui_hr.shifts WHERE starts = '00:00:00'")
    for name, value in box.environment().items():
        environment.setenv(name, value)
    defs = build_definitions(load_manifest(home / "manifest.json"), Config.load(home / "mssql_starrocks.yaml"))
    job = defs.resolve_job_def("validate")
    # In a thread: Playwright keeps an event loop in this one, and Dagster begins its own.
    with dg.DagsterInstance.from_config(str(home)) as instance, ThreadPoolExecutor(1) as thread:
        done = thread.submit(job.execute_in_process, instance=instance, raise_on_error=False)
        assert not done.result().success
    page.goto(GRAPH)
    expect(node(page, "shifts", STAGES[2]).locator('[style*="background-red"]')).to_be_visible()
    expect(node(page, "departments", STAGES[2]).locator('[style*="background-green"]')).to_be_visible()
    page.goto("/assets/starrocks_table/hr/shifts?view=checks")
    expect(page.get_by_text("rows should be 3 and is 2").first).to_be_visible()
