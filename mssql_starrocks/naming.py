"""One source name -> asset keys, lake name, StarRocks name; collisions are refused by name."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mssql_starrocks.errors import DISCOVER_AGAIN, NameCollisionError
from mssql_starrocks.model import TableId

SNAPSHOT, LAKE, WAREHOUSE = "mssql_snapshot", "iceberg_table", "starrocks_table"
LEDGER = "mssql_starrocks_loads"  # our own table in every StarRocks database that we load
_RESERVED = {"__op", "__row", "___count___"}  # columns that StarRocks keeps to itself (facts/starrocks.md 3)
_SHADOW = "__starrocks_shadow_"
_PLAIN_SEPARATORS = " -."
_LONGEST = 200  # Glue takes 255 characters (facts/iceberg_spark_glue.md 2); the rest is for our suffixes
_LONGEST_COLUMN = 128  # UTF-16 units of an identifier in SQL Server, where the names of the copy are aliases


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
    the original, so that names in other scripts stay apart. Equal results are found by `collisions`.
    """
    lower = name.lower()
    text = re.sub(r"[^a-z0-9_]", "_", lower)
    foreign = re.sub(rf"[a-z0-9_{re.escape(_PLAIN_SEPARATORS)}]", "", lower)
    if foreign or len(text) > _LONGEST or not re.search("[a-z0-9]", text):
        text = f"{text[:_LONGEST]}_{_mark(name)}"
    return text


def marked(table: TableId) -> str:
    """A table's slug with a short hash, for tables whose names would become one."""
    return f"{slug(table.name)}_{_mark(str(table))}"


def column_slug(name: str) -> str:
    """A column name for lake and warehouse: lower case, letters and digits of any script, everything else `_`."""
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name.lower()) or "_"
    if text.startswith(_SHADOW):
        text = f"_{text}"  # StarRocks looks at the beginning
    return f"{text}_" if text in _RESERVED else _shortened(text, _LONGEST_COLUMN)


def companion_slug(column: str, suffix: str) -> str:
    """The name of a second column beside the copy's column `column`."""
    return f"{_shortened(column, _LONGEST_COLUMN - len(suffix) - 2)}__{suffix}"


def folded(name: str) -> str:
    """Equal for names that StarRocks takes for one: Java folds letter by letter, to upper case and then to lower."""
    return "".join(_single(_single(c, str.upper), str.lower) for c in name)


def _single(letter: str, fold: Callable[[str], str]) -> str:
    found = fold(letter)
    return found if len(found) == 1 else letter


def _shortened(text: str, room: int) -> str:
    """At most `room` UTF-16 units; what is cut gets a short hash of the whole, so that names stay apart."""
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= room:
        return text
    mark = _mark(text)
    while len(f"{text}_{mark}".encode("utf-16-le", "surrogatepass")) // 2 > room:
        text = text[:-1]
    return f"{text}_{mark}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def collisions(tables: Iterable[TableId]) -> dict[TableId, str]:
    """Source tables that would share an asset key or a lake table, with what to do about it."""
    # Dagster joins key parts with "__" to name an op: a__b.c and a.b__c would meet there.
    return shared(tables, lambda table: f"{slug(table.schema)}__{slug(table.name)}", _collision)


def shared(
    tables: Iterable[TableId], key: Callable[[TableId], str], reason: Callable[[str, Sequence[TableId]], str]
) -> dict[TableId, str]:
    """Tables with equal keys, and the reason that is given for them."""
    found: defaultdict[str, list[TableId]] = defaultdict(list)
    for table in tables:
        found[key(table)].append(table)
    return {table: reason(name, alike) for name, alike in found.items() if len(alike) > 1 for table in alike}


def _collision(key: str, tables: Sequence[TableId]) -> str:
    return (
        f"Tables {listed(tables)} would become one, {key.replace('__', '.', 1)}. Leave all but one of them out in "
        f"mssql_starrocks.yaml or defs.yaml (exclude:), spelled as here; then {DISCOVER_AGAIN}"
    )


def listed(tables: Sequence[TableId]) -> str:
    """`a, b and c`."""
    names = [str(table) for table in tables]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def refuse_column_collisions(table: TableId, names: Iterable[tuple[str, str]]) -> None:
    """Refuse columns that would share a target name. `names` are pairs of (target name, where it comes from).

    Raises:
        NameCollisionError: names the table, both origins and the target name.

    """
    seen: dict[str, str] = {}
    for target, origin in names:
        name = folded(target)
        if name in seen:
            raise NameCollisionError(
                f"{table}: {seen[name]} and {origin} would both become column {target}. "
                "Exclude one (tables: exclude_columns) or rename the audit columns."
            )
        seen[name] = origin
