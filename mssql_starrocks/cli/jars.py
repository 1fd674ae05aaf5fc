"""`jars`: fetch and verify Spark's jars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mssql_starrocks.cli.app import app, screen, told
from mssql_starrocks.settings import Settings, SparkSettings


@app.command()
def jars(
    folder: Annotated[Path | None, typer.Option(help="where they go; SPARK_JARS_FOLDER otherwise")] = None,
) -> None:
    """Fetch Spark's jars by Maven, verify each against jars/jars.lock, and make the archive that Spark starts from.

    Example: mssql-starrocks jars
    """
    from mssql_starrocks.engines import jars as store
    from mssql_starrocks.engines.archive import make_archive
    from mssql_starrocks.engines.java import find_java

    with told():
        where = store.jars_folder(SparkSettings(jars=str(folder)) if folder else Settings.spark_from_environment())
        files = store.fetch(where, lambda line: screen.print(line, markup=False))
        screen.print(f"{len(files)} jars in {where}, verified", markup=False)
        archive = make_archive(find_java(), files, where)
        if archive is not None:
            screen.print(f"Spark starts from {archive.name} ({archive.stat().st_size >> 20} MiB)", markup=False)
