"""A page as a parser sees it, and reports made of anybody's text."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from html.parser import HTMLParser

from mssql_starrocks.model import (
    ColumnPrint,
    Difference,
    Evidence,
    Fingerprint,
    Grade,
    Level,
    Loss,
    TableId,
    TypeLine,
)
from mssql_starrocks.report.model import Held, Report, StageMeasure, TableEvidence, TableFacts, Verdict

VOID = {"meta", "rect", "br"}


@dataclass
class Page(HTMLParser):
    """Elements with their attributes, texts, and what a browser would have to repair."""

    source: str
    elements: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self._open = []
        self.feed(self.source)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.wrong.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.comments.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def some_report() -> Report:
    """Every part of a page is in it: a good table, a wrong one, a missing one."""
    good = Fingerprint(3, {"a": ColumnPrint(0, "12"), "b": ColumnPrint(1)}, "99")
    wrong = Fingerprint(2, {"a": ColumnPrint(0, "13"), "c": ColumnPrint(1)}, "98")
    lines = (
        TypeLine("A", "a", "int", "int", "INT", "int", Loss.EXACT, "same", 7),
        TypeLine("B", "b", "real", "float", "FLOAT", "float", Loss.DECLARED, "rounded", undeclared="accept_loss"),
    )
    tables = tuple(TableId("s", name) for name in ("good", "wrong", "missing"))
    evidence = [
        Evidence("L1", t, "db", Grade.B, "2026-01-01 00:00:00", "arrow", "f", good, Level.ROWS, lines, 5)
        for t in tables
    ]
    held = Held("s.good", "db.s.good", "1", "L1", "label", 3)
    no = Verdict("StarRocks values", False, "values: a differs", (Difference("a", "1", "2"), Difference("b", "3", "4")))
    yes = Verdict("lake values", True, "equal")
    stages = tuple(StageMeasure(s, 3, 1.5, 0.5, 1000, 64) for s in ("snapshot", "publish", "load"))
    facts = [TableFacts(t, "lake.t", "s.t", 10, 20, 30, 1, 40, "then", "a load waits", stages) for t in tables]
    proofs = (
        TableEvidence(tables[0], "", evidence[0], "1", good, good, held, good, (yes,)),
        TableEvidence(tables[1], "", evidence[1], "1", good, good, held, wrong, (yes, no)),
        TableEvidence(tables[2], "not there"),
    )
    return Report("now", "db", "all tables", 3, proofs, tuple(facts), {"Python": "3"}, {"key": "value"}, "0f")


def retold(value, tell: Callable[[str], str]):
    """The same values with every text told otherwise; what decides something stays: enums, stages, names of columns."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, StageMeasure):
        return value
    if is_dataclass(value):
        keep = {"problem"} if not getattr(value, "problem", "") else set()
        found = {f.name: retold(getattr(value, f.name), tell) for f in fields(value) if f.name not in keep}
        return replace(value, **found)
    if isinstance(value, str):
        return tell(value) if value else value
    if isinstance(value, tuple):
        return tuple(retold(item, tell) for item in value)
    if isinstance(value, dict):
        return {tell(key): retold(item, tell) for key, item in value.items()}
    return value
