"""Where a webserver is: one reading of it for links, for reloads and for launches."""

import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.address import WebserverAddress


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("127.0.0.1:3000", "http://127.0.0.1:3000/runs/r1"),
        ("dagster_web-1.example:3000/", "http://dagster_web-1.example:3000/runs/r1"),
        ("dagster.example:3000/dagster", "http://dagster.example:3000/dagster/runs/r1"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/runs/r1"),
        ("https://dagster.example", "https://dagster.example/runs/r1"),
        ("HTTPS://dagster.example:8443/our/dagster/", "https://dagster.example:8443/our/dagster/runs/r1"),
        ("[::1]:3000", "http://[::1]:3000/runs/r1"),
        ("http://[::1]", "http://[::1]/runs/r1"),
    ],
)
def test_addresses(text, run):
    address = WebserverAddress.parse(text)
    assert address.run(run_id="r1") == run
    assert address.client(timeout=5)._url == run.replace("/runs/r1", "/graphql")


WRONG = ["", "localhost", "localhost:http", ":3000", "::1:3000", "host:0", "http://host:99999", "http://host:3000x",
         "http://[::1", "http://]:3000", "ftp://host:3000", "http://", "http://host:", "host:3000?run=1", "a host:3000",
         "host:3000/runs\n"]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_address(text):
    with pytest.raises(ConfigError, match="is not host:port or a URL such as https://dagster.example/path") as caught:
        WebserverAddress.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["https://me:canary@dagster.example", "https://host:99999/?token=canary"])
def test_secrets_in_it_are_not_told(text):
    with pytest.raises(ConfigError) as caught:
        WebserverAddress.parse(text)
    assert "canary" not in str(caught.value)
