"""docs/configuration.md, made from the models of configuration and settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mssql_starrocks.config import AuditColumns, Config, TableOptions
from mssql_starrocks.reference.markdown import MADE, table
from mssql_starrocks.settings import NAMES, RETIRED, LakeSettings, MssqlSettings, SparkSettings, StarRocksSettings
from mssql_starrocks.types.options import ColumnChoices, TypeChoices

_MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "The run": (Config, ""),
    "`tables:` options of a table, or of all that match a pattern": (TableOptions, ""),
    "`types:` of the run or a table, also in `columns:` of a table": (
        TypeChoices,
        "docs/types.md says what each does.",
    ),
    "`columns:` of a table, beyond the choices of `types:`": (ColumnChoices, ""),
    "`audit_columns:`": (AuditColumns, ""),
}
_KINDS = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "SecretStr": "secret"}
_SECTIONS: dict[str, type[BaseModel]] = {
    "mssql": MssqlSettings,
    "lake": LakeSettings,
    "starrocks": StarRocksSettings,
    "spark": SparkSettings,
}
_TITLES = {"mssql": "SQL Server", "lake": "Lake", "starrocks": "StarRocks", "spark": "Spark"}
EXAMPLE = """\
include: ["sales.*", "hr.*"]        # patterns of schema.table
exclude: ["*.tmp_*"]
targets: {sales: analytics}         # StarRocks database per schema; else STARROCKS_DATABASE, else the schema's name
engine: auto                        # auto | arrow | spark
spark_above_mb: 1024                # auto takes Spark from this estimated size on
chunk_mb: 128                       # of one extraction chunk
retries: 3                          # of a stage, after an error that may pass (lost connection, deadlock, throttling)
partitioning: auto                  # auto | original (by rows) | a number of chunks; also per table
loader: catalog_insert              # catalog_insert | stream_load | spark_jdbc (docs/loading.md)
minimum_grade: B                    # refuse tables that cannot be read so exactly (A, B, D, E); maximum_grade: caps
keep_failed_days: 7                 # and keep_loads: 5: what the job `clean` leaves (docs/operations.md)
proof: auto                         # auto | counts | columns | rows: how much is compared (docs/proof.md)
types: {time_as: text}              # choices per type, for the run, a table or a column (docs/types.md)
on_swap: stop                       # stop | regrant: when a StarRocks table must be replaced (docs/schema_changes.md)
audit_columns: {migrated_at: migrated_at, source_schema: source_schema, load_id: load_id}   # null switches one off
report: reports/                    # folder or s3://bucket/prefix: a report of each schema after its copy (docs/report.md)
webserver: 127.0.0.1:3000           # lets the new-table sensor reload the code location; alerts link to it
schedule: "0 2 * * *"               # every table anew at two, one run per table (docs/operations.md)
time_zone: Europe/Berlin            # of the schedule; else UTC
tables:
  sales.orders: {engine: spark, owners: ["team:sales"]}
  hr.*: {exclude_columns: [ssn]}    # a pattern may name columns that some tables lack
  ops.metrics: {key: none}          # a StarRocks table without primary key; or a key or unique index by name
  sales.prices: {accept_schema_change: [83cf69f8a133]}   # what the schema check said to set (docs/schema_changes.md)
  ops.notes:
    types: {long_values: null_with_hash}      # texts above 1 MiB, which StarRocks cannot hold
    columns: {code: {target: VARCHAR(20)}}    # a StarRocks type set by hand
"""


def configuration_page() -> str:
    """Every setting: what a user decides (YAML), then the connections (environment)."""
    parts = ["# Configuration\n" + MADE.format("config.py and settings.py")]
    parts.append(
        "What is copied and how is in `mssql_starrocks.yaml` (or `attributes:` of the component's `defs.yaml`); "
        "connections and secrets are in the environment or `.env` (`.env.example`). Everything is optional but the "
        "connections; an unknown name is refused with the closest valid one.\n\n"
        "What matches no table is told as a warning, because tables come and go. Only where `exclude_columns` is concerned "
        "it is more: a table that an entry misses by a typing error, in its own name or in that of the column, is refused, "
        "so that nothing is copied that somebody wanted left out.\n"
    )
    parts.append(f"```yaml\n{EXAMPLE}```\n")
    shown: set[str] = set()
    for title, (model, remark) in _MODELS.items():
        rows = [row for name, row in _options(model) if model is not ColumnChoices or name not in shown]
        shown |= set(model.model_fields) if model is TypeChoices else set()
        parts.append(table(f"## {title}\n{remark}", ("option", "values", "default", "what it decides"), rows))
    for section, model in _SECTIONS.items():
        rows = list(_variables(section, model))
        parts.append(
            table(f"## {_TITLES[section]}: environment", ("variable", "values", "default", "what it is"), rows)
        )
    retired = [(f"`{name}`", instead) for name, instead in sorted(RETIRED.items())]
    parts.append(table("## Names of the original that are no longer used", ("name", "instead"), retired))
    return "\n".join(parts)


def _options(model: type[BaseModel]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    for name, field in model.model_fields.items():
        yield name, (f"`{name}`", _values(field.annotation), _default(field), field.description or "")


def _variables(section: str, model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    for variable, (owner, name) in NAMES.items():
        if owner == section:
            field = model.model_fields[name]
            yield f"`{variable}`", _values(field.annotation), _default(field), field.description or ""


def _values(kind: Any) -> str:
    origin, parts = get_origin(kind), [part for part in get_args(kind) if part is not type(None)]
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin in (tuple, dict):
        return ("list of " if origin is tuple else "map of name to ") + _values(parts[-2 if origin is tuple else -1])
    if parts:  # a union, or Annotated, whose other parts say nothing to a reader
        return " or ".join(dict.fromkeys(_values(part) for part in (parts[:1] if origin is Annotated else parts)))
    return _KINDS.get(getattr(kind, "__name__", ""), "as below")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value in (None, "", (), {}, PydanticUndefined) or isinstance(value, BaseModel | SecretStr):
        return ""
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{shown.lower() if isinstance(value, bool) else shown}`"
