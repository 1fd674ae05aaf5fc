"""What discovery saw: tables, columns, keys, and the manifest that holds them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from mssql_starrocks.errors import DISCOVER_AGAIN, ConfigError
from mssql_starrocks.printable import one_line

MANIFEST_VERSION = 1
_AMBIGUOUS = re.compile(r"[.\[*?]")  # in names: selections read them otherwise


@dataclass(frozen=True, order=True)
class TableId:
    """A table's name in SQL Server, exactly as the catalog spells it.

    As text it is `schema.name`, in brackets where that could be read otherwise, and always one line.
    """

    schema: str
    name: str

    def __str__(self) -> str:
        text = self.plain
        if _AMBIGUOUS.search(self.schema) or _AMBIGUOUS.search(self.name):
            text = ".".join(f"[{part.replace(']', ']]')}]" for part in (self.schema, self.name))
        return text if text.isprintable() else one_line(text)

    @property
    def plain(self) -> str:
        """Without brackets, as patterns see it; two tables may have the same."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Column:
    """One row of `sys.columns`. `max_length` is in bytes, -1 means (max); `type` is the base type's name."""

    name: str
    ordinal: int
    type: str
    max_length: int = 0
    precision: int = 0
    scale: int = 0
    nullable: bool = True
    collation: str | None = None
    user_type: str | None = None
    identity: bool = False
    computed: str | None = None
    hidden: bool = False
    masked: bool = False
    encrypted: bool = False
    column_set: bool = False
    graph_internal: bool = False
    default: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Key:
    """A primary key or a unique index over NOT NULL columns, columns in key order."""

    name: str
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True)
class Table:
    """What discovery saw of one table. `rows` and `bytes` are the catalog's estimates, never a count."""

    id: TableId
    object_id: int
    columns: tuple[Column, ...]
    keys: tuple[Key, ...] = ()
    rows: int = 0
    bytes: int = 0
    description: str | None = None
    change_tracking: bool = False
    temporal: int = 0
    memory_optimized: bool = False
    external: bool = False
    row_filtered: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what a copy depends on: columns, types and the columns of keys; no comments or names of keys."""
        columns = [{k: v for k, v in asdict(c).items() if k not in ("description", "default")} for c in self.columns]
        text = json.dumps([columns, sorted((k.primary, k.columns) for k in self.keys)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            ConfigError: there is none: the manifest was edited, or the table altered while it was made.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ConfigError(
            f"{self.id}: a key names column {name}, which is none of its columns. To mend it, {DISCOVER_AGAIN}"
        )


@dataclass(frozen=True)
class Manifest:
    """What discovery saw in one database. Loading definitions needs only this."""

    database: str
    server_version: str
    engine_edition: int
    snapshot_isolation: bool
    read_committed_snapshot: bool
    discovered_at: str
    tables: tuple[Table, ...] = ()
    collation: str | None = None
    version: int = MANIFEST_VERSION

    def to_json(self) -> str:
        return _MANIFEST.dump_json(self, indent=1, exclude_defaults=True).decode() + "\n"

    @staticmethod
    def from_json(text: str, origin: str = "manifest") -> Manifest:
        """Read a manifest.

        Raises:
            ConfigError: `text` is not a manifest of this version.

        """
        try:
            manifest = _MANIFEST.validate_json(text)
        except ValidationError as error:
            raise ConfigError(
                f"{origin} is not a manifest ({error.error_count()} errors). Make it anew: mssql-starrocks discover"
            ) from error
        if manifest.version != MANIFEST_VERSION:
            raise ConfigError(
                f"{origin} has version {manifest.version}, this release reads {MANIFEST_VERSION}. "
                "Make it anew: mssql-starrocks discover"
            )
        return manifest

    def with_tables(self, tables: tuple[Table, ...]) -> Manifest:
        return Manifest(**{**{f: getattr(self, f) for f in self.__dataclass_fields__}, "tables": tables})


_MANIFEST = TypeAdapter(Manifest)
