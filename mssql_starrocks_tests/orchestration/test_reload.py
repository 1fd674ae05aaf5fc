"""Reloading through a real webserver, which loads our real code location."""

import pytest
from dagster_graphql import DagsterGraphQLClient

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.manifest_file import save_manifest
from mssql_starrocks.orchestration.reload import ReloadError, reload_location
from mssql_starrocks_tests.orchestration.conftest import make_manifest
from mssql_starrocks_tests.tables import things
from mssql_starrocks_tests.webserver import REPOSITORY, free_port, proxy, webserver

ASSETS = "{ assetNodes { assetKey { path } } }"


@pytest.fixture
def served(project):
    (project / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    with webserver(project, {}) as found:
        yield found


def loaded_tables(address):
    host, port = address.split(":")
    nodes = DagsterGraphQLClient(host, int(port))._execute(ASSETS)["assetNodes"]
    return {tuple(node["assetKey"]["path"][1:]) for node in nodes}


def test_a_reload_brings_what_the_manifest_gained(served, project):
    assert ("sales", "invoices") not in loaded_tables(served)
    save_manifest(make_manifest(things(name="invoices")), project / "manifest.json")
    reload_location(served, "mssql_starrocks")
    assert ("sales", "invoices") in loaded_tables(served)

    with pytest.raises(ReloadError, match="other"):
        reload_location(served, "other")


def test_behind_a_proxy_with_tls_and_a_path(served, certificate, environment):
    environment.setenv("REQUESTS_CA_BUNDLE", str(certificate.ca_file))
    with proxy(served, certificate) as server:
        assert server.url.startswith("https://")
        reload_location(f"{server.url}/", "mssql_starrocks")
        assert server.passed_with("reloadRepositoryLocation") == 1


def test_nobody_answers():
    with pytest.raises(ReloadError, match=r"did not reload .*refused") as caught:
        reload_location(f"127.0.0.1:{free_port()}", "mssql_starrocks")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost", "localhost:http", ":3000"])
def test_wrong_address(address):
    with pytest.raises(ConfigError, match="host:port"):
        reload_location(address, "mssql_starrocks")
