"""Versions, and the configuration without secrets."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel, SecretStr

from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.settings import NAMES, LakeSettings, StarRocksSettings, redacted

_PACKAGES = {
    "mssql_starrocks": "mssql_starrocks",
    "PyIceberg": "pyiceberg",
    "PyArrow": "pyarrow",
    "DuckDB": "duckdb",
    "Dagster": "dagster",
    "Spark": "pyspark",
}
_HIDDEN = "set, not shown"


def versions(manifest: Manifest, starrocks: str) -> Mapping[str, str]:
    """Of both servers, and of what is installed where the report is made."""
    found = {name: _installed(package) for name, package in _PACKAGES.items()}
    servers = {"SQL Server (at discovery)": manifest.server_version, "StarRocks": starrocks}
    return {**servers, **found, "Python": platform.python_version(), "system": platform.platform()}


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def configuration(config: Config, lake: LakeSettings, starrocks: StarRocksSettings) -> Mapping[str, str]:
    """What differs from the defaults: settings by their names in `.env`, then the keys of `mssql_starrocks.yaml`."""
    shown = dict(shown_settings({"lake": lake, "starrocks": starrocks}))
    chosen = config.model_dump(mode="json", exclude_defaults=True)
    shown |= {key: value if isinstance(value, str) else json.dumps(value) for key, value in chosen.items()}
    return {key: redacted(value) for key, value in shown.items()}


def shown_settings(sections: Mapping[str, BaseModel]) -> Iterator[tuple[str, str]]:
    """What is set and differs from the default, by its name in `.env`; of a secret only that it is set."""
    for name, (section, field) in NAMES.items():
        model = sections.get(section)
        value = getattr(model, field) if model else None
        if model is None or value in (None, "", ()):
            continue
        about = type(model).model_fields[field]
        secret = isinstance(value, SecretStr) or not about.repr or field == "access_key_id"
        if secret:
            yield name, _HIDDEN
        elif value != about.default:
            yield name, str(value)
