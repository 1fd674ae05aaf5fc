"""Servers that several rooms' tests share; each is started once a session, and only when a test asks for it."""

import signal
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import botocore.loaders
import pytest
from xdist.scheduler import LoadFileScheduling

from mssql_starrocks.settings import LakeSettings
from mssql_starrocks_tests.platform import glue_settings
from mssql_starrocks_tests.spark_session import glue_lake, spark, spark_settings, spark_source

__all__ = ["glue_lake", "spark", "spark_settings", "spark_source"]  # fixtures

# Each sandbox has a Glue client of its own, and each client would parse AWS's service models (0.1 s) again.
botocore.loaders.create_loader = lru_cache(botocore.loaders.create_loader)


# Files that need Spark run on one worker, which starts one JVM for them; one that is missing here starts another.
WITH_SPARK = tuple(
    f"mssql_starrocks_tests/{name}"
    for name in (
        "golden/",
        "engines/test_archive",
        "engines/test_contract",
        "engines/test_progress",
        "engines/test_resume",
        "engines/test_session",
        "engines/test_spark",
        "recovery/test_spark",
        "sandbox/sqlserver/test_spark",
        "warehouse/test_loaders",
    )
)


class OneSpark(LoadFileScheduling):
    """A file's tests stay together, and so do all that need Spark."""

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if nodeid.startswith(WITH_SPARK) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneSpark | None:
    return OneSpark(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """A shell's background job is born with SIGINT ignored, and would hand that on to the processes of the tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def aws() -> Iterator[object]:
    from mssql_starrocks.sandbox.aws import Aws

    server = Aws()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def rest_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from mssql_starrocks_tests.rest.server import rest_catalog

    with rest_catalog(tmp_path_factory.mktemp("rest")) as uri:
        yield uri


@pytest.fixture(params=["glue", "sql", "rest"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> LakeSettings:
    """The lake of every catalog kind. Tests share one Glue and one REST catalog: use table names of your own."""
    return lake_of(request, tmp_path)


def lake_of(request: pytest.FixtureRequest, tmp_path: Path) -> LakeSettings:
    """The lake of the catalog kind that the request's parameter names."""
    if request.param == "glue":
        return glue_settings(request.getfixturevalue("aws"))
    if request.param == "rest":
        uri = request.getfixturevalue("rest_uri")
        return LakeSettings(catalog="rest", uri=uri, warehouse_path=str(tmp_path / "warehouse"))
    return LakeSettings(
        catalog="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse_path=str(tmp_path / "warehouse")
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One for all sandboxes: mssql-python reads its trust store once a process."""
    from mssql_starrocks.sandbox.certificate import make_certificate

    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def box(certificate) -> Iterator[object]:
    """The whole sandbox with the sample database, its big table made small. Tests must not change its tables."""
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(events=2_000, certificate=certificate) as sandbox:
        yield sandbox


@pytest.fixture
def own_box(certificate) -> Iterator[object]:
    """A sandbox without tables, for tests that change the source."""
    from mssql_starrocks.sandbox.stack import Sandbox

    with Sandbox(sample=False, certificate=certificate) as sandbox:
        yield sandbox
