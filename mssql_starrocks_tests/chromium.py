"""Headless Chromium of the machine: Debian's package, which `.ci/run` installs; without it its tests are skipped."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

BINARY = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needed = pytest.mark.skipif(BINARY is None, reason="no Chromium here: apt-get install chromium")
# As root there is no sandbox; what would call home is off, so that a closed network costs no time.
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
]


def chromium(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One run; `profile` is a folder for it alone."""
    command = [str(BINARY), *_ARGUMENTS, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The same, driven by Playwright, for pages that live."""
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=BINARY, args=["--no-sandbox"])
        yield found
        found.close()
