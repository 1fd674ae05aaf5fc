"""What four real front ends answered, played against the sandbox: it must never say yes where they said no or give
other rows, and may say no where they said yes only with the words "not supported by the sandbox".
"""

from __future__ import annotations

import sys

import pytest

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks import truth
from mssql_starrocks_tests.sandbox.starrocks.lake import NAMESPACE, Lake

ENOUGH = 0.95


@pytest.fixture(scope="module")
def counts(lake: Lake) -> truth.Counts:
    variables = {"ns": NAMESPACE, "endpoint": lake.endpoint}
    variables |= {name: str(number) for name, number in lake.snapshots.items()}
    found, played = truth.Counts(), truth.cases()
    for version in truth.VERSIONS:
        with StarRocks(users={"root": ""}, version=version, backends=3) as server:
            player = truth.Player(server, variables)
            for case in played:
                want = case["expect"].get(version)
                if want is None:
                    continue
                got = player.play(case)
                result = truth.outcome(want, case, got)
                found.add(case, version, result)
                if result == truth.WRONG:
                    told = got.refusal or f"accepted {got.rows}"
                    text = f"{version} {case['id']}: {case['sql'][:160]}\n   front end {want}\n   sandbox {told}"
                    found.wrong.append(text[:900])
    return found


def test_never_another_answer_than_the_front_end(counts: truth.Counts, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{counts.table()}\n")
    assert not counts.wrong, "\n".join(counts.wrong)


@pytest.mark.parametrize("version", truth.VERSIONS)
def test_what_the_product_touches_is_supported(counts: truth.Counts, version: str) -> None:
    """Topic by topic with all verdicts; a sample is too small for that and counts together."""
    assert truth.share(counts.touched(version)) >= ENOUGH
    if truth.ALL:
        low = {
            topic: dict(found[version])
            for topic, found in counts.by_topic.items()
            if topic in truth.TOUCHED and truth.share(found[version]) < ENOUGH
        }
        assert low == {}
        assert set(counts.by_topic) >= truth.TOUCHED
