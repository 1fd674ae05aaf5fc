"""`mssql-starrocks`, and `python -m mssql_starrocks.cli`."""

import atexit
import signal

from mssql_starrocks.cli.stopping import stopped

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line."""
    atexit.register(_ignore)  # the first, so it is called last: from there on Python itself would die of them
    for number in _SIGNALS:
        signal.signal(number, stopped)
    from mssql_starrocks.cli.commands import app

    app()


def _ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
