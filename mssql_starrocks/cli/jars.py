"""`jars`: fetch and verify Spark's jars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mssql_starrocks.cli.shared import JsonOption, app, errors, screen, tell_json, told
from mssql_starrocks.settings import Settings, SparkSettings


@app.command()
def jars(
    folder: Annotated[Path | None, typer.Option(help="where they go; SPARK_JARS_FOLDER otherwise")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch Spark's jars by Maven, verify each against jars/jars.lock, and make the archive that Spark starts from.

    Example: mssql-starrocks jars
    """
    from mssql_starrocks.engines import jars as store
    from mssql_starrocks.engines.archive import make_archive
    from mssql_starrocks.engines.java import find_java

    said = errors if as_json else screen
    with told(as_json=as_json):
        where = store.jars_folder(SparkSettings(jars=str(folder)) if folder else Settings.spark_from_environment())
        files = store.fetch(where, lambda line: said.print(line, markup=False))
        said.print(f"{len(files)} jars in {where}, verified", markup=False)
        archive = make_archive(find_java(), files, where)
        if archive is not None:
            said.print(f"Spark starts from {archive.name} ({archive.stat().st_size >> 20} MiB)", markup=False)
        if as_json:
            kept = str(archive) if archive else None
            tell_json({"version": 1, "folder": str(where), "jars": [file.name for file in files], "archive": kept})
