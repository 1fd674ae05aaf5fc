"""The command `mssql-starrocks`. Exit codes: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from mssql_starrocks.chain import Chain, Refused, plan_chains
from mssql_starrocks.config import DEFAULT_FILE, Config
from mssql_starrocks.errors import MssqlStarrocksError, SelectionError
from mssql_starrocks.settings import Settings, SparkSettings

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False,
                  help="A certified copy of SQL Server databases in StarRocks, through Apache Iceberg.")  # fmt: skip
ConfigOption = Annotated[Path, typer.Option("--config", envvar="MSSQL_STARROCKS_CONFIG", help="configuration file")]
screen, errors = Console(), Console(stderr=True)


@contextmanager
def told() -> Iterator[None]:
    """A user's mistake is one message and exit code 1, never a traceback. Ctrl-C and SIGTERM end everything."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job is born with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    warnings.showwarning = lambda message, *_: errors.print(f"warning: {message}", markup=False)  # type: ignore[assignment]
    try:
        yield
    except MssqlStarrocksError as error:
        errors.print(f"error: {error}", markup=False, style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print("stopped")
        raise typer.Exit(130) from None


@app.command()
def discover(config: ConfigOption = Path(DEFAULT_FILE)) -> None:
    """Read the source's catalog and write the manifest.

    Example: mssql-starrocks discover
    """
    from mssql_starrocks.manifest_file import manifest_path, save_manifest
    from mssql_starrocks.source.discover import discover as read_catalog

    with told():
        options = Config.load(config)
        settings = Settings.load()
        manifest = read_catalog(settings.mssql)
        chains, refused = plan_chains(manifest, options, settings.starrocks.database)
        if not chains and not refused:
            raise SelectionError(f"{manifest.database}: include and exclude in {config} leave none of "
                                 f"{len(manifest.tables)} tables.")  # fmt: skip
        for pattern in options.unmatched([t.id for t in manifest.tables]):
            errors.print(f"warning: {config}: {pattern} matches no table of {manifest.database}", markup=False)
        file = manifest_path(options, config)
        save_manifest(manifest, file)
        _show_discovered(chains, refused)
        screen.print(f"{file}: {len(manifest.tables)} tables of {manifest.database}, {len(chains)} to copy, "
                     f"{len(refused)} refused. Next: dagster dev", markup=False, soft_wrap=True)  # fmt: skip


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


@app.command()
def sandbox(sample: Annotated[bool, typer.Option(help="fill the sample database")] = True) -> None:
    """Run SQL Server, StarRocks, Glue and S3 stand-ins on loopback until Ctrl-C, and print the settings to use.

    Example: mssql-starrocks sandbox > .env
    """
    from mssql_starrocks.sandbox.stack import run_in_foreground

    with told():
        run_in_foreground(sample=sample)


@app.command()
def demo(
    tables: Annotated[list[str] | None, typer.Argument(help="tables or patterns; all without")] = None,
) -> None:
    """Start the sandbox, copy its sample database through Dagster and show the proof.

    Example: mssql-starrocks demo
    """
    from mssql_starrocks.demo import run_demo

    with told():
        raise typer.Exit(0 if run_demo(tuple(tables or ()), screen) else 1)


@app.command()
def ui(port: Annotated[int, typer.Option(help="of the webserver")] = 3000) -> None:
    """Start the sandbox and Dagster's UI on loopback, the sample tables discovered.

    Example: mssql-starrocks ui --port 3000
    """
    from mssql_starrocks.demo import run_ui

    with told():
        raise typer.Exit(run_ui(port, screen))


def _show_discovered(chains: Sequence[Chain], refused: Sequence[Refused]) -> None:
    shown = RichTable("table", "rows (estimate)", "engine", "target", "", box=None)
    for chain in chains:
        shown.add_row(
            escape(str(chain.table.id)),
            f"{chain.table.rows:,}",
            chain.engine,
            ".".join(chain.names.warehouse),
            escape("; ".join(chain.key_notes)),
        )
    for table in refused:
        shown.add_row(escape(str(table.table)), "", "refused", "", escape(table.reason))
    screen.print(shown)


if __name__ == "__main__":
    app()
