"""The options by which every command chooses tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mssql_starrocks.cli import completing
from mssql_starrocks.cli.shared import errors
from mssql_starrocks.config import Config
from mssql_starrocks.model import Manifest
from mssql_starrocks.selection import Selection, read_table_list

Tables = Annotated[
    list[str] | None,
    typer.Argument(help="sales.orders, [sales].[orders], or patterns with *", autocompletion=completing.tables),
]
Schemas = Annotated[
    list[str] | None,
    typer.Option("--schema", help="every table of a schema; may be repeated", autocompletion=completing.schemas),
]
Everything = Annotated[bool, typer.Option("--all", help="every table that the configuration selects")]
Include = Annotated[
    list[str] | None,
    typer.Option(help="of those, only tables that match; may be repeated", autocompletion=completing.tables),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="tables or patterns to leave out; may be repeated", autocompletion=completing.tables),
]
Target = Annotated[str | None, typer.Option(metavar="DATABASE", help="StarRocks database of these tables, for once")]
Engine = Annotated[
    str | None,
    typer.Option(metavar="arrow|spark|auto", help="over the configuration's", autocompletion=completing.engines),
]
TableList = Annotated[Path | None, typer.Option(help="file with a table in each line; # begins a comment")]


def tell_unmatched(config: Config, file: Path, manifest: Manifest) -> None:
    """Warn of what the configuration says of tables that are not there: a name may be misspelt."""
    for pattern in config.unmatched([table.id for table in manifest.tables]):
        errors.print(f"warning: {file}: {pattern} matches no table of {manifest.database}", markup=False)


def chosen(
    tables: list[str] | None,
    schemas: list[str] | None,
    everything: bool,
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    table_list: Path | None = None,
    resume_from: str | None = None,
    skip_until: str | None = None,
) -> Selection:
    """What the options mean.

    Raises:
        SelectionError: the list cannot be read.
    """
    listed = read_table_list(table_list) if table_list else ()
    return Selection(
        tables=(*(tables or ()), *listed),
        schemas=tuple(schemas or ()),
        everything=everything,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        resume_from=resume_from,
        skip_until=skip_until,
    )
