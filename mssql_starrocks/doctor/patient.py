"""What is looked at: settings, configuration and the chains of the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mssql_starrocks.chain import Chain
from mssql_starrocks.config import Config
from mssql_starrocks.doctor.finding import Finding, State
from mssql_starrocks.settings import Settings
from mssql_starrocks.stages import SparkSource

_MOST_SKEW = 5.0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


@dataclass(frozen=True)
class Patient:
    """Everything that checks need.

    Attributes:
        chains: of the manifest; empty without one.
        spark: with it Spark is started, which takes seconds.
        now: this machine's clock, in UTC.
    """

    settings: Settings
    config: Config
    config_file: Path
    chains: tuple[Chain, ...] = ()
    spark: SparkSource | None = None
    now: Callable[[], dt.datetime] = _now

    def clock(self, where: str, ask: Callable[[], dt.datetime], resolution: float = 0.0) -> Finding:
        """Compare a server's clock with this machine's, half-way through the question."""
        before = self.now()
        there = ask()
        after = self.now()
        skew = (there - before - (after - before) / 2).total_seconds()
        unsure = (after - before).total_seconds() / 2 + resolution
        what, text = f"clock of {where}", f"{skew:+.1f} s from this machine's"
        if abs(skew) - unsure <= _MOST_SKEW:
            return Finding(what, State.OK, text)
        return Finding(what, State.WARNING, text, "Let both follow NTP: points and load ids are told by these clocks.")
