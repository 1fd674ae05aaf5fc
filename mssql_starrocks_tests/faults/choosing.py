"""A seeded choice of cases."""

import random
from collections.abc import Iterator

from mssql_starrocks_tests.faults.catalogue import GROUPS
from mssql_starrocks_tests.faults.harness import Case

# How often each group is taken: what is most like real life, and what touches commits, more often.
_WEIGHTS = {"killed": 5, "source": 3, "lake": 5, "warehouse": 5, "stream load": 2, "disk": 1, "random": 6}
_DAGSTER = 0.05  # share of cases that run through Dagster, which starts slowly


def cases(seed: int) -> Iterator[Case]:
    """An endless series, the same for the same seed."""
    dice = random.Random(seed)
    groups = list(_WEIGHTS)
    while True:
        group = dice.choices(groups, [_WEIGHTS[name] for name in groups])[0]
        fault = dice.choice(GROUPS[group])
        door = "dagster" if dice.random() < _DAGSTER else "stages"
        yield Case(fault, dice.choice(fault.tables), door, at=dice.uniform(0.0, 1.0))
