"""One source name -> asset keys, lake name, StarRocks name; collisions are refused by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mssql_starrocks.errors import NameCollisionError
from mssql_starrocks.model import Table, TableId

SNAPSHOT, LAKE, WAREHOUSE = "mssql_snapshot", "iceberg_table", "starrocks_table"
LEDGER = "mssql_starrocks_loads"  # our own table in every StarRocks database that we load
_RESERVED = {"__op", "__row", "___count___"}  # columns that StarRocks keeps to itself (facts/starrocks.md 3)
_SHADOW = "__starrocks_shadow_"
_PLAIN_SEPARATORS = " -."
_LONGEST = 200  # Glue takes 255 characters (facts/iceberg_spark_glue.md 2); the rest is for our suffixes


@dataclass(frozen=True)
class Names:
    """Where one table lives.

    Attributes:
        schema, table: lower-case `[a-z0-9_]` names, used in asset keys and in the lake.
        lake_database: Glue database (Iceberg namespace).
        warehouse_database: StarRocks database.

    """

    schema: str
    table: str
    lake_database: str
    warehouse_database: str

    @property
    def snapshot_key(self) -> tuple[str, str, str]:
        return (SNAPSHOT, self.schema, self.table)

    @property
    def lake_key(self) -> tuple[str, str, str]:
        return (LAKE, self.schema, self.table)

    @property
    def warehouse_key(self) -> tuple[str, str, str]:
        return (WAREHOUSE, self.schema, self.table)

    @property
    def lake(self) -> tuple[str, str]:
        return (self.lake_database, self.table)

    @property
    def warehouse(self) -> tuple[str, str]:
        return (self.warehouse_database, self.table)


def slug(name: str) -> str:
    """A name that Glue, Athena, StarRocks and Dagster all take: `[a-z0-9_]`.

    Case is folded; blank, dash and dot become `_`. A name with any other character also gets a short hash of
    the original, so that names in other scripts stay apart. Equal results are found by `refuse_collisions`.
    """
    lower = name.lower()
    text = re.sub(r"[^a-z0-9_]", "_", lower)
    foreign = re.sub(rf"[a-z0-9_{re.escape(_PLAIN_SEPARATORS)}]", "", lower)
    if foreign or len(text) > _LONGEST or not re.search("[a-z0-9]", text):
        text = f"{text[:_LONGEST]}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return text


def column_slug(name: str) -> str:
    """A column name for lake and warehouse: lower case, letters and digits of any script, everything else `_`."""
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name.lower())[:_LONGEST] or "_"
    if text.startswith(_SHADOW):
        return f"_{text}"  # StarRocks looks at the beginning
    return f"{text}_" if text in _RESERVED else text


def refuse_collisions(tables: Iterable[Table]) -> None:
    """Refuse source tables that would share an asset key or a lake table.

    Raises:
        NameCollisionError: names both tables and what to do.

    """
    seen: dict[str, TableId] = {}
    for table in tables:
        # Dagster joins key parts with "__" to name an op: a__b.c and a.b__c would meet there.
        key = f"{slug(table.id.schema)}__{slug(table.id.name)}"
        if key in seen:
            raise NameCollisionError(
                f"Tables {seen[key]} and {table.id} would both become {key.replace('__', '.', 1)}. "
                "Exclude one of them in mssql_starrocks.yaml (exclude:)."
            )
        seen[key] = table.id


def refuse_column_collisions(table: TableId, names: Iterable[tuple[str, str]]) -> None:
    """Refuse columns that would share a target name. `names` are pairs of (target name, where it comes from).

    Raises:
        NameCollisionError: names the table, both origins and the target name.

    """
    seen: dict[str, str] = {}
    for target, origin in names:
        if target in seen:
            raise NameCollisionError(
                f"{table}: {seen[target]} and {origin} would both become column {target}. "
                "Exclude one (tables: exclude_columns) or rename the audit columns."
            )
        seen[target] = origin
