"""What four real front ends answered, played against the sandbox: it must never say yes where they said no, and may
say no where they said yes only with the words "not supported by the sandbox"."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pymysql
import pytest

from mssql_starrocks.sandbox.starrocks import StarRocks
from mssql_starrocks_tests.sandbox.starrocks.lake import NAMESPACE, Lake

VERDICTS = Path(__file__).with_name("verdicts.jsonl.gz")
ALL = os.environ.get("STARROCKS_ALL_VERDICTS") == "1"
SUBSET, SEED = 500, 20261123
NOT_HERE = "not supported by the sandbox"
Case = dict[str, Any]


def cases() -> list[Case]:
    with gzip.open(VERDICTS, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return found if ALL else random.Random(SEED).sample(found, SUBSET)


class Player:
    def __init__(self, server: StarRocks, variables: dict[str, str]) -> None:
        self.server, self.variables = server, variables

    def connect(self, user: str = "root") -> pymysql.Connection[Any]:
        return pymysql.connect(
            host=self.server.host,
            port=self.server.port,
            user=user,
            autocommit=None,
            charset="utf8mb4",
            conv={},
            ssl_disabled=True,
        )

    def fill(self, sql: str) -> str:
        for name, value in self.variables.items():
            sql = sql.replace("{" + name + "}", value)
        return sql

    def quietly(self, connection: pymysql.Connection[Any], statements: Iterable[str]) -> None:
        for statement in statements:
            with contextlib.suppress(pymysql.err.MySQLError):
                connection.cursor().execute(self.fill(statement))

    def play(self, case: Case) -> str:
        """The refusal of the judged statement, "" when it was accepted, "setup: .." when it was not reached."""
        database = "t_" + case["id"].replace("-", "_")
        admin, links = self.connect(), [self.connect()]
        self.quietly(admin, [f"DROP DATABASE IF EXISTS `{database}` FORCE"])
        try:
            for statement in [f"CREATE DATABASE `{database}`", f"USE `{database}`", *case["setup"]]:
                try:
                    links[0].cursor().execute(self.fill(statement))
                except pymysql.err.MySQLError as error:
                    return f"setup: {error}"
            if "as_user" in case:
                links.append(self.connect(case["as_user"]))
            return self.judged(links[-1], case)
        finally:
            self.quietly(links[0], case.get("finish", []))
            for link in links:
                if link.open:
                    link.close()
            self.quietly(admin, [*case.get("teardown", []), f"DROP DATABASE IF EXISTS `{database}` FORCE"])
            admin.close()

    def judged(self, link: pymysql.Connection[Any], case: Case) -> str:
        try:
            with link.cursor() as cursor:
                cursor.execute(self.fill(case["sql"]))
                while cursor.nextset():
                    pass
        except pymysql.err.MySQLError as error:
            return f"refused: {error}"
        return ""


def compare(version: str, server: StarRocks, lake: Lake) -> tuple[list[str], str]:
    """Differences, and a table of counts per topic."""
    variables = {"ns": NAMESPACE, "endpoint": lake.endpoint}
    variables |= {name: str(number) for name, number in lake.snapshots.items()}
    player, bad = Player(server, variables), []
    counts: dict[str, Counter[str]] = {}
    for case in cases():
        want = case["expect"].get(version)
        if want is None:
            continue
        got = player.play(case)
        outcome = verdict(want, case, got)
        counts.setdefault(case["topic"], Counter())[outcome] += 1
        if outcome == "WRONG":
            bad.append(f"{case['id']}: {case['sql'][:160]}\n   front end {want}\n   sandbox {got or 'accepted'}"[:700])
    lines = [f"{topic:18} {dict(count)}" for topic, count in sorted(counts.items())]
    total = sum(counts.values(), Counter())
    return bad, "\n".join([*lines, f"{'all':18} {dict(total)}"])


def verdict(want: Case, case: Case, got: str) -> str:
    if got.startswith("setup: "):
        return "not here" if NOT_HERE in got else "WRONG"
    if not want["ok"]:
        return "agree" if got else "WRONG"
    if not got:
        return "agree"
    if NOT_HERE in got:
        return "not here"
    # accepted by a front end that does not look at values: a back end may refuse
    return "agree" if case.get("fe_only") else "WRONG"


@pytest.mark.parametrize("version", ["3.5", "4.1"])
def test_never_accepts_what_the_front_end_refuses(version: str, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    with StarRocks(users={"root": ""}, version=version, backends=3) as server:
        bad, table = compare(version, server, lake)
    with capsys.disabled():
        sys.stdout.write(f"\nverdicts of StarRocks {version}\n{table}\n")
    assert not bad, "\n".join(bad)
