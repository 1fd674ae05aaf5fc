"""One disturbed run, one run without the fault, and what must be true during and after both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mssql_starrocks_tests.faults import catalogue, contents, state
from mssql_starrocks_tests.faults.actions import Scene
from mssql_starrocks_tests.faults.catalogue import Fault
from mssql_starrocks_tests.faults.reader import ABSENT, Reader
from mssql_starrocks_tests.faults.world import _ROUNDS, Outcome, Target, World, world

_MESSAGES = 300  # of a run, until one was counted


@dataclass(frozen=True)
class Case:
    """A fault, what it happens to, and through which door the chain is run; `at` is a share of a run's messages."""

    fault: Fault
    table: str
    door: str = "stages"
    defect: str = ""
    at: float = 0.5

    def __str__(self) -> str:
        door = "" if self.door == "stages" else f" through {self.door}"
        return f"{self.fault.name} ({self.table}{door})"


@dataclass(frozen=True)
class Verdict:
    """What came of a case: whether the fault happened, how the disturbed run ended, and what was wrong.

    `seen` is what readers saw, `other` what the harness found afterwards.
    """

    case: Case
    fired: bool
    first: Outcome
    seen: tuple[str, ...]
    other: tuple[str, ...]
    readings: int

    @property
    def wrong(self) -> tuple[str, ...]:
        return self.seen + self.other

    @property
    def published_wrong(self) -> bool:
        """Whether a reader saw something wrong."""
        return bool(self.seen)


class Harness:
    """Runs cases one after the other against one world."""

    def __init__(self, found: World) -> None:
        self.world = found
        self._targets: dict[str, Target] = {}
        self._messages: dict[str, int] = {}
        self._prints: dict[str, state.Prints] = {}

    def run(self, case: Case) -> Verdict:
        before, after = self._contents(case.table)
        target = self._target(case.table)
        prints = self._reference(after)
        allowed = [contents.expected(before) if before else ABSENT, contents.expected(after)]
        if before:
            self.world.change(target, after)
        with Reader(self.world, target, allowed) as reader:
            fired, first = self._disturbed(case, target)
            reader.look()
            second = self.world.run(target, door=case.door)
            self._messages[case.table] = second.messages
            reader.look()
        wrong = [*_complaints(first, second), *filter(None, [reader.failed])]
        if second.how == "done":
            wrong += state.differences(self.world, target, prints)
        wrong += state.loaded_twice(self.world, target)
        target.rounds += 1
        if reader.wrong or wrong or target.rounds >= _ROUNDS or case.table in (catalogue.FIRST, catalogue.CHANGED):
            self._targets.pop(case.table, None)
        return Verdict(case, fired, first, tuple(reader.wrong), tuple(wrong), reader.readings)

    def _disturbed(self, case: Case, target: Target) -> tuple[bool, Outcome]:
        scene, before = Scene(self.world, target), self.world.struck()

        def reached(pid: int, label: str) -> None:
            scene.pid, scene.label = pid, label
            scene.happen(case.fault.what)

        at = 0 if case.fault.where else max(round(case.at * self._messages.get(case.table, _MESSAGES)), 1)
        orders = {"where": case.fault.where, "when": case.fault.when, "door": case.door, "defect": case.defect}
        with scene.held:
            outcome = self.world.run(target, reached, at, **orders)
        fired = scene.hits + self.world.struck() > before
        self.world.calm()
        return fired, outcome

    def _contents(self, kind: str) -> tuple[str, str]:
        """What the copy holds before the case, and what it is to hold after it."""
        if kind == catalogue.FIRST:
            return "", contents.AFTER
        if kind == catalogue.CHANGED:
            return contents.BEFORE, contents.WIDER
        held = self._targets[kind].content if kind in self._targets else contents.BEFORE
        return held, contents.AFTER if held == contents.BEFORE else contents.BEFORE

    def _target(self, kind: str) -> Target:
        """A table whose copy holds what it should hold before the case."""
        if kind not in self._targets:
            first = kind == catalogue.FIRST
            target = self.world.new_target(kind, contents.AFTER if first else contents.BEFORE)
            if not first:
                self._clean(target)
            self._targets[kind] = target
        return self._targets[kind]

    def _reference(self, content: str) -> state.Prints:
        """The fingerprints of a copy of that content that nobody disturbed."""
        if content not in self._prints:
            target = self.world.new_target(catalogue.FIRST, content)
            self._clean(target)
            self._prints[content] = state.prints(self.world, target)
        return self._prints[content]

    def _clean(self, target: Target) -> None:
        outcome = self.world.run(target)
        if outcome.how != "done":
            raise RuntimeError(f"{target.path} cannot be copied without any fault: {outcome.how} {outcome.text}")


@contextmanager
def harness(certificate: Any = None) -> Iterator[Harness]:
    with world(certificate) as found:
        yield Harness(found)


def _complaints(first: Outcome, second: Outcome) -> list[str]:
    found = []
    if first.how == "hung":
        found.append("the disturbed run hung")
    if first.how == "killed" and not first.reached:
        found.append(f"the disturbed run died of itself: {first.text}")
    if second.how != "done":
        found.append(f"the run after it {second.how}: {second.text}")
    if first.leaked or second.leaked:
        found.append("a process was left behind")
    return found
