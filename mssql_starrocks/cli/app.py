"""What all commands share: the app, the screens, and how errors end a command."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mssql_starrocks.errors import MssqlStarrocksError

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
