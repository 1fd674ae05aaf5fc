"""What the server knows besides rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mssql_starrocks.sandbox.starrocks.sql.defaults import NO_DEFAULT, NOW, Default
from mssql_starrocks.sandbox.starrocks.sql.types import SqlType


@dataclass(frozen=True)
class Column:
    """`sequence`: the DuckDB sequence of an AUTO_INCREMENT column."""

    name: str
    type: SqlType
    nullable: bool = True
    key: bool = False
    default: Default = NO_DEFAULT
    comment: str = ""
    sequence: str = ""
    generated: bool = False

    @property
    def has_default(self) -> bool:
        return self.default.given or bool(self.sequence)

    @property
    def is_certain(self) -> bool:
        """Whether the sandbox knows how StarRocks shows the column."""
        return not (self.sequence or self.generated) and self.default.call in ("", NOW)


@dataclass
class Table:
    """`physical` is the name of its rows in DuckDB: rename, SWAP and OVERWRITE move names only."""

    id: int
    database: str
    name: str
    columns: list[Column]
    model: str
    keys: list[str]
    physical: str
    comment: str = ""
    distribution: str = "HASH"
    hash_columns: list[str] = field(default_factory=list)
    buckets: int = 0
    order: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)

    @property
    def is_primary(self) -> bool:
        return self.model == "PRIMARY"

    def find(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)


@dataclass
class Load:
    id: int
    label: str
    database: str
    table: str
    kind: str
    user: str
    state: str = "PREPARE"
    scanned: int = 0
    sunk: int = 0
    filtered: int = 0
    error: str = ""
    created: float = field(default_factory=time.time)
    finished: float = 0.0
    log: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Catalog:
    name: str
    properties: dict[str, str]
    comment: str = ""


@dataclass
class MaterializedView:
    id: int
    database: str
    name: str
    text: str
    base_tables: frozenset[int]
    active: bool = True
    reason: str = ""


@dataclass
class AlterJob:
    """A column change; one that runs is done when it was asked for `polls` times, and then by `change`."""

    id: int
    database: str
    table: str
    created: float
    finished: float
    message: str = ""  # of one that was cancelled
    polls: int = 0
    change: Callable[[], None] | None = None

    @property
    def state(self) -> str:
        return "CANCELLED" if self.message else "RUNNING" if self.change else "FINISHED"

    def asked(self) -> None:
        self.polls -= 1
        if self.change is not None and self.polls < 0:
            self.change()
            self.change = None
