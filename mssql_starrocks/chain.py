"""What one table's copy will be: names, columns, key, audit columns. Pure, so that it can be shown before any run."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mssql_starrocks.config import (
    Config,
    EngineName,
    LoaderName,
    ProofLevel,
    SwapPolicy,
    TableOptions,
    is_database_name,
)
from mssql_starrocks.errors import ConfigError, MssqlStarrocksError
from mssql_starrocks.model import AuditColumn, Grade, Level, Manifest, PlannedColumn, Sizing, Table, TableId, TypeLine
from mssql_starrocks.naming import LEDGER, Names, collisions, listed, refuse_column_collisions, shared, slug
from mssql_starrocks.spelling import almost_left_out
from mssql_starrocks.types import ColumnChoices, TypeOptions, choose_key, plan_columns, type_ledger
from mssql_starrocks.types.canonical import FLOAT
from mssql_starrocks.types.declared import declared_type
from mssql_starrocks.types.keys import key_notes
from mssql_starrocks.types.mapping import idle_choices

ENGINE_SET = "set in the configuration"
# StarRocks' front end takes 10,000 nodes an expression, and the text of one float has 113 (checkMaxFlatChildren).
_MOST_FLOATS = 60
AUDIT_KINDS = {
    "migrated_at": ("timestamp", "DATETIME", "instant of the load in UTC"),
    "source_schema": ("string", "VARCHAR(384)", "SQL Server schema of the row"),
    "load_id": ("string", "VARCHAR(64)", "load that wrote the row"),
}


@dataclass(frozen=True)
class Chain:
    """One source table and everything decided about its copy.

    Attributes:
        columns: the copied columns in target order, key columns first.
        ledger: what becomes of each source column and what it loses.
        audit: the audit columns as (what it holds, its name).
        level: how much its proofs compare; `show_values` lets a failed one show values.
        grades: the least exact grade that will do, and the most exact one that is wanted.
        engine: `arrow` or `spark`, already decided; why is in `engine_reason`.
        loader: how StarRocks gets the snapshot.
        retries: how often a stage begins again after a transient error.
        on_swap: what becomes of grants on the StarRocks table when another one takes its place.
        accepted_changes: what the configuration says under accept_schema_change.
        keep_failed_days: how long a load that was not published stays for inspection or to be resumed.
        keep_loads: how many published loads stay to roll back to.

    """

    table: Table
    database: str
    names: Names
    columns: tuple[PlannedColumn, ...]
    ledger: tuple[TypeLine, ...]
    audit: tuple[tuple[str, str], ...]
    engine: EngineName
    engine_reason: str
    sizing: Sizing
    level: Level = Level.COLUMNS
    show_values: bool = False
    grades: tuple[Grade | None, Grade | None] = (None, None)
    owners: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    loader: LoaderName = "catalog_insert"
    retries: int = 0
    accepted_changes: tuple[str, ...] = ()
    on_swap: SwapPolicy = "stop"
    keep_failed_days: int = 7
    keep_loads: int = 5

    @property
    def key(self) -> tuple[PlannedColumn, ...]:
        return tuple(c for c in self.columns if c.key)

    @property
    def key_notes(self) -> tuple[str, ...]:
        """What to know about the key before the first load."""
        return key_notes(self.table, self.key)

    def audit_columns(self, load_id: str = "", instant: str = "") -> tuple[AuditColumn, ...]:
        """The audit columns with a load's values."""
        values = {"migrated_at": instant, "source_schema": self.table.id.schema, "load_id": load_id}
        return tuple(
            AuditColumn(name, AUDIT_KINDS[what][0], AUDIT_KINDS[what][1], values[what], AUDIT_KINDS[what][2])
            for what, name in self.audit
        )


@dataclass(frozen=True)
class Refused:
    """A table that cannot be copied, and the message that says why and what to do."""

    table: TableId
    reason: str


def plan_chain(table: Table, config: Config, database: str, warehouse_database: str | None = None) -> Chain:
    """Decide everything about one table's copy.

    Raises:
        TypeRefusedError, KeyRefusedError, NameCollisionError, ConfigError: name table and column, say what to set.

    """
    options = config.options(table.id)
    if slug(table.id.name) == LEDGER:
        raise ConfigError(f"{table.id}: that name is our own in StarRocks; exclude the table")
    if table.row_filtered and not options.accept_row_filter:
        raise ConfigError(
            f"{table.id} is under row-level security: this login may see only a part of its rows. "
            f"Exempt the login and set accept_row_filter: true for {table.id}, or exclude the table."
        )
    types = _type_options(table, options, config.named(table.id))
    key = choose_key(table, options.key)
    lost = [k for k in key if k in types.exclude_columns]
    if lost:
        raise ConfigError(f"tables: {table.id}: {lost[0]} is part of the key and excluded; set key: none")
    columns = plan_columns(table, key, types)
    if not columns:
        raise ConfigError(f"tables: {table.id}: no column is left to copy; exclude the table instead")
    audit = tuple((what, name) for what, name in config.audit_columns if name)
    refuse_column_collisions(
        table.id,
        [(c.name, f"column [{c.source}]") for c in columns] + [(name, f"audit column {what}") for what, name in audit],
    )
    engine, reason = _engine(table, options.engine or config.engine, config.spark_above_mb)
    return Chain(
        table=table,
        database=database,
        names=_names(table.id, config, warehouse_database),
        columns=columns,
        ledger=type_ledger(table, columns, types),
        audit=audit,
        engine=engine,
        engine_reason=reason,
        sizing=Sizing(config.chunk_mb << 20, options.partitioning or config.partitioning),
        level=_level(table, columns, options.proof or config.proof, config.row_proof_mb),
        show_values=options.show_values,
        grades=_grades(table.id, options, config),
        owners=options.owners,
        tags=tuple(sorted(options.tags.items())),
        loader=options.loader or config.loader,
        retries=config.retries,
        accepted_changes=options.accept_schema_change,
        on_swap=options.on_swap or config.on_swap,
        keep_failed_days=config.keep_failed_days,
        keep_loads=config.keep_loads,
    )


