"""Every function of the sandbox: importing this module registers them."""

from __future__ import annotations

from mssql_starrocks.sandbox.starrocks.compile import binaries, choices, jsons, numbers, texts, times
from mssql_starrocks.sandbox.starrocks.compile.functions import FUNCTIONS

__all__ = ["FUNCTIONS", "binaries", "choices", "jsons", "numbers", "texts", "times"]
