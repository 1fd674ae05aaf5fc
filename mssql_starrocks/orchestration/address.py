"""Where a dagster-webserver answers, as people write it: `host:port`, or a URL where a proxy is before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mssql_starrocks.errors import ConfigError

if TYPE_CHECKING:
    from dagster_graphql import DagsterGraphQLClient

_ADDRESS = re.compile(
    r"((?P<scheme>https?)://)?(?P<host>\[[0-9a-f:.]+\]|[\w.-]+)(:(?P<port>[0-9]{1,5}))?(?P<path>/[^\s?#@]*)?",
    re.IGNORECASE,
)
_PORTS = range(1, 65536)


@dataclass(frozen=True)
class WebserverAddress:
    """As text its URL, without a slash at the end.

    Attributes:
        host: with brackets if it is one of IPv6.
        port: None for that of the scheme.
        path: empty, or with a slash at the beginning only.

    """

    scheme: str
    host: str
    port: int | None
    path: str

    @staticmethod
    def parse(text: str) -> WebserverAddress:
        """Read `host:port` or a URL; only a URL may be without port.

        Raises:
            ConfigError: it is neither.

        """
        found = _ADDRESS.fullmatch(text)
        scheme, port = (found["scheme"], found["port"]) if found else (None, None)
        if not found or not (scheme or port) or (port and int(port) not in _PORTS):
            raise ConfigError(
                f"webserver: {_without_secrets(text)} is not host:port or a URL such as https://dagster.example/path"
            )
        path = (found["path"] or "").rstrip("/")
        return WebserverAddress((scheme or "http").lower(), found["host"], int(port) if port else None, path)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"

    def run(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self}/runs/{run_id}"

    def client(self, timeout: int) -> DagsterGraphQLClient:
        """Opens no connection yet; takes one request at a time, for which it waits so many seconds."""
        from dagster_graphql import DagsterGraphQLClient

        https = self.scheme == "https"
        return DagsterGraphQLClient(self.host, self.port, use_https=https, timeout=timeout, path_prefix=self.path)


def _without_secrets(text: str) -> str:
    """Whoever wrote user and password or a token into it finds the place without them."""
    return " ".join(text.rpartition("@")[2].partition("?")[0].split())
