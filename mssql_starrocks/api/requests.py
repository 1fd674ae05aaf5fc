"""What can be asked for: the original's bodies with its names (facts/peers.md 1.1), and what each means here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mssql_starrocks.chain import plan_chains
from mssql_starrocks.config import EngineName, is_database_name
from mssql_starrocks.errors import SelectionError
from mssql_starrocks.orchestration.launch.job import Job, Part
from mssql_starrocks.orchestration.launch.prepare import Options, Workplace
from mssql_starrocks.selection import Selection


def _database(name: str) -> str:
    if not is_database_name(name):
        raise ValueError(f"{name} is a database of StarRocks itself")
    return name


Name = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[list[Name], Field(min_length=1)]  # an empty list is a mistake, never everything
Database = Annotated[
    str, Field(pattern="^([A-Za-z]|_[A-Za-z0-9])[A-Za-z0-9_]{0,254}$", max_length=256), AfterValidator(_database)
]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value  # JSON has one kind of number


Parallel = Annotated[int, Field(ge=1, le=64), BeforeValidator(_whole)]


class Request(BaseModel):
    """A body: which tables, and what is to be done with them."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: ClassVar[str]

    def job(self, place: Workplace) -> Job:
        """Plan it.

        Raises:
            SelectionError: there is no such table.
        """
        return place.job(self.selection(place), self.options(), place.settings.starrocks.database)

    def selection(self, place: Workplace) -> Selection:
        raise NotImplementedError

    def options(self) -> Options:
        raise NotImplementedError

    def notes(self) -> list[str]:
        """What the caller asked for that means nothing here."""
        return list(self._notes())

    def _notes(self) -> Iterator[str]:
        yield from ()


class MigrateTable(Request):
    """One table through the whole chain."""

    kind: ClassVar[str] = "table"
    source_schema: Name = Field(description="SQL Server schema", examples=["sales"])
    table_name: Name = Field(examples=["orders"])
    target_schema: Database | None = Field(None, description="StarRocks database; else the configuration's")
    create_table: bool = Field(True, description="accepted; a table that is missing is always made")
    auto_partition: bool = Field(True, description="accepted; chunks are planned as the configuration says")
    only_s3: bool = Field(False, description="stop at the published Iceberg table")
    resume: bool = Field(False, description="do nothing if the published copy is what the source holds")
    engine: EngineName | None = Field(None, description="in the place of the configuration's")

    def selection(self, place: Workplace) -> Selection:
        return Selection((quoted(self.source_schema, self.table_name),))

    def options(self) -> Options:
        return Options(_part(self.only_s3), resume=self.resume, engine=self.engine, target=self.target_schema)

    def _notes(self) -> Iterator[str]:
        if not self.create_table:
            yield "create_table is ignored: a table that is missing is made, one that is not ours is left alone"
        if not self.auto_partition:
            yield "auto_partition is ignored: chunks are planned as partitioning: of the configuration says"


class MigrateSchema(Request):
    """A schema, or some of its tables."""

    kind: ClassVar[str] = "schema"
    source_schema: Name = Field(description="SQL Server schema", examples=["sales"])
    target_schema: Database | None = Field(None, description="StarRocks database; else the configuration's")
    table_list: Names | None = Field(None, description="only these; names without schema", examples=[["orders"]])
    create_tables: bool = Field(True, description="accepted; tables that are missing are always made")
    only_s3: bool = Field(False, description="stop at the published Iceberg tables")
    resume_from: Name | None = Field(None, description="begin with this table, in the manifest's order")
    exclude_tables: list[Name] = Field([], description="leave these out")
    resume: bool = Field(False, description="skip tables whose published copy is what the source holds")
    engine: EngineName | None = Field(None, description="in the place of the configuration's")
    parallel: Parallel = Field(4, description="tables at a time")

    def selection(self, place: Workplace) -> Selection:
        schema = self.source_schema
        excluded = tuple(quoted(schema, name) for name in self.exclude_tables)
        begin = quoted(schema, self.resume_from) if self.resume_from else None
        return _chosen(schema, self.table_list, exclude=excluded, resume_from=begin)

    def options(self) -> Options:
        return Options(_part(self.only_s3), False, self.parallel, self.resume, self.engine, self.target_schema)

    def _notes(self) -> Iterator[str]:
        if not self.create_tables:
            yield "create_tables is ignored: tables that are missing are made, those that are not ours are left alone"


class LoadFromLake(Request):
    """From the published Iceberg tables to StarRocks."""

    kind: ClassVar[str] = "load"
    target_schema: Database = Field(description="StarRocks database", examples=["sales"])
    source_schema: Name | None = Field(None, description="else all that the configuration sends to target_schema")
    table_list: Names | None = Field(None, description="only these; names without schema", examples=[["orders"]])
    skip_until: Name | None = Field(None, description="begin after this table, in the manifest's order")
    exclude_tables: list[Name] = Field([], description="leave these out", examples=[["audit"]])
    parallel: Parallel = Field(4, description="tables at a time")

    def selection(self, place: Workplace) -> Selection:
        schema = self._schema(place)
        excluded = tuple(quoted(schema, name) for name in self.exclude_tables)
        begin = quoted(schema, self.skip_until) if self.skip_until else None
        return _chosen(schema, self.table_list, exclude=excluded, skip_until=begin)

    def options(self) -> Options:
        return Options("warehouse", parallel=self.parallel, target=self.target_schema)

    def _schema(self, place: Workplace) -> str:
        """The one source schema that goes to this database."""
        if self.source_schema:
            return self.source_schema
        chains, _ = plan_chains(place.manifest, place.config, place.settings.starrocks.database)
        found = sorted({c.table.id.schema for c in chains if c.names.warehouse_database == self.target_schema})
        if len(found) != 1:
            which = f"{' and '.join(found)} go there" if found else "no schema of the configuration goes there"
            raise SelectionError(f"target_schema {self.target_schema}: {which}; name source_schema.")
        return found[0]


class Validate(Request):
    """Only the checks, against lake and StarRocks as they are now."""

    kind: ClassVar[str] = "validate"
    source_schema: Name = Field(description="SQL Server schema", examples=["sales"])
    target_schema: Database | None = Field(None, description="StarRocks database; else the configuration's")
    table_list: Names | None = Field(None, description="only these; names without schema", examples=[["orders"]])
    only_s3: bool = Field(False, description="only the checks of the lake")
    parallel: Parallel = Field(4, description="tables at a time")

    def selection(self, place: Workplace) -> Selection:
        return _chosen(self.source_schema, self.table_list)

    def options(self) -> Options:
        return Options(_part(self.only_s3), proofs_only=True, parallel=self.parallel, target=self.target_schema)


_KINDS: dict[str, type[Request]] = {r.kind: r for r in (MigrateTable, MigrateSchema, LoadFromLake, Validate)}


def stored_request(kind: str, fields: Mapping[str, Any]) -> Request:
    """A request as it was kept."""
    return _KINDS[kind].model_validate(dict(fields))


def quoted(*names: str) -> str:
    """The name of a schema, or of a schema's table, that is never a pattern."""
    return ".".join(f"[{name.replace(']', ']]')}]" for name in names)


def _chosen(schema: str, tables: list[str] | None, **more: Any) -> Selection:
    """These tables of a schema, or all of it."""
    if tables:
        return Selection(tuple(quoted(schema, table) for table in tables), **more)
    return Selection(schemas=(quoted(schema),), **more)


def _part(only_lake: bool) -> Part:
    return "lake" if only_lake else "all"
