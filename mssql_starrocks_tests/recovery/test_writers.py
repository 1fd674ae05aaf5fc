"""Others write to main while a load of ours is copied, certified and published: no commit of anybody is lost."""

from mssql_starrocks_tests.recovery.scenario import play
from mssql_starrocks_tests.recovery.writers import Writers


def test_no_commit_of_a_pyiceberg_writer_is_lost(shared):
    play(shared, Writers)
