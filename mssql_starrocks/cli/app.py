"""What all commands share: the app, the screens, and how errors end a command."""

from __future__ import annotations

import json
import signal
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from mssql_starrocks.errors import ConfigError, MssqlStarrocksError, SelectionError
from mssql_starrocks.printable import one_line, printable

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False,
                  help="A certified copy of SQL Server databases in StarRocks, through Apache Iceberg.")  # fmt: skip
ConfigOption = Annotated[Path, typer.Option("--config", envvar="MSSQL_STARROCKS_CONFIG", help="configuration file")]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON document on stdout, all else on stderr")]


class Screen(Console):
    """A console on which nobody's text steers the terminal."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(printable(one) if isinstance(one, str) else one for one in objects), **options)


screen, errors = Screen(), Screen(stderr=True)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mssql-starrocks {version('mssql_starrocks')}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="show it and end")
    ] = False,
) -> None:
    """A certified copy of SQL Server databases in StarRocks, through Apache Iceberg."""


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """A user's mistake is one message and exit code 1 or 2, never a traceback. Ctrl-C and SIGTERM end everything."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job is born with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    warnings.showwarning = lambda message, *_: errors.print(f"warning: {message}", markup=False)  # type: ignore[assignment]
    try:
        yield
    except MssqlStarrocksError as error:
        if as_json:
            tell_json({"version": 1, "certified": False, "error": str(error)})
        errors.print(f"error: {error}", markup=False, style="red", soft_wrap=True)
        wrong_use = isinstance(error, ConfigError | SelectionError)
        raise typer.Exit(WRONG_USE if wrong_use else FAILED) from None
    except KeyboardInterrupt:
        errors.print("stopped")
        raise typer.Exit(INTERRUPTED) from None


def tell_json(document: object) -> None:
    """The one document of `--json`."""
    typer.echo(json.dumps(document, indent=1, ensure_ascii=False))


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Names and ids are whole, however narrow the terminal is: people copy them."""
    shown = RichTable(*heads, box=None)
    for row in rows:
        shown.add_row(*(escape(one_line(cell)) for cell in row))
    whole = screen.measure(shown, options=screen.options.update(max_width=10_000)).maximum
    Console(width=whole).print(shown)
