"""One sandbox that holds every golden table, and the lakes they are copied to."""

from collections.abc import Iterator

import pytest

from mssql_starrocks_tests.golden.tables import TABLES
from mssql_starrocks_tests.platform import Platform


@pytest.fixture(scope="package")
def golden(certificate, spark_source) -> Iterator[Platform]:
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as box:
        for table in TABLES:
            for statement in table.statements():
                box.sqlserver.execute(statement)
        yield Platform(box, spark_source)
