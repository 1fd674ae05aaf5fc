"""The manifest on disk."""

import os
import tempfile
from pathlib import Path

from mssql_starrocks.config import Config
from mssql_starrocks.errors import ConfigError
from mssql_starrocks.model import Manifest


def manifest_path(config: Config, config_file: Path) -> Path:
    """Where the manifest lies: relative paths start at the configuration file."""
    return config_file.absolute().parent / config.manifest


def load_manifest(file: Path) -> Manifest | None:
    """Read the manifest; None when discovery has not run yet.

    Raises:
        ConfigError: the file is not a manifest of this version, or cannot be read.

    """
    try:
        return Manifest.from_json(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None


def needed_manifest(config: Config, config_file: Path, otherwise: str = "") -> Manifest:
    """The manifest, for what does not ask the source.

    Args:
        config: names the file.
        config_file: where that name starts.
        otherwise: what can be done beside discovery, for the message.

    Raises:
        ConfigError: discovery has not run yet, or as load_manifest.
    """
    file = manifest_path(config, config_file)
    manifest = load_manifest(file)
    if manifest is None:
        raise ConfigError(f"{file} is not there: run  mssql-starrocks discover{otherwise}")
    return manifest


def save_manifest(manifest: Manifest, file: Path) -> None:
    """Replace the file in one step: a reader sees the old manifest or the new one, never a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(manifest.to_json())
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
