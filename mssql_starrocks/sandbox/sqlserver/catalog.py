"""What SQL Server knows about its databases: tables, columns, keys, descriptions. Changed by replacement only."""

import datetime
from dataclasses import dataclass, field, replace

from mssql_starrocks.sandbox.sqlserver.alias_types import AliasType
from mssql_starrocks.sandbox.sqlserver.collations import DEFAULT_COLLATION
from mssql_starrocks.sandbox.sqlserver.errors import SqlError
from mssql_starrocks.sandbox.sqlserver.tsql.scope import Source, SourceColumn
from mssql_starrocks.sandbox.sqlserver.tsql.typed import COLUMN, Typed
from mssql_starrocks.sandbox.sqlserver.types import SqlType

SYSTEM_SCHEMAS = {"dbo": 1, "guest": 2, "INFORMATION_SCHEMA": 3, "sys": 4}


@dataclass(frozen=True)
class Column:
    column_id: int
    name: str
    type: SqlType
    nullable: bool = True
    identity: tuple[int, int] | None = None
    default: str = ""
    default_name: str = ""
    default_id: int = 0
    computed: str = ""
    persisted: bool = False
    rowguid: bool = False
    user_type: int = 0  # user_type_id of an alias type
    sparse: bool = False
    column_set: bool = False
    mask: str = ""
    generated: int = 0  # generated_always_type
    hidden: bool = False

    @property
    def physical(self) -> str:
        return f'"c{self.column_id}"'


@dataclass(frozen=True)
class Index:
    index_id: int
    name: str
    columns: tuple[tuple[int, bool], ...]  # column id, descending
    unique: bool = False
    primary: bool = False
    constraint: bool = False
    clustered: bool = False
    included: tuple[int, ...] = ()
    object_id: int = 0  # of the constraint


@dataclass(frozen=True)
class Table:
    object_id: int
    schema: str
    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    created: datetime.datetime = datetime.datetime(2024, 1, 1)
    modified: datetime.datetime = datetime.datetime(2024, 1, 1)
    temporal: int = 0  # temporal_type
    history_id: int | None = None
    store: str = ""  # a database snapshot keeps the object id

    @property
    def physical(self) -> str:
        return f'"t{self.object_id}{self.store}"'

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise SqlError(207, f"Invalid column name '{name}'.")

    def source(self, alias: str, sql_alias: str) -> Source:
        columns = tuple(
            SourceColumn(
                column.name,
                Typed(f'"{sql_alias}".{column.physical}', column.type, column.nullable, _rank(column.type)),
                column.identity is not None,
                column.hidden,
            )
            for column in self.columns
        )
        return Source(alias, columns)


def _rank(kind: SqlType) -> int:
    return COLUMN if kind.family == "text" else 0


@dataclass
class Tracking:
    """Change Tracking of one database: the version of its last commit, and per tracked table where it began."""

    version: int = 0
    tables: dict[int, int] = field(default_factory=dict)  # object id -> version


@dataclass
class Database:
    name: str
    database_id: int
    collation: str = DEFAULT_COLLATION
    snapshot_isolation: bool = True
    statement_snapshots: bool = False  # READ_COMMITTED_SNAPSHOT
    tracking: Tracking | None = None
    source_id: int | None = None  # of a database snapshot
    created: datetime.datetime = datetime.datetime(2024, 1, 1)
    schemas: dict[str, tuple[str, int]] = field(default_factory=dict)  # lower name -> name, id
    tables: dict[tuple[str, str], Table] = field(default_factory=dict)  # lower schema, lower name
    descriptions: dict[tuple[int, int, str], str] = field(default_factory=dict)  # object, column, property
    identities: dict[int, int] = field(default_factory=dict)  # object id -> last value
    last_columns: dict[int, int] = field(default_factory=dict)  # object id -> highest column id ever used

    types: dict[tuple[str, str], AliasType] = field(default_factory=dict)  # lower schema, lower name

    def __post_init__(self) -> None:
        if not self.schemas:
            self.schemas = {name.lower(): (name, number) for name, number in SYSTEM_SCHEMAS.items()}

    @property
    def read_only(self) -> bool:
        return self.source_id is not None

    def find(self, schema: str, name: str) -> Table | None:
        return self.tables.get((schema.lower(), name.lower()))

    def by_id(self, object_id: int) -> Table | None:
        return next((table for table in self.tables.values() if table.object_id == object_id), None)

    def put(self, table: Table) -> None:
        self.tables = {**self.tables, (table.schema.lower(), table.name.lower()): table}

    def drop(self, table: Table) -> None:
        key = (table.schema.lower(), table.name.lower())
        self.tables = {place: kept for place, kept in self.tables.items() if place != key}
        self.descriptions = {place: text for place, text in self.descriptions.items() if place[0] != table.object_id}
        if self.tracking is not None:
            self.tracking.tables.pop(table.object_id, None)

    def touched(self, table: Table) -> Table:
        return replace(table, modified=now())

    def snapshot(self) -> tuple[object, ...]:
        return dict(self.schemas), self.tables, dict(self.descriptions), self.types

    def restore(self, saved: tuple[object, ...]) -> None:
        self.schemas, self.tables, self.descriptions, self.types = saved  # type: ignore[assignment]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
