"""Long values: inside them mssql-python's Rust driver holds the interpreter's lock. Each copy has its own process."""

import os
import re
import select
import signal
from pathlib import Path

import pytest

from mssql_starrocks_tests.engines.faulty import LONG_ROWS, PAUSE, QUERY, ROWS, await_fault, child, lengthy, readers


def test_a_source_that_falls_silent_inside_a_long_value_is_given_up(made, long_values):
    made.impatient()
    made.box.sqlserver.faults.stall(long_values, 300_000)
    with child(made, "dbo.l") as process:
        said = process.communicate(timeout=60)[0]
    assert re.match("SourceUnreachableError .*sent nothing for 1 s .MSSQL_STALL_TIMEOUT", said), said
    made.check_converges(made.chain("dbo.l"), LONG_ROWS)


def test_a_failed_done_among_long_values_is_an_error(made, long_values):
    made.impatient()
    made.box.sqlserver.faults.silence(long_values, 20)
    with child(made, "dbo.l") as process:
        said = process.communicate(timeout=60)[0]
    assert re.match(
        "SourceError .*DONE token without preceding ERROR|SourceUnreachableError .*sent nothing for 1 s", said
    ), said


@pytest.mark.parametrize("table", ["dbo.t", "dbo.l"])
def test_ctrl_c_ends_the_query_and_leaves_no_branch(made, long_values, table):
    query, offset, rows = {"dbo.t": (QUERY, 5_000, ROWS), "dbo.l": (long_values, 300_000, LONG_ROWS)}[table]
    faults = made.box.sqlserver.faults
    before = faults.struck()
    faults.stall(query, offset)
    with child(made, table) as process:
        await_fault(made, process, before)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said = process.communicate(timeout=30)[0]
    assert said.startswith("KeyboardInterrupt"), said
    while readers(made.box):  # the server needs a moment to see that the connections are gone
        PAUSE.wait(0.05)
    made.check_converges(made.chain(table), rows)


def test_the_guard_ends_with_a_process_that_is_killed(made, long_values):
    faults = made.box.sqlserver.faults
    before = faults.struck()
    faults.stall(long_values, 300_000)
    with child(made, "dbo.l") as process:
        await_fault(made, process, before)
        (guard,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert "guard.py" in Path(f"/proc/{guard}/cmdline").read_text()
        ended = os.pidfd_open(int(guard))
        process.kill()
        assert select.select([ended], [], [], 30)[0]
        os.close(ended)
    while readers(made.box):
        PAUSE.wait(0.05)


@pytest.mark.long
def test_memory_is_bounded_for_long_values(made):
    """60 values of 2 MB each on the wire, about as long as StarRocks can take them."""
    lengthy(made.box, "huge", 100_000, rows=60)
    with child(made, "dbo.huge") as process:
        said = process.communicate(timeout=120)[0].split()
    assert said[0] == "copied", said
    assert int(said[1]) < 270_000, "kB"
