"""Headless Chromium of the machine: Debian's package `chromium`, which `.ci/run` installs."""

import shutil
import subprocess
from pathlib import Path

import pytest

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
