"""Put page and JSON where they are wanted: in a folder, or in an object store with the lake's credentials."""

from __future__ import annotations

from pathlib import Path

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.lake.catalog import pyiceberg_properties
from mssql_starrocks.lake.errors import explained
from mssql_starrocks.report.document import to_json
from mssql_starrocks.report.html import render
from mssql_starrocks.report.model import Report
from mssql_starrocks.settings import LakeSettings

_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json"}


def write(report: Report, page: str, evidence: str | None, lake: LakeSettings) -> list[tuple[str, str, int]]:
    """Write the page and the evidence file (beside the page if nothing else is said); returns what, where, how big.

    Raises:
        ConfigError: a file cannot be written.
        LakeError: the store refused.
    """
    beside = f"{page.removesuffix('.html')}.json"
    files = (("page", page, render(report)), ("evidence", evidence or beside, to_json(report)))
    return [(what, location, _save(text, location, lake)) for what, location, text in files]


def _save(text: str, location: str, lake: LakeSettings) -> int:
    content = text.encode()
    if "://" in location:
        with explained(lake):
            _put(content, location, lake)
        return len(content)
    try:
        Path(location).parent.mkdir(parents=True, exist_ok=True)
        Path(location).write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{location} cannot be written: {error.strerror}") from None
    return len(content)


def _put(content: bytes, location: str, lake: LakeSettings) -> None:
    from mssql_starrocks.lake.store import LakeFileIO

    store = LakeFileIO(pyiceberg_properties(lake))
    scheme, host, path = store.parse_location(location)
    metadata = {"Content-Type": _TYPES.get(Path(location).suffix, "application/octet-stream")}
    with store.fs_by_scheme(scheme, host).open_output_stream(path, metadata=metadata) as stream:
        stream.write(content)
