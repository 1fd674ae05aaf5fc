"""Where a load can end: after the n-th call of a function. As a program it is killed there.

Usage: python -m mssql_starrocks_tests.recovery.crash BOUNDARY TABLE
"""

import os
import signal
import sys
from collections.abc import Callable

from mssql_starrocks import stages
from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import Config
from mssql_starrocks.settings import Settings
from mssql_starrocks.source.discover import discover
from mssql_starrocks.warehouse import ledger
from mssql_starrocks.warehouse import replace as replacing
from mssql_starrocks.warehouse.loaders import CatalogInsert

BOUNDARIES = {
    "claimed": (ledger, "record", 1),
    "loaded": (CatalogInsert, "load", 1),
    "pending": (ledger, "record", 2),
    "in place": (replacing, "drop", 0),
    "taken over": (replacing, "take_over", 1),
    "recorded": (ledger, "record", 3),
}


def end_at(boundary: str, end: Callable[[], None], patch: Callable = setattr) -> None:
    """Call `end` after the boundary's n-th call, or in the place of its first one where n is 0."""
    owner, name, calls = BOUNDARIES[boundary]
    real, made = getattr(owner, name), []

    def ending(*arguments):
        if calls == 0:
            end()
        found = real(*arguments)
        made.append(name)
        if len(made) == calls:
            end()
        return found

    patch(owner, name, ending)


if __name__ == "__main__":
    settings = Settings.load(os.environ, dotenv=None)
    [chain] = plan_chains(discover(settings.mssql), Config(include=(sys.argv[2],)))[0]
    end_at(sys.argv[1], lambda: os.kill(os.getpid(), signal.SIGKILL))
    stages.load(chain, settings.lake, settings.starrocks, print)
