"""The arrow engine when the source, the network, the disk or the user let it down: an error, never a short table."""

import random
import re
import resource

import pytest

from mssql_starrocks.errors import SourceError, SourceUnreachableError
from mssql_starrocks.model import Grade
from mssql_starrocks_tests.engines.faulty import QUERY, ROWS, child
from mssql_starrocks_tests.platform import failed

OFFSETS = sorted(random.Random(5).sample(range(1, 400_000), 10))


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("fault", ["cut", "kill"])
def test_a_stream_that_ends_too_early_is_an_error_wherever_it_ends(made, fault, offset):
    chain = made.chain()
    getattr(made.box.sqlserver.faults, fault)(QUERY, offset)
    with pytest.raises(SourceError) as raised:
        made.snapshot(chain)
    assert raised.value.transient, raised.value
    made.check_converges(chain)


def test_at_grade_d_a_deadlock_victims_chunk_is_read_again(made):
    chain = made.chain(maximum_grade="D", partitioning=6)
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500, times=2)
    report = made.snapshot(chain)
    assert report.evidence.grade is Grade.D
    assert sorted(made.ids(chain, report)) == list(range(ROWS))
    assert not failed(made.prove_snapshot(chain))


def test_at_grade_d_a_chunk_that_is_always_the_victim_is_given_up(made):
    chain = made.chain(maximum_grade="D")
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500, times=10)
    with pytest.raises(SourceError, match="deadlock victim"):
        made.snapshot(chain)
    made.check_converges(chain)


def test_at_grade_b_a_deadlock_ends_the_point(made):
    chain = made.chain(partitioning=6)
    made.box.sqlserver.faults.deadlock(QUERY, after_rows=500)
    with pytest.raises(SourceError, match="deadlock victim") as raised:
        made.snapshot(chain)
    assert raised.value.transient
    made.check_converges(chain)


@pytest.mark.parametrize("offset", [0, 5_000, 200_000])
def test_a_source_that_falls_silent_is_given_up(made, offset):
    made.impatient()
    chain = made.chain()
    made.box.sqlserver.faults.stall(QUERY, offset)
    with pytest.raises(SourceUnreachableError, match="sent nothing for 1 s .MSSQL_STALL_TIMEOUT"):
        made.snapshot(chain)
    made.check_converges(chain)


@pytest.mark.parametrize("after", [0, 700, ROWS])
def test_a_failed_done_without_an_error_is_an_error(made, after):
    """Microsoft's ODBC driver says it, the Rust one waits for more."""
    made.impatient()
    chain = made.chain()
    made.box.sqlserver.faults.silence(QUERY, after)
    with pytest.raises(SourceError, match="DONE token without preceding ERROR|sent nothing for 1 s"):
        made.snapshot(chain)
    made.check_converges(chain)


def test_a_full_disk_is_a_clear_error_and_nothing_is_published(made):
    made.chain()
    with child(made, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))) as process:
        said = process.communicate(timeout=60)[0]
    assert re.match(r"LakeError table dbo\.t: OSError: .*(File too large|No space)", said), said
    made.check_converges(made.chain())
