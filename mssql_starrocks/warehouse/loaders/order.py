"""What every loader is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mssql_starrocks.chain import Chain
from mssql_starrocks.warehouse.connect import WarehouseSession


@dataclass(frozen=True)
class LoadOrder:
    """What to load: the chain, its snapshot, the (empty) table to fill and a label never used before."""

    chain: Chain
    snapshot_id: int
    into: tuple[str, str]
    label: str

    @property
    def subject(self) -> str:
        """How messages name the table."""
        return f"table {'.'.join(self.into)}"


class Loader(Protocol):
    """Fills a table or raises, and then the table is as empty as before; returns the rows that StarRocks says it took.

    A label that was used before is asked about, never loaded twice.
    """

    name: str

    def load(self, session: WarehouseSession, order: LoadOrder) -> int: ...
