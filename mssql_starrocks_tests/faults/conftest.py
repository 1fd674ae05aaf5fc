from collections.abc import Iterator

import pytest

from mssql_starrocks_tests.faults.harness import Harness, harness


@pytest.fixture(scope="package")
def disturbed(certificate) -> Iterator[Harness]:
    """One world for all faults of the suite."""
    with harness(certificate) as found:
        yield found
