"""What a load that did not end has left in the lake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ResumeKey:
    """What must be equal before a load goes on where another run of it ended: hashes of what is read, and of its state.

    Attributes:
        plan: database, table, columns, chunks, grade, level and the lake table's schema.
        source: what the source said about its rows.

    """

    plan: str
    source: str

    @staticmethod
    def of(plan: Any, source: Any) -> ResumeKey:
        return ResumeKey(_hash(plan), _hash(source))


@dataclass(frozen=True)
class Checkpoint:
    """A load on its way, and what its audit branch holds of it.

    Attributes:
        point: of the run that began the load, as `change_version`.
        chunks: the numbers of the chunks whose rows are on the branch.
        snapshot_id: the branch's head; None where nothing is committed yet.

    """

    load_id: str
    point: str
    key: ResumeKey
    change_version: int | None = None
    chunks: frozenset[int] = frozenset()
    rows: int = 0
    bytes: int = 0
    files: int = 0
    snapshot_id: int | None = None

    @staticmethod
    def none() -> Checkpoint:
        return Checkpoint("", "", ResumeKey("", ""))


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as text: 0-3,7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def from_ranges(text: str) -> frozenset[int]:
    """The numbers of `ranges`."""
    runs = [run.partition("-") for run in text.split(",") if run]
    return frozenset(n for first, _, last in runs for n in range(int(first), int(last or first) + 1))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
