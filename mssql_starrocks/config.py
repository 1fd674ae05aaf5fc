"""What a user can set beside connections: `mssql_starrocks.yaml`, or the same fields as attributes of the component."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
)

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.model import Manifest, Table, TableId
from mssql_starrocks.types.options import ColumnChoices, TypeChoices

MOST_CHUNKS = 1_000
EngineName = Literal["auto", "arrow", "spark"]
LoaderName = Literal["catalog_insert", "stream_load", "spark_jdbc"]
SwapPolicy = Literal["stop", "regrant"]
GradeName = Literal["A", "B", "D", "E"]
ProofLevel = Literal["auto", "counts", "columns", "rows"]
DEFAULT_FILE = "mssql_starrocks.yaml"
_COLUMN = "^[a-z_][a-z0-9_]{0,199}$"
_DATABASE = re.compile(r"(?:[A-Za-z]|_[A-Za-z0-9])[A-Za-z0-9_]{0,254}")  # what 3.5 to 4.1 take (judged B Names)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # it begins what Python takes for a name: resource keys
_SYSTEM_DATABASES = frozenset({"information_schema", "sys", "_statistics_"})


def is_database_name(name: str) -> bool:
    """Whether StarRocks can have a database of ours by this name."""
    return bool(_DATABASE.fullmatch(name)) and name.lower() not in _SYSTEM_DATABASES


def copy_name(name: str) -> str:
    """A legal `name`, or none.

    Raises:
        ValueError: says what is expected.
    """
    if name and not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a copy; write letters, digits and _, a letter first, such as erp")
    return name


def _partitioning(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_CHUNKS
    if value is None or number or value in ("auto", "original"):
        return value
    raise ValueError(f"expected auto, original or a number of chunks from 1 to {MOST_CHUNKS}, found {value!r}")


def _legal(form: str, what: str) -> AfterValidator:
    """As Dagster takes it; a template of a component is judged when it is filled in."""

    def judged(text: str) -> str:
        if "{{" not in text and not re.fullmatch(form, text):
            raise ValueError(f"{text!r} is no {what}")
        return text

    return AfterValidator(judged)


_WORD = "[A-Za-z0-9_.-]"
_OWNER = r"team:.+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}"
Owner = Annotated[str, _legal(_OWNER, "owner: write an e-mail address or team:name")]
TagKey = Annotated[str, _legal(f"({_WORD}{{1,63}}/)?{_WORD}{{1,63}}", "name of a tag: letters, digits and _.- only")]
TagValue = Annotated[str, _legal(f"{_WORD}{{0,63}}", "value of a tag: letters, digits and _.- only, at most 63")]
Partitioning = Annotated[Literal["auto", "original"] | int, BeforeValidator(_partitioning)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AuditColumns(_Strict):
    """Names of the columns added to every row; null switches one off."""

    migrated_at: str | None = Field("migrated_at", pattern=_COLUMN, description="instant of the load, DATETIME in UTC")
    source_schema: str | None = Field(
        "source_schema", pattern=_COLUMN, description="SQL Server schema the row came from"
    )
    load_id: str | None = Field("load_id", pattern=_COLUMN, description="the load that wrote the row")


class TableOptions(_Strict):
    """What can be set for one table, or for all tables that match a pattern."""

    engine: EngineName | None = Field(None, description="overrides `engine`")
    loader: LoaderName | None = Field(None, description="overrides `loader`")
    partitioning: Partitioning | None = Field(None, description="overrides `partitioning`")
    key: str = Field("auto", description="`auto`, `none`, or the name of a primary key or unique not-null index")
    types: TypeChoices = Field(TypeChoices(), description="how types are copied; over `types` of the run")
    columns: dict[str, ColumnChoices] = Field(default_factory=dict, description="type choices of single columns")
    proof: ProofLevel | None = Field(None, description="overrides `proof`")
    minimum_grade: GradeName | None = Field(None, description="overrides `minimum_grade`")
    maximum_grade: GradeName | None = Field(None, description="overrides `maximum_grade`")
    show_values: bool = Field(False, description="a failed proof may show the values that differ")
    exclude_columns: tuple[str, ...] = Field((), description="source columns left out of the copy")
    accept_masked: bool = Field(False, description="copy masked columns as the login sees them")
    accept_row_filter: bool = Field(False, description="copy a table under row-level security as the login sees it")
    on_swap: SwapPolicy | None = Field(None, description="overrides `on_swap`")
    accept_schema_change: tuple[str, ...] = Field(
        (), description="changes of the source that the schema check named, and that may be published"
    )
    owners: tuple[Owner, ...] = Field((), description="Dagster owners: e-mail addresses or team:name")
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, description="Dagster tags")


class Config(_Strict):
    """Everything a user decides about the copy. Patterns are `schema.table` with `*` and `?`, case ignored.

    Of tables whose names differ in case only, a pattern of include and exclude that is spelled as one means that one.
    """

    name: str = Field(
        "",
        description="of this copy among several in one Dagster project: `<name>_` comes before its jobs, schedules, "
        "sensors and resources (docs/component.md); letters, digits and _",
    )
    include: tuple[str, ...] = Field(("*",), description="tables to copy")
    exclude: tuple[str, ...] = Field((), description="tables to leave out; wins over include")
    targets: dict[str, str] = Field(default_factory=dict, description="StarRocks database per source schema")
    lake_prefix: str = Field("", pattern="^[a-z0-9_]{0,40}$", description="put before every Glue database name")
    engine: EngineName = Field("auto", description="auto: spark above `spark_above_mb`, arrow below")
    spark_above_mb: int = Field(1024, ge=0, description="estimated size in MiB from which `auto` takes Spark")
    loader: LoaderName = Field(
        "catalog_insert",
        description="how StarRocks gets the snapshot. catalog_insert: it reads the lake itself; stream_load: we read "
        "it and send it over HTTP, for a StarRocks that cannot reach the lake; spark_jdbc: INSERT batches through "
        "Spark, for compatibility, slow",
    )
    retries: int = Field(3, ge=0, description="how often a stage begins again after an error that may pass")
    on_swap: SwapPolicy = Field(
        "stop",
        description="when a StarRocks table has to be replaced by another one (docs/schema_changes.md). stop: if "
        "grants on the table would be lost; regrant: give them to the new table, which the login must be allowed to",
    )
    chunk_mb: int = Field(128, ge=1, description="estimated bytes of one extraction chunk, in MiB")
    partitioning: Partitioning = Field(
        "auto",
        description="auto: chunks by `chunk_mb`; original: by rows (below 10,000 1, to a million 8-16, above it 20 and "
        "more); or a number of chunks",
    )
    types: TypeChoices = Field(TypeChoices(), description="how types are copied, for all tables")
    minimum_grade: GradeName | None = Field(None, description="refuse tables that cannot be read so exactly: A to E")
    maximum_grade: GradeName | None = Field(None, description="read no more exactly than this, to spare the source")
    proof: ProofLevel = Field("auto", description="auto: `rows` up to `row_proof_mb`, `columns` above")
    row_proof_mb: int = Field(1024, ge=0, description="estimated size in MiB up to which `auto` proves whole rows")
    keep_failed_days: int = Field(7, ge=1, description="days that a load which was not published stays in the lake")
    keep_loads: int = Field(5, ge=1, description="published loads that stay in the lake to roll back to")
    audit_columns: AuditColumns = Field(AuditColumns(), description="columns added to every row")
    manifest: str = Field("manifest.json", description="where discovery keeps the manifest; relative to this file")
    sensor_seconds: int = Field(60, ge=5, description="how often the new-table sensor looks")
    webserver: str | None = Field(
        None,
        description="host:port or URL of dagster-webserver: the sensor reloads the code location, alerts link to it",
    )
    report: str | None = Field(
        None, description="folder or s3://bucket/prefix; a report of each schema is written there after its copy"
    )
    schedule: str | None = Field(
        None, description="cron text, such as `0 2 * * *`: when every table is copied anew, one run per table"
    )
    time_zone: str = Field("UTC", description="of `schedule`, such as Europe/Berlin")
    tables: dict[str, TableOptions] = Field(
        default_factory=dict, description="options per table or pattern; later ones win"
    )

    _partial: bool = PrivateAttr(default=False)

    @field_validator("name")
    @classmethod
    def _part_of_names(cls, name: str) -> str:
        return copy_name(name)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; write one as Europe/Berlin or UTC")
        return name

    @field_validator("targets")
    @classmethod
    def _known_to_starrocks(cls, targets: dict[str, str]) -> dict[str, str]:
        for schema, database in targets.items():
            if not is_database_name(database):
                raise ValueError(
                    f"{schema}: {database!r} is no name for a StarRocks database (letters, digits, _; not its own)"
                )
        return {schema.lower(): database for schema, database in targets.items()}

    @property
    def partial(self) -> bool:
        """Whether it is for a part of the tables, so that what matches nothing may match another one."""
        return self._partial

    def named(self, table: TableId) -> TableOptions:
        """The options of the entry that names this table itself, not by a pattern."""
        written = _lower(table)
        return next((o for name, o in self.tables.items() if name.lower() in written), TableOptions())

    def unmatched(self, tables: Sequence[TableId]) -> tuple[str, ...]:
        """Patterns and schemas of this configuration that match none of the tables, if these are all there are."""
        if self.partial:
            return ()
        patterns = [*(p for p in self.include if p != "*"), *self.exclude, *self.tables]
        names = {name for t in tables for name in _lower(t)}  # thousands of patterns may be names: these are looked up
        lost = [p for p in patterns if p.lower() not in names and not any(matches(t, (p,)) for t in tables)]
        schemas = {t.schema.lower() for t in tables}
        return (*lost, *(f"targets: {schema}" for schema in self.targets if schema not in schemas))

    def options(self, table: TableId) -> TableOptions:
        """The options of a table: all matching entries of `tables`, later ones over earlier ones."""
        merged: dict[str, Any] = {"types": self.types.model_dump(exclude_unset=True)}
        for pattern, options in self.tables.items():
            if matches(table, (pattern,)):
                fields = options.model_dump(exclude_unset=True)
                types = merged["types"] | fields.pop("types", {})
                columns = _merged_columns(merged.get("columns", {}), fields.pop("columns", {}))
                merged |= {**fields, "types": types, "columns": columns}
        return TableOptions(**merged)

    def selected(self, tables: Sequence[TableId]) -> tuple[TableId, ...]:
        """What include and exclude leave of all tables of a database."""
        twins = _twins(tables)
        return tuple(t for t in tables if matches(t, self.include, twins) and not matches(t, self.exclude, twins))

    def select(self, manifest: Manifest) -> tuple[Table, ...]:
        """The manifest's tables that include and exclude leave."""
        wanted = set(self.selected([t.id for t in manifest.tables]))
        return tuple(t for t in manifest.tables if t.id in wanted)

    def taking_all(self) -> Config:
        """For a manifest of selected tables only: without its twin a table may look excluded."""
        copy = self.model_copy(update={"include": ("*",), "exclude": ()})
        copy._partial = True
        return copy

    def with_engine(self, engine: str | None) -> Config:
        """The same with this engine in the place of every `engine`, if one is given.

        Raises:
            ConfigError: there is no such engine.
        """
        if engine is None:
            return self
        if engine not in get_args(EngineName):
            raise ConfigError(f"engine: {engine} is none of {', '.join(get_args(EngineName))}")
        without = {name: table.model_copy(update={"engine": None}) for name, table in self.tables.items()}
        return self.model_copy(update={"engine": engine, "tables": without})

    def with_target(self, tables: Iterable[TableId], target: str | None) -> Config:
        """The same with this StarRocks database for the schemas of these tables, if one is given.

        Raises:
            ConfigError: it is no name for a database.
        """
        if target is None:
            return self
        if not is_database_name(target):
            raise ConfigError(
                f"target {target!r} is no name for a StarRocks database (letters, digits, _; not its own)"
            )
        return self.model_copy(update={"targets": self.targets | {t.schema.lower(): target for t in tables}})

    @staticmethod
    def load(file: Path) -> Config:
        """Read a YAML file; only a file of the default name may be missing, which means defaults.

        Raises:
            ConfigError: names file, key and the closest valid name.

        """
        if not file.exists() and file.name == DEFAULT_FILE:
            return Config()
        try:
            data = yaml.load(file.read_text(encoding="utf-8"), _OnceLoader) or {}  # noqa: S506 (a SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" in line {mark.line + 1}" if mark else ""
            raise ConfigError(f"{file}: not valid YAML{where}: {getattr(error, 'problem', None) or error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file} cannot be read: {error}") from error
        except Exception as error:  # PyYAML's constructors pass on what Python says of a date or a number
            raise ConfigError(f"{file}: not valid YAML: {error}; put what is a text into quotes") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{file}: expected keys and values, found {type(data).__name__}")
        return Config.parse(data, str(file))

    @staticmethod
    def parse(data: dict[str, Any], origin: str) -> Config:
        """Validate fields that came from YAML or from a component's attributes.

        Raises:
            ConfigError: names origin, key and the closest valid name.

        """
        try:
            return Config(**{str(key): value for key, value in data.items()})
        except ValidationError as error:
            raise ConfigError("\n".join(explain(e, origin, Config) for e in error.errors())) from None


