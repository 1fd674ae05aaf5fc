"""A harness that passes a broken build is broken itself."""

import re

import pytest

from mssql_starrocks_tests.faults.catalogue import AGAIN, KEYLESS, STREAMED, Fault
from mssql_starrocks_tests.faults.harness import Case

_LOST_INSERT = Fault("insert", "before", ("sql", "lose", "WITH LABEL"))
_LOST_COMMIT = Fault("commit_load", "before", ("http", "lose", "/api/transaction/commit"))


@pytest.mark.parametrize(
    ("defect", "fault", "table", "complaint"),
    [
        ("publish before the checks", Fault("load", "before", ("kill",)), AGAIN, r"main showed 3\d\d rows"),
        ("ledger before the load", Fault("prove_shadow", "before", ("kill",)), AGAIN, "the ledger promises load"),
        ("retry without asking", _LOST_INSERT, KEYLESS, "loaded more than once"),
        pytest.param("retry without asking", _LOST_COMMIT, STREAMED, "loaded more than once", marks=pytest.mark.long),
        pytest.param("leave a process", _LOST_COMMIT, STREAMED, "a process was left behind", marks=pytest.mark.long),
    ],
)
def test_a_broken_build_is_found(disturbed, defect, fault, table, complaint):
    verdict = disturbed.run(Case(fault, table, defect=defect))
    assert verdict.fired
    assert [text for text in verdict.wrong if re.search(complaint, text)], verdict
