"""The columns a StarRocks table really has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mssql_starrocks.chain import Chain
from mssql_starrocks.model import Difference
from mssql_starrocks.types.dialects import text_starrocks
from mssql_starrocks.warehouse.connect import WarehouseSession


@dataclass(frozen=True)
class WarehouseColumn:
    """One row of information_schema.columns, its type in the spelling of our DDL; `key` is PRI, DUP or empty."""

    name: str
    type: str
    nullable: bool
    key: str


def columns_of(session: WarehouseSession, table: tuple[str, str]) -> tuple[WarehouseColumn, ...]:
    """The table's columns in order; empty when there is no such table."""
    rows = session.rows(
        "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY FROM information_schema.columns "
        f"WHERE TABLE_SCHEMA = {text_starrocks(table[0])} AND TABLE_NAME = {text_starrocks(table[1])} "
        "ORDER BY ORDINAL_POSITION"
    )
    return tuple(WarehouseColumn(n, normal_type(t), null == "YES", key or "") for n, t, null, key in rows)


def schema_differences(chain: Chain, found: Sequence[WarehouseColumn]) -> tuple[Difference, ...]:
    """Where the table differs from what the type matrix wants."""
    wanted = {c.name: (c.starrocks, c.may_null or not c.required) for c in chain.columns}
    wanted |= {a.name: (a.starrocks, True) for a in chain.audit_columns()}
    actual = {c.name: (c.type, c.nullable) for c in found}
    keys = [c.name for c in chain.key], [c.name for c in found if c.key == "PRI"]
    primary = () if keys[0] == keys[1] else (Difference("primary key", *(", ".join(k) or "none" for k in keys)),)
    return primary + tuple(
        Difference(name, _say(wanted.get(name)), _say(actual.get(name)))
        for name in [*wanted, *(n for n in actual if n not in wanted)]
        if wanted.get(name) != actual.get(name)
    )


def normal_type(text: str) -> str:
    """`int(11)` -> INT, `decimal(10, 2)` -> DECIMAL(10,2), `varchar(30)` -> VARCHAR(30)."""
    text = text.upper().replace(" ", "")
    return re.sub(r"^(TINYINT|SMALLINT|INT|BIGINT|LARGEINT)\(\d+\)$", r"\1", text)


def _say(column: tuple[str, bool] | None) -> str:
    return "absent" if column is None else f"{column[0]}{'' if column[1] else ' NOT NULL'}"
