"""Dagster's instance in DAGSTER_HOME: what its file, its disk or its database refuses, in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._check import CheckError
from dagster._core.instance.ref import InstanceRef
from sqlalchemy.exc import SQLAlchemyError

from mssql_starrocks.errors import ConfigError, HomeError
from mssql_starrocks.settings import redacted

_LONGEST = 300


@contextmanager
def opened(home: Path, overrides: Mapping[str, Any] | None = None) -> Iterator[dg.DagsterInstance]:
    """The instance; `overrides` win over what dagster.yaml says.

    Raises:
        ConfigError: it is no folder, or its dagster.yaml is wrong.
        HomeError: it cannot be read or written.
    """
    if not home.is_absolute() or not home.is_dir():
        raise ConfigError(f"DAGSTER_HOME: {home} must be the absolute path of a folder that exists")
    with _open(home, overrides or {}) as instance:
        yield instance


@contextmanager
def explained(home: Path | None) -> Iterator[None]:
    """Around whatever asks the storage of `home`; without one nothing is kept, and nothing is explained.

    Raises:
        HomeError: it did not answer, or its disk is full.
    """
    try:
        yield
    except SQLAlchemyError as error:
        if home is None:
            raise
        raise unusable(home, error) from None


def unusable(home: Path, error: Exception) -> HomeError:
    said = getattr(error, "orig", None) or error  # without the statement, which SQLAlchemy repeats
    return HomeError(
        f"DAGSTER_HOME {home}: Dagster's storage there cannot be used ({_one_line(said)}): make room, and give "
        "this user the right to write there, or set DAGSTER_HOME to another folder."
    )


def _open(home: Path, overrides: Mapping[str, Any]) -> dg.DagsterInstance:
    try:
        reference = InstanceRef.from_dir(str(home), overrides=overrides)
    except OSError as error:
        raise unusable(home, error) from None
    except Exception as error:  # YAML's own, Dagster's, and Python's for dates and nesting
        raise _wrong_file(home, error) from None
    try:
        return dg.DagsterInstance.from_ref(reference)
    except (dg.DagsterError, CheckError, ImportError) as error:  # what it names is not there
        raise _wrong_file(home, error) from None
    except Exception as error:  # whatever its storage raises
        raise unusable(home, error) from None


def _wrong_file(home: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{home}/dagster.yaml: {_one_line(error)}")


def _one_line(error: object) -> str:
    text = redacted(" ".join(str(error).split()) or type(error).__name__)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."  # Dagster tells the whole schema
