"""What all commands share: the app, the screens, and how errors end a command."""

from __future__ import annotations

import json
import signal
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import click
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable
from typer.core import TyperGroup

from mssql_starrocks.cli.stopping import INTERRUPTED, stopped
from mssql_starrocks.errors import ConfigError, MssqlStarrocksError, SelectionError
from mssql_starrocks.printable import one_line, printable

FAILED, WRONG_USE = 1, 2


class Commands(TyperGroup):
    """With --json a wrong use that Typer finds is a document, too, in the place of its box."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _usage_told(args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with _usage_told(ctx.args):  # of the command, without its name
            return super().invoke(ctx)


@contextmanager
def _usage_told(arguments: Sequence[str]) -> Iterator[None]:
    as_json = "--json" in arguments
    try:
        yield
    except click.UsageError as error:
        if not as_json:
            raise
        _tell_error(ConfigError(error.format_message()), as_json=True)


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False,
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
    warnings.showwarning = lambda message, *_: errors.print(f"warning: {message}", markup=False)  # type: ignore[assignment]
    try:
        with _interruptible():
            try:
                yield
            except MssqlStarrocksError as error:
                _tell_error(error, as_json=as_json)
    except KeyboardInterrupt:
        errors.print("stopped")
        raise typer.Exit(INTERRUPTED) from None


def _tell_error(error: MssqlStarrocksError, *, as_json: bool) -> NoReturn:
    if as_json:
        tell_json({"version": 1, "certified": False, "error": str(error)})
    errors.print(f"error: {error}", markup=False, style="red", soft_wrap=True)
    wrong_use = isinstance(error, ConfigError | SelectionError)
    raise typer.Exit(WRONG_USE if wrong_use else FAILED) from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGINT and SIGTERM raise KeyboardInterrupt. A shell's background job is born with SIGINT ignored."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _importing(frame):  # where an exception may be lost, or become another one; nothing has begun
        stopped(number, frame)
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def tell_json(document: object) -> None:
    """The one document of `--json`."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    typer.echo(text.encode(errors="backslashreplace"))  # an argument need not be Unicode; JSON's escapes are the same


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Names and ids are whole, however narrow the terminal is: people copy them."""
    shown = RichTable(*heads, box=None)
    for row in rows:
        shown.add_row(*(escape(one_line(cell)) for cell in row))
    whole = screen.measure(shown, options=screen.options.update(max_width=10_000)).maximum
    Console(width=whole).print(shown)
