"""docs/configuration.md and docs/errors.md, made from the models and the error classes: `make docs`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mssql_starrocks import errors
from mssql_starrocks.config import AuditColumns, Config, TableOptions
from mssql_starrocks.settings import NAMES, RETIRED, LakeSettings, MssqlSettings, SparkSettings, StarRocksSettings
from mssql_starrocks.types.options import ColumnChoices, TypeChoices

_MADE = "<!-- made by `make docs` from mssql_starrocks/{}; a test fails when it is stale -->\n"
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
_ABOUT_ERRORS = """
Each message names the table and what to do; exit code 1, or a failed step in Dagster. Nothing wrong is ever published,
whatever fails. What may pass is tried again `retries` times, with a pause that doubles.
"""
_SECTIONS: dict[str, type[BaseModel]] = {
    "mssql": MssqlSettings,
    "lake": LakeSettings,
    "starrocks": StarRocksSettings,
    "spark": SparkSettings,
}
_TITLES = {"mssql": "SQL Server", "lake": "Lake", "starrocks": "StarRocks", "spark": "Spark"}


def configuration_page() -> str:
    """Every setting: what a user decides (YAML), then the connections (environment)."""
    parts = ["# Configuration\n" + _MADE.format("config.py and settings.py")]
    parts.append(
        "What is copied and how is in `mssql_starrocks.yaml` (or `attributes:` of the component's `defs.yaml`); "
        "connections and secrets are in the environment or `.env`.\n"
    )
    shown: set[str] = set()
    for title, (model, remark) in _MODELS.items():
        rows = [row for name, row in _options(model) if model is not ColumnChoices or name not in shown]
        shown |= set(model.model_fields) if model is TypeChoices else set()
        parts.append(_table(f"## {title}\n{remark}", ("option", "values", "default", "what it decides"), rows))
    for section, model in _SECTIONS.items():
        rows = list(_variables(section, model))
        parts.append(
            _table(f"## {_TITLES[section]}: environment", ("variable", "values", "default", "what it is"), rows)
        )
    retired = [(f"`{name}`", instead) for name, instead in sorted(RETIRED.items())]
    parts.append(_table("## Names of the original that are no longer used", ("name", "instead"), retired))
    return "\n".join(parts)


def errors_page() -> str:
    """Every error class: what happened, why, what to do, and whether it is tried again."""
    rows = []
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, errors.MssqlStarrocksError) and kind.__base__ is not Exception:
            what, why, do = _told(kind)
            rows.append((f"`{name}`", what, why, do, "yes" if kind.transient else ""))
    heads = ("error", "what happened", "why", "what to do", "tried again")
    return "# Errors\n" + _MADE.format("errors.py") + _ABOUT_ERRORS + "\n" + _table("", heads, rows)


def _told(kind: type[errors.MssqlStarrocksError]) -> tuple[str, str, str]:
    what, _, rest = inspect.getdoc(kind).partition("\n\nWhy: ")  # type: ignore[union-attr]
    why, _, do = rest.partition("\nDo: ")
    return what, why, do


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


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [title.rstrip(), "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines).lstrip("\n") + "\n"


def main(folder: str) -> None:
    """Write both pages into a folder."""
    Path(folder, "configuration.md").write_text(configuration_page())
    Path(folder, "errors.md").write_text(errors_page())


if __name__ == "__main__":
    main(sys.argv[1])
