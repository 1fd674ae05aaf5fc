"""A seeded handful of the catalogue; `make faults` runs as many as one likes."""

import random
from typing import Any

import pytest

from mssql_starrocks_tests.faults.catalogue import AGAIN, CHANGED, FIRST, GROUPS, KEYLESS, LOCAL, Fault
from mssql_starrocks_tests.faults.harness import Case
from mssql_starrocks_tests.faults.points import POINTS, owner_of

_SEED = 2030  # of the first tried the one that touches most commits
_SHARES = {"killed": 3, "source": 2, "lake": 3, "warehouse": 2, "stream load": 1, "disk": 1}
_ALWAYS = [
    Case(Fault("take_over", "after", ("kill",)), FIRST),
    Case(Fault("take_over", "after", ("kill",)), CHANGED),
    Case(Fault("insert", "before", ("sql", "lose", "WITH LABEL")), KEYLESS),
    Case(Fault("main", "before", ("aws", "lost", "glue UpdateTable", "1")), AGAIN, "dagster"),
    Case(Fault("record", "before", ("kill",)), AGAIN, "dagster"),
]


def _chosen() -> list[Any]:
    """One fault of each group, and with `make test-long` some more."""
    dice = random.Random(_SEED)
    found = [(case, False) for case in _ALWAYS]
    for group, share in _SHARES.items():
        for number, fault in enumerate(dice.sample(GROUPS[group], share)):
            table = LOCAL if LOCAL in fault.tables and group == "disk" else dice.choice(fault.tables)
            found.append((Case(fault, table), number > 0))
    found.sort(key=lambda pair: pair[0].table)
    return [pytest.param(case, id=str(case), marks=[pytest.mark.long] if more else []) for case, more in found]


@pytest.mark.parametrize("case", _chosen())
def test_nobody_sees_anything_but_complete_certified_loads(disturbed, case):
    verdict = disturbed.run(case)
    assert not verdict.wrong, verdict.first
    assert verdict.fired, verdict.first
    assert verdict.readings > 2


def test_a_fault_at_a_random_moment(disturbed):
    case = Case(Fault("", "", ("kill",)), AGAIN, at=random.Random(_SEED).uniform(0.1, 0.9))
    verdict = disturbed.run(case)
    assert not verdict.wrong, verdict.first
    assert verdict.fired, verdict.first


def test_every_fault_names_a_point_of_the_product():
    wanted = {fault.where for faults in GROUPS.values() for fault in faults if fault.where}
    assert wanted == POINTS.keys()
    for point in POINTS.values():
        owner, name = owner_of(point)
        assert callable(getattr(owner, name)), point
