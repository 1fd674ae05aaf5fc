"""Plays the verdicts of four real front ends against a sandbox server and counts how often both say the same."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql

from mssql_starrocks.sandbox.starrocks import StarRocks

VERDICTS = Path(__file__).with_name("verdicts.jsonl.gz")
ALL = os.environ.get("STARROCKS_ALL_VERDICTS") == "1"
SUBSET, SEED = 500, 20261123
VERSIONS = ("3.5", "4.0", "4.1", "main") if ALL else ("3.5", "4.1")
NOT_HERE = "not supported by the sandbox"
AGREE, NOT_SUPPORTED, WRONG = "agree", "not supported", "WRONG"
# constants that a front end folds in another way than a back end computes them (README of the verdicts)
FOLDED = {"function-075", "function-080", "function-113"}

TOUCHED = frozenset({
    "ddl-key", "ddl-type", "ddl-name", "ddl-comment", "ddl-property", "ddl-distribution", "ddl-default", "insert",
    "label", "alter", "catalog", "privilege", "limits", "iceberg", "show", "session",
})  # fmt: skip
# of two topics the product touches a part: reading Iceberg snapshots, and what it asks a server about itself
BEYOND = {
    "iceberg": r"explain|analyze|alter|.*(\$|version between)",
    "show": r"(?!desc|show (full )?(columns|fields|tables|databases|schemas|catalogs|variables|grants|load|warnings)\b"
    r"|show create table|show alter table column|show materialized views|.*information_schema\."
    r"(tables|columns|loads|load_tracking_logs|materialized_views|table_privileges|tables_config|schemata)\b)",
}
Case = dict[str, Any]


def cases() -> list[Case]:
    with gzip.open(VERDICTS, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return found if ALL else random.Random(SEED).sample(found, SUBSET)


def is_touched(case: Case) -> bool:
    beyond = BEYOND.get(case["topic"])
    return case["topic"] in TOUCHED and not (beyond and re.match(beyond, case["sql"], re.I | re.S))


@dataclass(frozen=True)
class Answer:
    """`refusal` is "" for an accepted statement; `reached`: the setup went through."""

    refusal: str = ""
    rows: list[list[Any]] = field(default_factory=list)
    reached: bool = True


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

    def play(self, case: Case) -> Answer:
        database = "t_" + case["id"].replace("-", "_")
        admin, links = self.connect(), [self.connect()]
        self.quietly(admin, [f"DROP DATABASE IF EXISTS `{database}` FORCE"])
        try:
            for statement in [f"CREATE DATABASE `{database}`", f"USE `{database}`", *case["setup"]]:
                try:
                    links[0].cursor().execute(self.fill(statement))
                except pymysql.err.MySQLError as error:
                    return Answer(f"{statement}: {error}", reached=False)
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

    def judged(self, link: pymysql.Connection[Any], case: Case) -> Answer:
        try:
            with link.cursor() as cursor:
                cursor.execute(self.fill(case["sql"]))
                rows = [[{"hex": v.hex()} if isinstance(v, bytes) else v for v in row] for row in cursor.fetchall()]
                while cursor.nextset():
                    pass
        except pymysql.err.MySQLError as error:
            return Answer(str(error))
        return Answer(rows=rows)


def outcome(want: Case, case: Case, got: Answer) -> str:
    """A refusal as "not supported" agrees with nobody, not even with a front end that refuses."""
    if f"{NOT_HERE}: " in got.refusal or (NOT_HERE in got.refusal and want["ok"]):
        return NOT_SUPPORTED
    if not got.reached:
        return WRONG
    if got.refusal:
        # `fe_only`: accepted by a front end that does not look at values, a back end may refuse
        return AGREE if not want["ok"] or case.get("fe_only") else WRONG
    if not want["ok"]:
        return WRONG
    same = case["id"] in FOLDED or "rows" not in want or got.rows == want["rows"]
    return AGREE if same else WRONG


@dataclass
class Counts:
    """Outcomes by (topic, version); topics that are touched in part have a second line for the rest."""

    wrong: list[str] = field(default_factory=list)
    by_topic: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)

    def add(self, case: Case, version: str, result: str) -> None:
        topic = case["topic"]
        line = f"{topic} (rest)" if topic in BEYOND and not is_touched(case) else topic
        self.by_topic.setdefault(line, {}).setdefault(version, Counter())[result] += 1

    def touched(self, version: str) -> Counter[str]:
        return sum(
            (found.get(version, Counter()) for line, found in self.by_topic.items() if line in TOUCHED), Counter()
        )

    def table(self) -> str:
        lines = [f"{'agree / played, not supported':34}" + "".join(f"{version:>20}" for version in VERSIONS)]
        for mark, wanted in (("*", True), (" ", False)):
            for line, found in sorted(self.by_topic.items()):
                if (line in TOUCHED) == wanted:
                    lines.append(f"{mark} {line:32}" + "".join(_cell(found.get(v, Counter())) for v in VERSIONS))
            if wanted:
                lines.append(f"{'* together':34}" + "".join(_cell(self.touched(v)) for v in VERSIONS))
        every = {v: sum((found.get(v, Counter()) for found in self.by_topic.values()), Counter()) for v in VERSIONS}
        lines.append(f"{'  all':34}" + "".join(_cell(every[v]) for v in VERSIONS))
        return "\n".join(lines)


def share(counts: Counter[str]) -> float:
    return counts[AGREE] / max(counts.total(), 1)


def _cell(counts: Counter[str]) -> str:
    return f"{counts[AGREE]}/{counts.total()} {share(counts):4.0%} {counts[NOT_SUPPORTED]}".rjust(20)