def _type_options(table: Table, options: TableOptions, named: TableOptions) -> TypeOptions:
    """What is set for the table's columns, in the table's own spelling; a pattern may name columns that it lacks."""
    for where, names in (("exclude_columns", named.exclude_columns), ("columns", tuple(named.columns))):
        for name in names:
            if not _spellings(table, name):
                columns = {c.name.lower(): c.name for c in table.columns}
                near = difflib.get_close_matches(name.lower(), columns, 1)
                hint = f"; did you mean {columns[near[0]]}?" if near else ""
                raise ConfigError(f"tables: {table.id}: {where} names {name}, which is no column of it{hint}")
    for name, choices in named.columns.items():
        column = table.column(_spelled(table, name))
        for idle in idle_choices(column, choices):
            kind = declared_type(column) + (f" with target {choices.target}" if choices.target else "")
            raise ConfigError(f"tables: {table.id}: columns: {name}: {idle} says nothing about {kind}; remove it")
    chosen: dict[str, ColumnChoices] = {
        _spelled(table, name): choices for name, choices in options.columns.items() if _spellings(table, name)
    }
    excluded = frozenset(_spelled(table, name) for name in options.exclude_columns if _spellings(table, name))
    return TypeOptions(options.types, chosen, excluded, options.accept_masked)


def _spellings(table: Table, name: str) -> list[str]:
    return [c.name for c in table.columns if c.name.lower() == name.lower()]


def _spelled(table: Table, name: str) -> str:
    """The column's own spelling. A case-sensitive database may have several that differ in case only."""
    found = _spellings(table, name)
    if name not in found and len(found) > 1:
        raise ConfigError(f"tables: {table.id}: {name} may be {' or '.join(found)}; spell it as SQL Server does")
    return name if name in found else found[0]


def _grades(table: TableId, options: TableOptions, config: Config) -> tuple[Grade | None, Grade | None]:
    least, most = options.minimum_grade or config.minimum_grade, options.maximum_grade or config.maximum_grade
    if least and most and least < most:
        raise ConfigError(f"tables: {table}: minimum_grade {least} is above maximum_grade {most}")
    return Grade(least) if least else None, Grade(most) if most else None


def _level(table: Table, columns: Sequence[PlannedColumn], wanted: ProofLevel, row_proof_mb: int) -> Level:
    if wanted != "auto":
        return Level(wanted)
    floats = sum(c.kind == FLOAT for c in columns)
    fits = table.bytes <= row_proof_mb << 20 and floats <= _MOST_FLOATS
    return Level.ROWS if fits else Level.COLUMNS


def plan_chains(
    manifest: Manifest, config: Config, warehouse_database: str | None = None
) -> tuple[tuple[Chain, ...], tuple[Refused, ...]]:
    """Plan every selected table; one bad table does not hide the others, nor do two that would become one."""
    tables = config.select(manifest)
    reasons = almost_left_out(config, manifest.tables) | collisions(table.id for table in tables)
    chains = {}
    for table in tables:
        try:
            chains[table.id] = plan_chain(table, config, manifest.database, warehouse_database)
        except MssqlStarrocksError as error:
            reasons.setdefault(table.id, str(error))
    reasons = _shared_targets(chains) | reasons
    return (
        tuple(chain for table, chain in chains.items() if table not in reasons),
        tuple(Refused(table.id, reasons[table.id]) for table in tables if table.id in reasons),
    )


def _names(table: TableId, config: Config, warehouse_database: str | None) -> Names:
    schema = slug(table.schema)
    target = config.targets.get(table.schema.lower()) or warehouse_database or schema
    if not is_database_name(target):
        raise ConfigError(
            f"{table}: {target} is no name for a StarRocks database; set targets: {{{table.schema}: ...}}"
        )
    return Names(schema, slug(table.name), config.lake_prefix + schema, target)


def _engine(table: Table, wanted: EngineName, spark_above_mb: int) -> tuple[EngineName, str]:
    if wanted != "auto":
        return wanted, ENGINE_SET
    big = table.bytes >= spark_above_mb << 20
    size = f"{table.bytes / (1 << 20):.1f} MiB estimated, Spark from {spark_above_mb} MiB"
    return ("spark" if big else "arrow"), size


def _shared_targets(chains: Mapping[TableId, Chain]) -> dict[TableId, str]:
    return shared(chains, lambda table: ".".join(chains[table].names.warehouse), _shared_target)


def _shared_target(target: str, tables: Sequence[TableId]) -> str:
    return (
        f"Tables {listed(tables)} would become one, {target} in StarRocks. Give their schemas different targets: in "
        "mssql_starrocks.yaml or defs.yaml, or leave all but one of them out (exclude:)."
    )
