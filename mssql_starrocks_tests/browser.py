"""The machine's own Chromium, without a window, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

MISSING = "no Chromium on this machine: apt-get install --no-install-recommends chromium"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Where CI runs a missing browser is a failure: a skipped test there would look like a passed one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=program, args=["--no-sandbox"])  # root has no sandbox
        yield found
        found.close()
