"""The end by Ctrl-C or SIGTERM where no command is at work; imports nothing, because it is there before everything."""

import os
import sys
from types import FrameType

INTERRUPTED = 130


def stopped(_: int, __: FrameType | None) -> None:
    """Before a command begins its work (shared.told) and after it: nothing has to be ended in order.

    An exception in the middle of an import could be lost, or become another one.
    """
    sys.stderr.write("stopped\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
