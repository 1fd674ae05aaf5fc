"""What running a statement gives, independent of TDS."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from mssql_starrocks.sandbox.sqlserver.tokens import ResultColumn
from mssql_starrocks.sandbox.sqlserver.types import SqlType


@dataclass(frozen=True)
class Rows:
    columns: tuple[ResultColumn, ...]
    batches: Iterator[pa.RecordBatch]
    replay_key: bytes = b""  # of a table that replay.py serves


@dataclass(frozen=True)
class Done:
    """A statement without a result set: rows is None where SQL Server sends no count."""

    rows: int | None
    command: int


@dataclass(frozen=True)
class DatabaseChanged:
    name: str


@dataclass(frozen=True)
class TransactionChanged:
    kind: Literal["begin", "commit", "rollback"]


Outcome = Rows | Done | DatabaseChanged | TransactionChanged


@dataclass(frozen=True)
class Value:
    """A parameter or variable: its type and the value as stored (ticks, bytes, text, number); None is NULL."""

    type: SqlType
    value: Any
