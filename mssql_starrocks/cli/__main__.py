"""`mssql-starrocks`, and `python -m mssql_starrocks.cli`."""

import atexit
import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line."""
    atexit.register(_ignore)  # the first, so it is called last: from there on Python itself would die of them
    for number in _SIGNALS:
        signal.signal(number, _stopped)
    from mssql_starrocks.cli.commands import app

    app()


def _stopped(_: int, __: FrameType | None) -> None:
    """Before a command begins its work (shared.told) and after it: nothing has to be ended in order.

    An exception in the middle of an import could be lost, or become another one.
    """
    sys.stderr.write("stopped\n")
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


def _ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
