"""The command `mssql-starrocks`; `app` has all commands.

Exit codes: 0 done or certified, 1 failed, 2 wrong use, 130 interrupted.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mssql_starrocks.cli.commands import app

__all__ = ["app"]


def __getattr__(name: str) -> Any:
    """`app`, when it is asked for: __main__.py is ready for Ctrl-C before anything is imported."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mssql_starrocks.cli.commands import app

    return app