class _OnceLoader(yaml.SafeLoader):
    """YAML in which a key that is there twice is a mistake: else the first one would be dropped without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(problem=f"{key.value} is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def explain(error: Any, origin: str, model: type[BaseModel]) -> str:
    """One line for one pydantic error: file, key, what is wrong, the closest valid name."""
    path = [str(p) for p in error["loc"]]
    if error["type"] == "tuple_type":
        return f"{origin}: {'.'.join(path)}: expected a list, such as [sales.*]"
    if error["type"] in ("model_type", "dict_type"):
        return f"{origin}: {'.'.join(path)}: expected keys and values, such as {{engine: arrow}}"
    if error["type"] != "extra_forbidden":
        return f"{origin}: {'.'.join(path)}: {error['msg']}"
    owner = _owner(path, model)
    near = difflib.get_close_matches(path[-1], owner.model_fields, 1, 0.4)
    return f"{origin}: unknown key {'.'.join(path)}" + (f"; did you mean {near[0]}?" if near else "")


def _owner(path: list[str], model: type[BaseModel]) -> type[BaseModel]:
    """The model that a path such as tables.sales.*.types.time leads to."""
    if "columns" in path[1:-1]:
        return ColumnChoices
    if "types" in path[:-1]:
        return TypeChoices
    named: dict[str, type[BaseModel]] = {"tables": TableOptions, "audit_columns": AuditColumns}
    return named.get(path[0], model)


def _merged_columns(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Choices per column, `other` over `one`, field by field."""
    return {name: one.get(name, {}) | other.get(name, {}) for name in [*one, *other]}


def _twins(tables: Iterable[TableId]) -> frozenset[str]:
    """The names that differ from another one in case only."""
    names = {table.plain for table in tables}
    alike = Counter(name.lower() for name in names)
    return frozenset(name for name in names if alike[name.lower()] > 1)


def matches(table: TableId, patterns: Iterable[str], twins: Collection[str] = ()) -> bool:
    """A table's own name always matches it, and no twin: brackets in a name are no set of characters."""
    meant = [p for p in patterns if p == table.plain or p not in twins]
    wanted = [p.lower() if "." in p or p == "*" else f"*.{p.lower()}" for p in meant]
    plain = table.plain.lower()
    if plain in wanted or any(fnmatch.fnmatchcase(plain, p) for p in wanted):
        return True
    return any("[" in p for p in wanted) and str(table).lower() in wanted


def _lower(table: TableId) -> tuple[str, str]:
    """Its plain name, and as it is written where that is not clear."""
    return table.plain.lower(), str(table).lower()
